import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { CORE_SCHEMA, load } from "js-yaml";
import type { z } from "zod";
import { messageOf, type Problem } from "../../agent/core/errors.ts";
import { sha256Hex } from "../../agent/core/sha256.ts";
import { openPlaces } from "../engine/yaml-places.ts";
import { type Entry, MeaningFile } from "./schema.ts";

/** One entry that was read, with its place. */
export interface PlacedEntry {
  entry: Entry;
  /** `file:line:column`, for a problem. */
  where: string;
  /** `name of the file:line`, as a detection cites it. */
  cited: string;
}

/** The meanings of one file. */
export interface Meanings {
  file: string;
  /** SHA-256 of its text. */
  digest: string;
  entries: PlacedEntry[];
}

/** Reads a file of meanings; every fault is told with its line, and then nothing of the file counts. */
export function readMeanings(
  file: string,
): { meanings: Meanings; problems?: undefined } | { problems: Problem[]; meanings?: undefined } {
  let text: string;
  let value: unknown;
  try {
    text = readFileSync(file, "utf8");
  } catch (thrown) {
    const remedy = "check the path, or remove it from `meanings`";
    return { problems: [{ code: "meanings_unreadable", where: file, message: messageOf(thrown), remedy }] };
  }
  try {
    value = load(text, { schema: CORE_SCHEMA });
  } catch (thrown) {
    const [fault] = openPlaces(text, file).faults;
    const { where, message } = fault ?? { where: file, message: messageOf(thrown).split("\n", 1)[0] ?? "" };
    const remedy = "correct the line";
    return { problems: [{ code: "meanings_invalid", where, message: `not valid YAML: ${message}`, remedy }] };
  }
  const places = openPlaces(text, file);
  const read = MeaningFile.safeParse(value);
  if (!read.success) return { problems: faultsOf(read.error.issues, (path) => places.placeOf(0, path)) };
  const digest = sha256Hex(text);
  const entries = read.data.meanings.map((entry, at) => {
    const where = places.placeOf(0, ["meanings", at]);
    const line = /:(\d+):\d+$/.exec(where)?.[1] ?? "0";
    return { entry, where, cited: `${basename(file)}:${line}` };
  });
  return { meanings: { file, digest, entries } };
}

function faultsOf(
  issues: readonly z.core.$ZodIssue[],
  placeOf: (path: readonly PropertyKey[]) => string,
): Problem[] {
  return issues.flatMap((issue): Problem[] => {
    const problem = (path: readonly PropertyKey[], message: string, remedy: string): Problem => {
      return {
        code: "meanings_invalid",
        where: placeOf(path),
        message: `${path.join(".")}: ${message}`,
        remedy,
      };
    };
    if (issue.code === "unrecognized_keys")
      return issue.keys.map((key) => problem([...issue.path, key], "unknown key", "correct or remove it"));
    // Of "one or a list", the branch that looked into the members tells which of them is wrong.
    const inner =
      issue.code === "invalid_union" ? issue.errors.find((branch) => branch.some(deep)) : undefined;
    const [first] = inner ?? [];
    const path = first === undefined ? issue.path : [...issue.path, ...first.path];
    return [problem(path, first?.message ?? issue.message, "correct the entry")];
  });
}

const deep = (issue: z.core.$ZodIssue) => issue.path.length > 0 || issue.code === "invalid_value";
