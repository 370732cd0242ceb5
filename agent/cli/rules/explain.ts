import { existsSync } from "node:fs";
import { basename } from "node:path";
import Table from "cli-table3";
import type { Command } from "commander";
import type { LoadedRule, LogSource } from "../../../rules/engine/rule.ts";
import {
  type ExplainedGate,
  type ExplainedItem,
  type ExplainedRule,
  explainGate,
  explainRule,
} from "../../../rules/inspect/explain-rule.ts";
import { loadRuleFolders, plainFolders } from "../../../rules/meanings/load-rule-folders.ts";
import { problemSentence } from "../../core/errors.ts";
import { DEFAULT_RULES } from "../../setup.ts";
import { parseText, type TextRecord } from "../../stages/ingest.ts";
import { openOutput } from "../output.ts";
import {
  addReadOptions,
  catalogueFor,
  contextOf,
  type ReadOptions,
  readOptionsError,
  rulesPathError,
  untriedSentence,
} from "../read-options.ts";
import { readRecords } from "../records.ts";
import { repeated } from "../repeated.ts";
import { addPlaceholders, readPlaceholders } from "./placeholders-option.ts";
import { talk } from "./talk.ts";

interface ExplainOptions extends ReadOptions {
  rules: string[];
  anyLogsource?: boolean;
  placeholders?: string;
  json?: boolean;
}

/** What became of one record. */
type Explanation =
  | (ExplainedRule & { gate: ExplainedGate; error?: undefined })
  | { error: { code: string; message: string } };

/** Registers `rules explain`. */
export function explainCommand(rules: Command): void {
  const command = rules
    .command("explain")
    .description(
      "say why a rule matches a record or does not: selections, fields, values, and what opened the gate",
    )
    .argument("<rule>", "a rule by its id, name, title or file")
    .argument("<record>", "the record, or - to read records from standard input")
    .option(
      "--rules <path>",
      "where the rule is; may be repeated (Default: the rules that come with the program)",
      repeated,
      [],
    )
    .option("--any-logsource", "put the record to the rule whatever its log source")
    .option("--json", "print an object a record");
  addReadOptions(addPlaceholders(command), undefined).action(
    async (rule: string, record: string, options: ExplainOptions) => {
      try {
        process.exitCode = await explain(rule, record, options);
      } catch (thrown) {
        process.exitCode = usage(untriedSentence(thrown));
      }
    },
  );
}

async function explain(wanted: string, record: string, options: ExplainOptions): Promise<number> {
  const wrong = readOptionsError(options);
  if (wrong !== undefined) return usage(wrong);
  const found = findRule(wanted, options.rules);
  if (typeof found === "string") return usage(found);
  const source = catalogueFor(options).named(options.as ?? "auto") ?? "auto";
  const context = contextOf(options);
  const { anyLogsource } = options;
  const placeholders = readPlaceholders(options.placeholders);
  const output = openOutput(process.stdout);
  const tell = (one: TextRecord) => {
    const { alert, error } = parseText(source, one, context);
    const explained: Explanation =
      alert === undefined
        ? { error: error ?? { code: "not_read", message: "the record could not be read" } }
        : {
            ...explainRule(found, alert, { anyLogsource, placeholders }),
            gate: explainGate(found, one.text),
          };
    return output.line(options.json === true ? JSON.stringify(explained) : asText(explained));
  };
  try {
    if (record !== "-") await tell({ text: record });
    else for await (const one of readRecords([], { input: options.input })) await tell(one);
  } finally {
    await output.end();
  }
  return 0;
}

