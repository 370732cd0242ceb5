import { existsSync, readFileSync } from "node:fs";
import { isDeepStrictEqual } from "node:util";
import { z } from "zod";
import { messageOf, type Problem } from "../../agent/core/errors.ts";
import type { ParseContext, Parsed } from "../contract.ts";
import { CASES_ENDING } from "../names.ts";
import { issuesOf, readYaml } from "../shared/read-yaml.ts";
import type { Mapping } from "./compile.ts";
import { fieldReader } from "./field-reader.ts";

/** A record of the product, and what of its alert must be so: by name, null for what must be absent. */
const Case = z.strictObject({
  as: z.string().default("auto"),
  record: z.string().min(1),
  expected: z.record(z.string(), z.unknown()),
});
const Cases = z.array(Case).min(1);

/** One record put to a mapping. */
export interface MappingCaseResult {
  mapping: string;
  /** `file:line` of the case. */
  place: string;
  outcome: "passed" | "failed";
  because?: string | undefined;
}

/** Reads a record as one of the sources does; undefined when no source has that name. */
export type ReadCase = (as: string, record: string, context: ParseContext) => Parsed | undefined;

/** The same at every run; records that state no year are of the one before it, or of its beginning. */
export const CASE_CONTEXT: ParseContext = { received: Date.UTC(2026, 0, 1) * 1000, zone: "UTC" };

/** Puts the cases that lie beside the mappings to them. */
export function runMappingCases(
  mappings: readonly Mapping[],
  read: ReadCase,
): { results: MappingCaseResult[]; problems: Problem[] } {
  const results: MappingCaseResult[] = [];
  const problems: Problem[] = [];
  for (const mapping of mappings) {
    const file = mapping.file.replace(/\.ya?ml$/i, CASES_ENDING);
    if (!existsSync(file)) {
      const message = "the mapping has no cases";
      problems.push({ code: "cases_missing", where: mapping.file, message, remedy: `write ${file}` });
      continue;
    }
    const cases = readCases(file);
    problems.push(...cases.problems);
    for (const { place, given } of cases.found) {
      const because = faultOf(given, mapping, read(given.as, given.record, CASE_CONTEXT));
      results.push({
        mapping: mapping.name,
        place,
        outcome: because === undefined ? "passed" : "failed",
        because,
      });
    }
  }
  return { results, problems };
}

function faultOf(
  { as, expected }: z.infer<typeof Case>,
  mapping: Mapping,
  parsed: Parsed | undefined,
): string | undefined {
  if (parsed === undefined) return `no source is named ${as}`;
  const { alert } = parsed;
  if (alert === undefined) return `not read: ${parsed.error?.message}`;
  const wanted = { "event.dataset": mapping.name, ...expected };
  const faults = Object.entries(wanted).flatMap(([name, value]) => {
    const found = fieldReader(name)(alert);
    const same = value === null ? found === undefined : isDeepStrictEqual(found, value);
    return same ? [] : [`${name} is ${JSON.stringify(found) ?? "absent"}, not ${JSON.stringify(value)}`];
  });
  return faults.length === 0 ? undefined : faults.join("; ");
}

function readCases(file: string): {
  found: { place: string; given: z.infer<typeof Case> }[];
  problems: Problem[];
} {
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch (thrown) {
    return { found: [], problems: [{ code: "cases_unreadable", where: file, message: messageOf(thrown) }] };
  }
  const { read, problems } = readYaml(text, file, "cases_invalid");
  if (read === undefined) return { found: [], problems };
  const checked = Cases.safeParse(read.value);
  if (checked.success) {
    const found = checked.data.map((given, i) => ({ place: read.whereOf([i]).replace(/:\d+$/, ""), given }));
    return { found, problems: [] };
  }
  return {
    found: [],
    problems: issuesOf(checked.error.issues).map(({ path, message }) => ({
      code: "cases_invalid",
      where: read.whereOf(path),
      message: `${path.join(".") || "(file)"}: ${message}`,
      remedy: "write a list of { record, expected }",
    })),
  };
}
