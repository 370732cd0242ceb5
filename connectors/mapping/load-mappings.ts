import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { messageOf, type Problem } from "../../agent/core/errors.ts";
import { issuesOf, readYamlQuickly } from "../shared/read-yaml.ts";
import { compileMapping, type Mapping } from "./compile.ts";
import { nearestName } from "./nearest-name.ts";
import { MappingFile } from "./schema.ts";

/** Bytes of one mapping beyond which it is refused unread. */
const LARGEST = 1024 * 1024;

/** The cases of a mapping lie beside it under this ending; they are no mappings. */
export const CASES_ENDING = ".cases.yml";

/**
 * Loads the mappings of files and folders; all that is wrong with each is told, with its place.
 *
 * `formats` are the names that `over` may have. Of two of one name, the one given later is refused.
 */
export function loadMappings(
  paths: readonly string[],
  formats: readonly string[],
): { mappings: Mapping[]; problems: Problem[] } {
  const mappings: Mapping[] = [];
  const problems: Problem[] = [];
  for (const file of mappingFiles(paths, problems)) {
    const { mapping, problems: found } = loadMapping(file, formats);
    problems.push(...found);
    if (mapping === undefined) continue;
    const first = mappings.find((each) => each.name === mapping.name);
    if (first === undefined) mappings.push(mapping);
    else {
      const message = `another mapping is named ${mapping.name}: ${first.file}`;
      problems.push({ code: "mapping_repeated", where: file, message, remedy: "give it a name of its own" });
    }
  }
  return { mappings, problems };
}

function mappingFiles(paths: readonly string[], problems: Problem[]): string[] {
  const files = paths.flatMap((path) => {
    try {
      if (!statSync(path).isDirectory()) return [path];
      const names = readdirSync(path).filter(
        (name) => /\.ya?ml$/i.test(name) && !name.endsWith(CASES_ENDING),
      );
      return names.toSorted().map((name) => join(path, name));
    } catch (thrown) {
      problems.push({
        code: "file_unreadable",
        where: path,
        message: messageOf(thrown),
        remedy: "check the path",
      });
      return [];
    }
  });
  return [...new Set(files)];
}

function loadMapping(file: string, formats: readonly string[]): { mapping?: Mapping; problems: Problem[] } {
  let text: string;
  try {
    const { size } = statSync(file);
    if (size > LARGEST) throw new Error(`the file has ${size} bytes, more than ${LARGEST}`);
    text = readFileSync(file, "utf8");
  } catch (thrown) {
    return {
      problems: [
        { code: "file_unreadable", where: file, message: messageOf(thrown), remedy: "check the file" },
      ],
    };
  }
  return readMapping(text, file, formats);
}

/** Reads one mapping from the text of its file. */
export function readMapping(
  text: string,
  file: string,
  formats: readonly string[],
): { mapping?: Mapping; problems: Problem[] } {
  const { read, problems } = readYamlQuickly(text, file, "mapping_not_yaml");
  if (read === undefined) return { problems };
  const found: Problem[] = [];
  const refuse = (path: readonly PropertyKey[], code: string, message: string, remedy?: string) =>
    found.push({
      code,
      where: read.whereOf(path),
      message: `${path.join(".") || "(file)"}: ${message}`,
      remedy,
    });
  const checked = MappingFile.safeParse(read.value);
  if (!checked.success) {
    for (const { path, message } of issuesOf(checked.error.issues)) refuse(path, "mapping_invalid", message);
    return { problems: found };
  }
  for (const [i, format] of checked.data.over.entries()) {
    if (formats.includes(format)) continue;
    const near = nearestName(format, formats);
    const remedy = near === undefined ? `one of: ${formats.join(", ")}` : `did you mean ${near}?`;
    refuse(["over", i], "mapping_unknown_format", `no format is named ${format}`, remedy);
  }
  if (formats.includes(checked.data.mapping)) {
    refuse(
      ["mapping"],
      "mapping_repeated",
      `${checked.data.mapping} is a format`,
      "give it a name of its own",
    );
  }
  const mapping = compileMapping(checked.data, { file, whereOf: read.whereOf, refuse });
  return found.length === 0 ? { mapping, problems: [] } : { problems: found };
}
