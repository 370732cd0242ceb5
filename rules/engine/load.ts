import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { messageOf, type Problem } from "../../agent/core/errors.ts";
import { readRules } from "./read.ts";
import type { LoadedRule } from "./rule.ts";

/** Bytes of one rule file beyond which it is refused unread. */
const LARGEST = 4 * 1024 * 1024;

/** Cases of a rule lie beside it under this ending; they are not rules. */
export const CASES_ENDING = ".cases.yml";

/** Every rule file under the paths, in a stable order; folders whose name begins with a dot are left out. */
export function ruleFiles(paths: readonly string[]): { files: string[]; refused: Problem[] } {
  const files: string[] = [];
  const refused: Problem[] = [];
  for (const path of paths) {
    try {
      if (statSync(path).isDirectory()) files.push(...below(path));
      else files.push(path);
    } catch (thrown) {
      refused.push({
        code: "file_unreadable",
        where: path,
        message: messageOf(thrown),
        remedy: "check the path",
      });
    }
  }
  return { files: [...new Set(files)], refused };
}

function below(folder: string): string[] {
  const entries = readdirSync(folder, { withFileTypes: true });
  entries.sort((a, b) => (a.name < b.name ? -1 : 1));
  return entries.flatMap((entry) => {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) return entry.name.startsWith(".") ? [] : below(path);
    return /\.ya?ml$/i.test(entry.name) && !entry.name.endsWith(CASES_ENDING) ? [path] : [];
  });
}

/** Loads every rule of the files and folders; a bad one is refused alone, and so is a second rule of the same id. */
export function loadRules(paths: readonly string[]): { rules: LoadedRule[]; refused: Problem[] } {
  const { files, refused } = ruleFiles(paths);
  const rules: LoadedRule[] = [];
  const seen = new Map<string, string>();
  for (const file of files) {
    const read = readFile(file);
    refused.push(...read.refused);
    for (const rule of read.rules) {
      const first = seen.get(rule.rule.id);
      if (first === undefined || (first === file && rule.sharesId)) {
        seen.set(rule.rule.id, file);
        rules.push(rule);
        continue;
      }
      refused.push({
        code: "id_duplicate",
        where: file,
        message: `another rule has the id ${rule.rule.id}: ${first}`,
        remedy: "give it an id of its own, or remove one of the two",
      });
    }
  }
  return { rules, refused };
}

function readFile(file: string): { rules: LoadedRule[]; refused: Problem[] } {
  try {
    const { size } = statSync(file);
    if (size > LARGEST) {
      const message = `the file has ${size} bytes, more than ${LARGEST}`;
      return { rules: [], refused: [{ code: "file_too_large", where: file, message, remedy: "split it" }] };
    }
    return readRules(readFileSync(file, "utf8"), file);
  } catch (thrown) {
    const problem = {
      code: "file_unreadable",
      where: file,
      message: messageOf(thrown),
      remedy: "check the file",
    };
    return { rules: [], refused: [problem] };
  }
}