/** The rule that is meant, or why there is none, in one sentence. */
function findRule(wanted: string, paths: readonly string[]): LoadedRule | string {
  const from = paths.length > 0 ? paths : existsSync(wanted) ? [wanted] : [DEFAULT_RULES];
  const { rules, correlations, refused } = loadRuleFolders(plainFolders(from));
  const nowhere = rulesPathError(from, refused);
  if (nowhere !== undefined) return nowhere;
  const isMeant = ({ rule, file }: Pick<LoadedRule, "rule" | "file">) =>
    [rule.id, rule.name, rule.title, file, basename(file)].includes(wanted);
  const [rule, another] = rules.filter(isMeant);
  if (rule !== undefined && another !== undefined)
    return `${wanted}: several rules are called so; give the id`;
  if (rule !== undefined) return rule;
  const correlation = correlations.find(isMeant);
  if (correlation !== undefined)
    return `${wanted} correlates ${correlation.rules.join(", ")}: one record tells nothing of it, explain those`;
  const refusal = refused.find(({ where }) => where?.startsWith(wanted));
  return refusal === undefined
    ? `${wanted}: no rule has this id, name, title or file in ${from.join(", ")}`
    : problemSentence(refusal);
}

/** Characters of a cell. */
const SHOWN = 60;
/** Values asked that are shown of one item. */
const ASKED = 3;

function asText(explained: Explanation): string {
  if (explained.error !== undefined) return `not read: ${explained.error.code}: ${explained.error.message}`;
  const { rule, title, matches, logsource, condition, selections, gate, inactive } = explained;
  const table = new Table({
    head: ["selection", "field", "asked", "value", "because"],
    style: { head: [], border: [] },
    // A line a row: rules of fifty are read at a glance.
    chars: { mid: "", "left-mid": "", "mid-mid": "", "right-mid": "" },
  });
  for (const { name, holds, alternatives } of selections) {
    for (const [at, items] of alternatives.entries()) {
      for (const [i, item] of items.entries()) {
        const head = at + i === 0 ? `${name}: ${holds ? "holds" : "does not hold"}` : i === 0 ? "or" : "and";
        table.push([head, item.field ?? "(any text)", askedOf(item), shownValue(item), becauseOf(item)]);
      }
    }
  }
  const needed = gate.literals.map(({ of, opened, needed }) =>
    opened === null ? `${of}: none of ${needed.length} literals` : `${of}: "${opened}"`,
  );
  return [
    `${matches ? "MATCH" : "NO MATCH"}  ${title} (${rule})`,
    ...(inactive === null ? [] : [`inactive    ${inactive}`]),
    `log source  ${logsource.holds ? "yes" : "no"}: asks ${spellSource(logsource.asked)}; the record is of ${logsource.found.map(spellSource).join(", ") || "none"}`,
    `gate        ${gate.passed ? "opened" : "closed"}: ${needed.join("; ") || gate.because}`,
    `condition   ${condition.holds ? "holds" : "does not hold"}: ${condition.text}`,
    ...condition.failed.map((part) => `            ${part}`),
    table.toString(),
  ].join("\n");
}

function shownValue({ field, value }: ExplainedItem): string {
  return clip(value ?? (field === null ? "" : "(absent)"));
}

function becauseOf({ because, unmet, holds }: ExplainedItem): string {
  return holds || unmet.length === 0 ? because : clip(`${because}: lacks ${unmet.join(", ")}`);
}

function askedOf({ asked, link, negated, met }: ExplainedItem): string {
  const first = met === null ? asked : [...asked.filter((one) => one.includes(met)), ...asked];
  const shown = [...new Set(first)].slice(0, ASKED);
  const more = asked.length > shown.length ? `, +${asked.length - shown.length}` : "";
  const linked = asked.length > 1 ? (link === "all" ? "all of " : "one of ") : "";
  return clip(`${negated ? "not " : ""}${linked}${shown.join(", ")}${more}`);
}

const clip = (text: string) => (text.length > SHOWN ? `${text.slice(0, SHOWN - 1)}…` : text);

const spellSource = (source: LogSource) =>
  ["product", "category", "service"].flatMap((part) => source[part as keyof LogSource] ?? []).join("/");

function usage(message: string): number {
  talk(`rules explain: ${message}`);
  return 2;
}
