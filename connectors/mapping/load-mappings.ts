import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { blames, messageOf, type Problem } from "../../agent/core/errors.ts";
import { sha256Hex } from "../../agent/core/sha256.ts";
import { isMapping } from "../names.ts";
import { issuesOf, readYamlQuickly } from "../shared/read-yaml.ts";
import { compileMapping, type Mapping } from "./compile.ts";
import { nearestName } from "./nearest-name.ts";
import { MappingFile } from "./schema.ts";

/** Bytes of one mapping beyond which it is refused unread. */
const LARGEST = 1024 * 1024;

/** A mapping of a file. */
export interface LoadedMapping extends Mapping {
  /** SHA-256 of its text. */
  digest: string;
}

/**
 * Loads the mappings of files and folders; all that is wrong with each is told, with its place.
 *
 * `formats` are the names that `over` may have. Of two of one name, the one given later is refused. What is refused
 * stays as it was among those loaded `before`, if it was; what says the same is not read again. `texts` are those of files
 * that were opened before.
 */
export function loadMappings(
  paths: readonly string[],
  formats: readonly string[],
  {
    before = [],
    trusted = false,
    texts,
  }: {
    before?: readonly LoadedMapping[];
    trusted?: boolean;
    texts?: ReadonlyMap<string, string> | undefined;
  } = {},
): { mappings: LoadedMapping[]; problems: Problem[]; kept: string[] } {
  const mappings: LoadedMapping[] = [];
  const problems: Problem[] = [];
  for (const file of mappingFiles(paths, problems)) {
    const last = before.find((each) => each.file === file);
    const { mapping, problems: found } = loadMapping(file, {
      formats,
      last,
      trusted,
      opened: texts?.get(file),
    });
    problems.push(...found);
    const usable = mapping ?? last;
    if (usable === undefined) continue;
    const first = mappings.find((each) => each.name === usable.name);
    if (first === undefined) mappings.push(usable);
    else if (mapping !== undefined) {
      const message = `another mapping is named ${usable.name}: ${first.file}`;
      problems.push({ code: "mapping_repeated", where: file, message, remedy: "give it a name of its own" });
    }
  }
  // Those of a folder that cannot be read had no file to be found by.
  const isRefused = blames(problems);
  const gone = before.filter(
    ({ name, file }) => isRefused(file) && !mappings.some((each) => each.name === name),
  );
  mappings.push(...gone);
  const kept = mappings.filter((each) => before.includes(each) && isRefused(each.file));
  return { mappings, problems, kept: kept.map(({ name }) => name) };
}

function mappingFiles(paths: readonly string[], problems: Problem[]): string[] {
  const files = paths.flatMap((path) => {
    try {
      if (!statSync(path).isDirectory()) return [path];
      const names = readdirSync(path).filter(isMapping);
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

function loadMapping(
  file: string,
  {
    formats,
    last,
    trusted,
    opened,
  }: {
    formats: readonly string[];
    last: LoadedMapping | undefined;
    trusted: boolean;
    opened: string | undefined;
  },
): { mapping?: LoadedMapping; problems: Problem[] } {
  let text: string;
  try {
    text = opened ?? textOf(file);
  } catch (thrown) {
    return {
      problems: [
        { code: "file_unreadable", where: file, message: messageOf(thrown), remedy: "check the file" },
      ],
    };
  }
  const digest = sha256Hex(text);
  if (last?.digest === digest) return { mapping: last, problems: [] };
  const { mapping, problems } = readMapping(text, file, formats, trusted);
  return mapping === undefined ? { problems } : { mapping: { ...mapping, digest }, problems };
}

function textOf(file: string): string {
  const { size } = statSync(file);
  if (size > LARGEST) throw new Error(`the file has ${size} bytes, more than ${LARGEST}`);
  return readFileSync(file, "utf8");
}

/** Reads one mapping from the text of its file. */
export function readMapping(
  text: string,
  file: string,
  formats: readonly string[],
  trusted = false,
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
  const mapping = compileMapping(checked.data, { file, whereOf: read.whereOf, refuse }, trusted);
  return found.length === 0 ? { mapping, problems: [] } : { problems: found };
}
