import Table from "cli-table3";
import type { Command } from "commander";
import type { Inbound, ParseContext } from "../../connectors/contract.ts";
import { runCases } from "../../rules/engine/cases.ts";
import { requiredLiterals } from "../../rules/engine/literals.ts";
import { loadRules } from "../../rules/engine/load.ts";
import { compileRules, matchAlert, matchEvent, type RuleSet } from "../../rules/engine/rule-set.ts";
import { flattenWindowsEvent } from "../../rules/engine/windows-event.ts";
import { Alert } from "../core/alert.ts";
import { systemClock } from "../core/clock.ts";
import { messageOf, type Problem, problemSentence } from "../core/errors.ts";
import { parseText, type TextRecord } from "../stages/ingest.ts";
import { openOutput } from "./output.ts";
import {
  addReadOptions,
  catalogueFor,
  contextOf,
  type ReadOptions,
  readOptionsError,
  rulesPathError,
  untriedSentence,
} from "./read-options.ts";
import { readRecords } from "./records.ts";

interface MatchOptions extends ReadOptions {
  rules: string[];
  anyLogsource?: boolean | undefined;
}

interface Found {
  detections: { rule: string; title: string }[];
  error?: { code: string; message: string };
}

/** Registers `rules match`, `rules check` and `rules test`. */
export function rulesCommand(program: Command): void {
  const rules = program.command("rules").description("try, check and test detection rules");
  const match = rules
    .command("match")
    .description("say which rules each record satisfies, one JSON line a record")
    .argument("[files...]", "files of records (Default: standard input)")
    .requiredOption(
      "--rules <path>",
      "a rule file or folder; may be repeated",
      (path: string, all?: string[]) => [...(all ?? []), path],
    )
    .option("--any-logsource", "run every rule, whatever its log source, on the event's own field names");
  addReadOptions(match, "each is a JSON event").action(async (files: string[], options: MatchOptions) => {
    try {
      process.exitCode = await matchRecords(files, options);
    } catch (thrown) {
      process.exitCode = usage(untriedSentence(thrown));
    }
  });
  rules
    .command("check")
    .description("read rules and say which are refused, and why")
    .argument("<paths...>", "rule files and folders")
    .option("--json", "print the result as JSON")
    .action((paths: string[], options: { json?: boolean }) => {
      process.exitCode = checkRules(paths, options.json === true);
    });
  rules
    .command("test")
    .description("put the cases that lie beside the rules to the rules")
    .argument("<paths...>", "rule files and folders")
    .action((paths: string[]) => {
      process.exitCode = testRules(paths);
    });
}

async function matchRecords(files: string[], options: MatchOptions): Promise<number> {
  const wrong = readOptionsError(options);
  if (wrong !== undefined) return usage(wrong);
  const { rules, refused } = loadRules(options.rules);
  // A path that leads nowhere is a mistake of the command line; a rule refused is a finding.
  const nowhere = rulesPathError(options.rules, refused);
  if (nowhere !== undefined) return usage(nowhere);
  for (const problem of refused) talk(problemSentence(problem));
  if (rules.length === 0 && refused.every((problem) => problem.code === "file_unreadable")) {
    return usage(`there is no rule in ${options.rules.join(", ")}`);
  }
  const set = compileRules(rules, {
    anyLogsource: options.anyLogsource,
    onFault: (rule, fault) => talk(`${rule.id}: the rule failed and is run no more: ${messageOf(fault)}`),
  });
  for (const problem of set.inactive) talk(problemSentence(problem));
  const context = contextOf(options);
  const source = catalogueFor(options).named(options.as ?? "generic") ?? "generic";
  const output = openOutput(process.stdout);
  try {
    for await (const record of readRecords(files, { input: options.input })) {
      const found =
        options.as === undefined
          ? matchJson(set, record, { source, context })
          : matchAs(set, record, { source, context });
      const full = output.line(JSON.stringify({ line: record.line, ...found }));
      if (full !== undefined) await full;
      if (output.closed()) break;
    }
  } finally {
    await output.end();
  }
  // A rule refused alone does not spoil the others; when none is left, that is a finding.
  return rules.length === 0 ? 1 : 0;
}

