import { existsSync, readFileSync } from "node:fs";
import { load } from "js-yaml";
import { z } from "zod";
import type { Alert } from "../../agent/core/alert.ts";
import { messageOf, type Problem } from "../../agent/core/errors.ts";
import { CASES_ENDING } from "./load.ts";
import type { LoadedRule } from "./rule.ts";
import { matchAlert, type RuleSet } from "./rule-set.ts";

const Case = z.strictObject({ as: z.string(), record: z.string(), why: z.string().optional() });

/** What lies beside a rule: records it must match and records it must not. */
const Cases = z.strictObject({ must_match: z.array(Case), must_not_match: z.array(Case) });

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

/** Puts the cases that lie beside the rules to the rules. */
export function runCases(
  set: RuleSet,
  loaded: readonly LoadedRule[],
  read: ReadCase,
): { results: CaseResult[]; problems: Problem[] } {
  const results: CaseResult[] = [];
  const problems: Problem[] = [];
  for (const { rule, file } of loaded) {
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
    const cases = readCases(beside);
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

function readCases(file: string): z.infer<typeof Cases> | Problem {
  try {
    return Cases.parse(load(readFileSync(file, "utf8")));
  } catch (thrown) {
    const message = thrown instanceof z.ZodError ? z.prettifyError(thrown) : messageOf(thrown);
    return {
      code: "cases_invalid",
      where: file,
      message,
      remedy: "write must_match and must_not_match: lists of {as, record}",
    };
  }
}
