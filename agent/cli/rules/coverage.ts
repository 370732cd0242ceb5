import { writeFileSync } from "node:fs";
import Table from "cli-table3";
import type { Command } from "commander";
import { type Coverage, coverageOf } from "../../../rules/inspect/coverage.ts";
import { loadRuleFolders, plainFolders } from "../../../rules/meanings/load-rule-folders.ts";
import { messageOf, problemSentence } from "../../core/errors.ts";
import { missingPath } from "../read-options.ts";
import { repeated } from "../repeated.ts";
import { navigatorLayer } from "./navigator-layer.ts";
import { talk } from "./talk.ts";

interface CoverageOptions {
  meanings: string[];
  json?: boolean;
  layer?: string;
}

/** Registers `rules coverage`. */
export function coverageCommand(rules: Command): void {
  rules
    .command("coverage")
    .description("say what rules look for: ATT&CK techniques, categories of cause, RSIT classes")
    .argument("<paths...>", "rule files and folders")
    .option("--meanings <file>", "what rules written elsewhere mean; may be repeated", repeated, [])
    .option("--layer <file>", "write a layer for the ATT&CK Navigator too")
    .option("--json", "print the result as JSON")
    .action((paths: string[], options: CoverageOptions) => {
      process.exitCode = tellCoverage(paths, options);
    });
}

function tellCoverage(paths: string[], { meanings, json, layer }: CoverageOptions): number {
  const loaded = loadRuleFolders(plainFolders(paths, meanings));
  const nowhere = missingPath([...paths, ...meanings], loaded.refused);
  if (nowhere !== undefined) {
    talk(`rules coverage: ${nowhere}`);
    return 2;
  }
  for (const problem of loaded.refused) talk(problemSentence(problem));
  const coverage = coverageOf([...loaded.rules, ...loaded.correlations].map(({ rule }) => rule));
  if (layer !== undefined) {
    try {
      writeFileSync(layer, `${JSON.stringify(navigatorLayer(coverage), null, 2)}\n`);
    } catch (thrown) {
      talk(`rules coverage: ${messageOf(thrown)}`);
      return 2;
    }
  }
  process.stdout.write(json === true ? `${JSON.stringify(coverage)}\n` : asText(coverage));
  return 0;
}

/** Rules named in a cell of a table; the others are counted. */
const NAMED = 3;

function asText({ rules, tactics, techniques, causes, rsit, without }: Coverage): string {
  const some = (names: readonly string[]) =>
    names.length <= NAMED
      ? names.join(", ")
      : `${names.slice(0, NAMED).join(", ")}, +${names.length - NAMED}`;
  const table = (head: string[], rows: (string | number)[][]) => {
    const made = new Table({ head, style: { head: [], border: [] } });
    made.push(...rows);
    return made.toString();
  };
  return [
    "ATT&CK, by tactic",
    table(
      ["tactic", "techniques", "rules"],
      tactics.map((each) => [each.tactic, each.techniques, each.rules]),
    ),
    "ATT&CK, by technique",
    table(
      ["technique", "tactics", "rules", "which"],
      techniques.map((each) => [
        each.technique,
        each.tactics.join(", "),
        each.rules.length,
        some(each.rules),
      ]),
    ),
    "Categories of cause (CERT Santé)",
    table(
      ["category", "label", "rules", "which"],
      causes.map((each) => [each.cause, each.label, each.rules.length, some(each.rules)]),
    ),
    "RSIT",
    table(
      ["class", "type", "rules", "which"],
      rsit.flatMap((each) =>
        each.types.length === 0
          ? [[each.class, "", each.rules, ""]]
          : each.types.map(({ type, rules }) => [each.class, type, rules.length, some(rules)]),
      ),
    ),
    `${rules} rules, ${techniques.length} techniques; ${without.technique} rules name no technique, ${without.meaning} have no meaning for an incident`,
    "",
  ].join("\n");
}
