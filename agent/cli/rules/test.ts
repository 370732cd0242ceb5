import { writeFileSync } from "node:fs";
import Table from "cli-table3";
import type { Command } from "commander";
import type { ParseContext } from "../../../connectors/contract.ts";
import { runCases } from "../../../rules/engine/cases.ts";
import { loadRules } from "../../../rules/engine/load.ts";
import { compileRules } from "../../../rules/engine/rule-set.ts";
import { systemClock } from "../../core/clock.ts";
import { messageOf, problemSentence } from "../../core/errors.ts";
import { parseText } from "../../stages/ingest.ts";
import { junitReport } from "./junit.ts";
import { talk } from "./talk.ts";

/** Registers `rules test`. */
export function testCommand(rules: Command): void {
  rules
    .command("test")
    .description("put the cases that lie beside the rules to the rules")
    .argument("<paths...>", "rule files and folders")
    .option("--junit <file>", "write the results as a JUnit report too")
    .action((paths: string[], options: { junit?: string }) => {
      process.exitCode = testRules(paths, options.junit);
    });
}

function testRules(paths: string[], junit: string | undefined): number {
  const { rules, correlations, refused } = loadRules(paths);
  const set = compileRules(rules);
  const context: ParseContext = { received: systemClock.now(), zone: "UTC" };
  const { results, problems } = runCases(
    set,
    rules,
    (as, record) => parseText(as, record, context),
    correlations,
  );
  const table = new Table({
    head: ["rule", "source", "expected", "outcome", "because"],
    style: { head: [], border: [] },
  });
  for (const result of results) {
    table.push([result.rule, result.as, result.expected, result.outcome, result.because ?? ""]);
  }
  process.stdout.write(`${table.toString()}\n`);
  for (const problem of [...refused, ...set.inactive, ...problems]) talk(problemSentence(problem));
  if (junit !== undefined) {
    try {
      writeFileSync(junit, junitReport(results, [...refused, ...problems]));
    } catch (thrown) {
      talk(`rules test: ${messageOf(thrown)}`);
      return 2;
    }
  }
  const failed = results.filter((result) => result.outcome === "failed").length;
  talk(`${results.length} cases, ${failed} failed, ${problems.length + refused.length} problems`);
  return failed + problems.length + refused.length === 0 ? 0 : 1;
}
