import type { Command } from "commander";
import { openCatalogue } from "../../../connectors/registry.ts";
import { compileGate } from "../../../rules/engine/gate.ts";
import { measureCosts } from "../../../rules/engine/measure-cost.ts";
import { compileRules, type RuleSet, type RuleSetOptions } from "../../../rules/engine/rule-set.ts";
import { lintRules } from "../../../rules/inspect/lint-rules.ts";
import { loadRuleFolders, plainFolders, type RuleFolder } from "../../../rules/meanings/load-rule-folders.ts";
import { messageOf, type Problem, problemSentence } from "../../core/errors.ts";
import { missingPath } from "../read-options.ts";
import { repeated } from "../repeated.ts";
import { addPlaceholders, readPlaceholders } from "./placeholders-option.ts";
import { talk } from "./talk.ts";

/** All there is to say of rules before they run. */
export interface RuleCheck {
  /** Rules and correlations. */
  loaded: number;
  refused: Problem[];
  /** Read, but not run as they stand. */
  inactive: Problem[];
  warnings: Problem[];
  /** Entries of files of meanings that select nothing, or what another has taken. */
  advice: Problem[];
  /** Ids of rules without a literal that whatever they match must hold. */
  ungated: { id: string; file: string }[];
}

/** Registers `rules check`. */
export function checkCommand(rules: Command): void {
  const check = rules
    .command("check")
    .description(
      "read rules and say which are refused, and why; what they may not have meant; what they cost",
    )
    .argument("<paths...>", "rule files and folders");
  addPlaceholders(check)
    .option("--meanings <file>", "what rules written elsewhere mean; may be repeated", repeated, [])
    .option("--json", "print the result as JSON")
    .action((paths: string[], options: { json?: boolean; meanings: string[]; placeholders?: string }) => {
      let placeholders: Record<string, string[]>;
      try {
        placeholders = readPlaceholders(options.placeholders);
      } catch (thrown) {
        talk(`rules check: ${messageOf(thrown)}`);
        process.exitCode = 2;
        return;
      }
      const found = checkRuleFolders(plainFolders(paths, options.meanings), placeholders);
      const nowhere = missingPath([...paths, ...options.meanings], found.refused);
      if (nowhere !== undefined) {
        talk(`rules check: ${nowhere}`);
        process.exitCode = 2;
        return;
      }
      process.stdout.write(options.json === true ? `${JSON.stringify(asJson(found))}\n` : asText(found));
      process.exitCode = found.refused.length === 0 ? 0 : 1;
    });
}

/** Checks everything that folders of rules hold. */
export function checkRuleFolders(
  folders: readonly RuleFolder[],
  placeholders: RuleSetOptions["placeholders"] = {},
): RuleCheck {
  const { rules, correlations, refused, advice } = loadRuleFolders(folders);
  const set = compileRules(rules, { placeholders });
  const ungated = new Set(compileGate(set, openCatalogue([]).catalogue.claims()).ungated);
  return {
    loaded: rules.length + correlations.length,
    refused,
    inactive: [...set.inactive],
    warnings: [...lintRules(rules), ...dearRules(set)],
    advice,
    ungated: rules
      .filter(({ rule }) => ungated.has(rule.id))
      .map(({ rule, file }) => ({ id: rule.id, file })),
  };
}

/** CPU time of this thread, ms. */
function cpuTime(): number {
  const { user, system } = process.threadCpuUsage();
  return (user + system) / 1000;
}

/** Rules that take long on an event made to be hard for them, with what was measured. */
function dearRules(set: RuleSet): Problem[] {
  return measureCosts(set, { elapsed: () => performance.now(), cpu: cpuTime }).map(({ rule, ratio }) => ({
    code: "rule_expensive",
    where: rule.file,
    message: `"${rule.rule.title}" takes ${Math.round(ratio)} times as long on a hard event of 8 KiB values as reading it from JSON`,
    remedy: "ask for fewer texts, or for a rare one first; name the fields that keywords are looked for in",
  }));
}

function asJson({ loaded, refused, inactive, warnings, advice, ungated }: RuleCheck) {
  return {
    loaded,
    refused: refused.map(asRow),
    ungated: ungated.map(({ id }) => id),
    warnings: [...warnings, ...advice].map(asRow),
    inactive: inactive.map(asRow),
  };
}

function asRow(problem: Problem) {
  const [, file = null, line, column] = /^(.*?)(?::(\d+):(\d+))?$/s.exec(problem.where ?? "") ?? [];
  const number = (text: string | undefined) => (text === undefined ? null : Number(text));
  const message = problemSentence({ ...problem, where: undefined });
  return { file, line: number(line), column: number(column), code: problem.code, message };
}

function asText({ loaded, refused, inactive, warnings: found, advice, ungated }: RuleCheck): string {
  const warnings = [...found, ...advice];
  const group = (title: string, lines: string[]) =>
    lines.length === 0 ? [] : [`${title} (${lines.length})`, ...lines.map((line) => `  ${line}`), ""];
  const told = (problems: readonly Problem[]) =>
    problems.map((problem) => {
      const sentence = problemSentence({ ...problem, where: undefined });
      return `${problem.where ?? ""}  ${problem.code}\n    ${sentence}`;
    });
  const lines = [
    ...group("Refused: these do not run", told(refused)),
    ...group("Inactive: read, but not run as they stand", told(inactive)),
    ...group("Warnings: these run, perhaps not as meant", told(warnings)),
    ...group(
      "Ungated: no literal that every match must hold, so that all their sources send is parsed",
      ungated.map(({ id, file }) => `${file}  ${id}`),
    ),
  ];
  const counts = `${loaded} loaded, ${refused.length} refused, ${warnings.length} warnings, ${inactive.length} inactive, ${ungated.length} ungated`;
  return `${[...lines, counts].join("\n")}\n`;
}