interface Reading {
  source: Inbound | string;
  context: ParseContext;
}

function matchAs(set: RuleSet, record: TextRecord, { source, context }: Reading): Found {
  const parsed = parseText(source, record, context);
  const detections = parsed.alert === undefined ? [] : named(matchAlert(set, parsed.alert));
  if (parsed.error === undefined) return { detections };
  return { detections, error: { code: parsed.error.code, message: parsed.error.message } };
}

/** A record without `--as` is a JSON event: an alert already, or anything else under its own names. */
function matchJson(set: RuleSet, record: TextRecord, reading: Reading): Found {
  if (record.error !== undefined) return { detections: [], error: record.error };
  let event: unknown;
  try {
    event = JSON.parse(record.text);
  } catch (thrown) {
    return { detections: [], error: { code: "not_json", message: messageOf(thrown) } };
  }
  if (event === null || typeof event !== "object" || Array.isArray(event)) {
    return {
      detections: [],
      error: { code: "not_an_event", message: "the record is JSON but not an object" },
    };
  }
  const alert = asAlert(event);
  if (alert !== undefined) return { detections: named(matchAlert(set, alert)) };
  if (set.options.anyLogsource !== true) return matchAs(set, record, reading);
  return { detections: named(matchEvent(set, flattenWindowsEvent(event as Record<string, unknown>))) };
}

/** The event as an alert, when a Tocsin parser wrote it: `event.module` and our flat `fields` tell. */
function asAlert(event: object): Alert | undefined {
  if (!("fields" in event) || !("event" in event)) return undefined;
  const read = Alert.safeParse(event);
  return read.success && read.data.event?.module !== undefined ? read.data : undefined;
}

const named = (matches: ReturnType<typeof matchAlert>) =>
  matches.map(({ rule }) => ({ rule: rule.id, title: rule.title }));

function checkRules(paths: string[], json: boolean): number {
  const { rules, refused } = loadRules(paths);
  const { inactive } = compileRules(rules);
  const ungated = rules.filter((rule) => requiredLiterals(rule) === null).map((rule) => rule.rule.id);
  if (json) {
    const report = {
      loaded: rules.length,
      refused: refused.map(asRow),
      ungated,
      inactive: inactive.map(asRow),
    };
    process.stdout.write(`${JSON.stringify(report)}\n`);
  } else {
    for (const problem of [...refused, ...inactive])
      process.stdout.write(`${problem.code}: ${problemSentence(problem)}\n`);
    const counts = `${rules.length} loaded, ${refused.length} refused, ${inactive.length} inactive, ${ungated.length} ungated`;
    process.stdout.write(`${counts}\n`);
  }
  return refused.length === 0 ? 0 : 1;
}

function asRow(problem: Problem): {
  file: string | null;
  line: number | null;
  code: string;
  message: string;
} {
  const place = /^(.*?)(?::(\d+):\d+)?$/s.exec(problem.where ?? "");
  const message = problemSentence({ ...problem, where: undefined });
  const line = place?.[2] === undefined ? null : Number(place[2]);
  return { file: place?.[1] ?? null, line, code: problem.code, message };
}

function testRules(paths: string[]): number {
  const { rules, refused } = loadRules(paths);
  const set = compileRules(rules);
  const context: ParseContext = { received: systemClock.now(), zone: "UTC" };
  const { results, problems } = runCases(set, rules, (as, record) => parseText(as, record, context));
  const table = new Table({
    head: ["rule", "source", "expected", "outcome", "because"],
    style: { head: [], border: [] },
  });
  for (const result of results) {
    table.push([result.rule, result.as, result.expected, result.outcome, result.because ?? ""]);
  }
  process.stdout.write(`${table.toString()}\n`);
  for (const problem of [...refused, ...set.inactive, ...problems]) talk(problemSentence(problem));
  const failed = results.filter((result) => result.outcome === "failed").length;
  talk(`${results.length} cases, ${failed} failed, ${problems.length + refused.length} problems`);
  return failed + problems.length + refused.length === 0 ? 0 : 1;
}

function usage(message: string): number {
  talk(`rules match: ${message}`);
  return 2;
}

function talk(message: string): void {
  process.stderr.write(`${message}\n`);
}
