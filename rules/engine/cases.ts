import { existsSync, readFileSync } from "node:fs";
import { load } from "js-yaml";
import { z } from "zod";
import type { Alert } from "../../agent/core/alert.ts";
import { messageOf, type Problem } from "../../agent/core/errors.ts";
import type { LoadedCorrelation } from "./correlation/correlation.ts";
import { playSeries, Series } from "./correlation/correlation-cases.ts";
import { CASES_ENDING } from "./load.ts";
import type { LoadedRule } from "./rule.ts";
import { matchAlert, type RuleSet } from "./rule-set.ts";

const Case = z.strictObject({ as: z.string(), record: z.string(), why: z.string().optional() });

/** What lies beside a rule: records it must match and records it must not. */
const Cases = z.strictObject({ must_match: z.array(Case), must_not_match: z.array(Case) });

/** What lies beside a correlation, and stands for the rules of its file that only count for it. */
const SeriesCases = z.strictObject({ must_match: z.array(Series), must_not_match: z.array(Series) });

/** One record put to a rule. */
export interface CaseResult {
  rule: string;
  file: string;
  expected: "match" | "no match";
  as: string;
  record: string;
  outcome: "passed" | "failed";
  because?: string | undefined;
}

/** Reads a record as one of the inbound connectors does; given from outside: rules know no connector. */
export type ReadCase = (
  as: string,
  record: string,
) => { alert?: Alert | undefined; error?: { message: string } | undefined };

/** Puts the cases that lie beside the rules to the rules, and series of records to the correlations. */
export function runCases(
  set: RuleSet,
  loaded: readonly LoadedRule[],
  read: ReadCase,
  correlations: readonly LoadedCorrelation[] = [],
): { results: CaseResult[]; problems: Problem[] } {
  const results: CaseResult[] = [];
  const problems: Problem[] = [];
  const files = new Set(correlations.map(({ file }) => file));
  for (const { rule, file } of loaded) {
    if (files.has(file) && rule.role === "part") continue;
    const beside = file.replace(/\.ya?ml$/i, CASES_ENDING);
    if (!existsSync(beside)) {
      problems.push({
        code: "cases_missing",
        where: file,
        message: "the rule has no cases",
        remedy: `write ${beside}`,
      });
      continue;
    }
    const cases = readCases(beside, Cases);
    if ("code" in cases) {
      problems.push(cases);
      continue;
    }
    for (const [expected, list] of [
      ["match", cases.must_match],
      ["no match", cases.must_not_match],
    ] as const) {
      if (list.length === 0) {
        const message = `no record that must ${expected === "match" ? "" : "not "}match`;
        problems.push({ code: "cases_missing", where: beside, message, remedy: "add one" });
      }
      for (const { as, record } of list) {
        const because = check(set, rule.id, expected, read(as, record));
        const outcome = because === undefined ? "passed" : "failed";
        results.push({ rule: rule.name ?? rule.id, file: beside, expected, as, record, outcome, because });
      }
    }
  }
  for (const { rule, file, alone } of correlations) {
    // What only counts for another is tried by the cases of that one.
    if (!alone) continue;
    const found = runSeries({ set, correlations, read }, { rule, file });
    results.push(...found.results);
    problems.push(...found.problems);
  }
  return { results, problems };
}

function runSeries(
  parts: Parameters<typeof playSeries>[0],
  { rule, file }: Pick<LoadedCorrelation, "rule" | "file">,
): { results: CaseResult[]; problems: Problem[] } {
  const beside = file.replace(/\.ya?ml$/i, CASES_ENDING);
  const missing = (where: string, message: string, remedy: string): Problem => ({
    code: "cases_missing",
    where,
    message,
    remedy,
  });
  if (!existsSync(beside))
    return { results: [], problems: [missing(file, "the correlation has no cases", `write ${beside}`)] };
  const cases = readCases(beside, SeriesCases);
  if ("code" in cases) return { results: [], problems: [cases] };
  const results: CaseResult[] = [];
  const problems: Problem[] = [];
  for (const [expected, list] of [
    ["match", cases.must_match],
    ["no match", cases.must_not_match],
  ] as const) {
    if (list.length === 0)
      problems.push(
        missing(beside, `no series that must ${expected === "match" ? "" : "not "}match`, "add one"),
      );
    for (const series of list) {
      const played = playSeries(parts, series, rule.id);
      const wrong = "unread" in played || played.fired !== (expected === "match");
      results.push({
        rule: rule.name ?? rule.id,
        file: beside,
        expected,
        as: series.records[0]?.as ?? "",
        record: series.records.map((one) => one.record).join("\n"),
        outcome: wrong ? "failed" : "passed",
        because: !wrong
          ? undefined
          : "unread" in played
            ? `not read: ${played.unread}`
            : `${series.why ?? "series"}: it ${played.fired ? "fired" : "did not fire"}`,
      });
    }
  }
  return { results, problems };
}

function check(
  set: RuleSet,
  id: string,
  expected: CaseResult["expected"],
  read: ReturnType<ReadCase>,
): string | undefined {
  if (read.alert === undefined) return `not read: ${read.error?.message ?? "no alert"}`;
  const matched = matchAlert(set, read.alert).map((match) => match.rule);
  const did = matched.some((rule) => rule.id === id);
  if (did === (expected === "match")) return undefined;
  const others = matched.map((rule) => rule.name ?? rule.id).join(", ");
  return did ? "it matched" : `it did not match${others === "" ? "" : `; matched: ${others}`}`;
}

function readCases<T>(file: string, shape: z.ZodType<T>): T | Problem {
  try {
    return shape.parse(load(readFileSync(file, "utf8")));
  } catch (thrown) {
    const message = thrown instanceof z.ZodError ? z.prettifyError(thrown) : messageOf(thrown);
    return {
      code: "cases_invalid",
      where: file,
      message,
      remedy: "write must_match and must_not_match: lists of {as, record}, or of {records} for a correlation",
    };
  }
}
