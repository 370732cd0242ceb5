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
import { missingPath } from "../read-options.ts";
import { junitReport } from "./junit.ts";
import { addPlaceholders, readPlaceholders } from "./placeholders-option.ts";
import { talk } from "./talk.ts";

/** Registers `rules test`. */
export function testCommand(rules: Command): void {
  const test = rules
    .command("test")
    .description("put the cases that lie beside the rules to the rules")
    .argument("<paths...>", "rule files and folders")
    .option("--junit <file>", "write the results as a JUnit report too");
  addPlaceholders(test).action((paths: string[], options: TestOptions) => {
    try {
      process.exitCode = testRules(paths, options);
    } catch (thrown) {
      talk(`rules test: ${messageOf(thrown)}`);
      process.exitCode = 2;
    }
  });
}

interface TestOptions {
  junit?: string;
  placeholders?: string;
}

function testRules(paths: string[], options: TestOptions): number {
  const placeholders = readPlaceholders(options.placeholders);
  const { rules, correlations, refused } = loadRules(paths);
  const nowhere = missingPath(paths, refused);
  if (nowhere !== undefined) {
    talk(`rules test: ${nowhere}`);
    return 2;
  }
  const set = compileRules(rules, { placeholders });
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
  if (options.junit !== undefined)
    writeFileSync(options.junit, junitReport(results, [...refused, ...problems]));
  const failed = results.filter((result) => result.outcome === "failed").length;
  talk(`${results.length} cases, ${failed} failed, ${problems.length + refused.length} problems`);
  return failed + problems.length + refused.length === 0 ? 0 : 1;
}
