import type { Command } from "commander";
import type { Inbound, ParseContext } from "../../../connectors/contract.ts";
import { windows } from "../../../connectors/inbound/windows/index.ts";
import type { JsonObject } from "../../../connectors/shared/json.ts";
import { clothingOf } from "../../../connectors/shared/windows/read-event-json.ts";
import { loadRules } from "../../../rules/engine/load.ts";
import {
  compileRules,
  type Match,
  matchAlert,
  matchEvent,
  type RuleSet,
} from "../../../rules/engine/rule-set.ts";
import { flattenWindowsEvent } from "../../../rules/engine/windows-event.ts";
import { Alert } from "../../core/alert.ts";
import { standsAlone } from "../../core/detection.ts";
import { messageOf, problemSentence } from "../../core/errors.ts";
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
import { correlateRecords, type Recorded } from "./correlate-records.ts";
import { addPlaceholders, readPlaceholders } from "./placeholders-option.ts";
import { talk } from "./talk.ts";

interface MatchOptions extends ReadOptions {
  rules: string[];
  anyLogsource?: boolean | undefined;
  placeholders?: string | undefined;
}

interface Found {
  record?: Recorded;
  error?: { code: string; message: string };
}

/** What is said of one record. */
interface Said {
  line: number;
  detections: { rule: string; title: string }[];
  error?: { code: string; message: string } | undefined;
}

/** Registers `rules match`. */
export function matchCommand(rules: Command): void {
  const match = rules
    .command("match")
    .description("say which rules each record satisfies, one JSON line a record")
    .argument("[files...]", "files of records (Default: standard input)")
    .requiredOption("--rules <path>", "a rule file or folder; may be repeated", repeated)
    .option("--any-logsource", "run every rule, whatever its log source, on the event's own field names");
  addReadOptions(addPlaceholders(match), "each is a JSON event").action(
    async (files: string[], options: MatchOptions) => {
      try {
        process.exitCode = await matchRecords(files, options);
      } catch (thrown) {
        process.exitCode = usage(untriedSentence(thrown));
      }
    },
  );
}

async function matchRecords(files: string[], options: MatchOptions): Promise<number> {
  const wrong = readOptionsError(options);
  if (wrong !== undefined) return usage(wrong);
  const { rules, correlations, refused } = loadRules(options.rules);
  // A path that leads nowhere is a mistake of the command line; a rule refused is a finding.
  const nowhere = rulesPathError(options.rules, refused);
  if (nowhere !== undefined) return usage(nowhere);
  for (const problem of refused) talk(problemSentence(problem));
  if (
    rules.length + correlations.length === 0 &&
    refused.every((problem) => problem.code === "file_unreadable")
  ) {
    return usage(`there is no rule in ${options.rules.join(", ")}`);
  }
  const set = compileRules(rules, {
    anyLogsource: options.anyLogsource,
    placeholders: readPlaceholders(options.placeholders),
    onFault: (rule, fault) => talk(`${rule.id}: the rule failed and is run no more: ${messageOf(fault)}`),
  });
  for (const problem of set.inactive) talk(problemSentence(problem));
  const context = contextOf(options);
  const source = catalogueFor(options).named(options.as ?? "generic") ?? "generic";
  const output = openOutput(process.stdout);
  const correlator = correlateRecords(correlations, context);
  /** Said once the next record is there: the last one also tells what holds since nothing more comes. */
  let held: Said | undefined;
  const say = (said: Said | undefined) =>
    said === undefined ? undefined : output.line(JSON.stringify(said));
  try {
    for await (const record of readRecords(files, { input: options.input })) {
      const found =
        options.as === undefined
          ? matchJson(set, record, { source, context })
          : matchAs(set, record, { source, context });
      const alone = (found.record?.matches ?? []).filter(({ rule }) => standsAlone(rule));
      const fired = correlator.take(record.line, found.record).map((one) => one.correlation);
      const full = say(held);
      held = { line: record.line, detections: named([...alone, ...fired]), error: found.error };
      if (full !== undefined) await full;
      if (output.closed()) break;
    }
    held?.detections.push(...named(correlator.finish().map((one) => one.correlation)));
  } finally {
    await say(held);
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
  const { alert, error } = parseText(source, record, context);
  return {
    ...(alert === undefined ? {} : { record: ofAlert(set, alert) }),
    ...(error === undefined ? {} : { error: { code: error.code, message: error.message } }),
  };
}

const ofAlert = (set: RuleSet, alert: Alert): Recorded => ({
  kind: "alert",
  event: alert,
  matches: matchAlert(set, alert),
});

/** A record without `--as` is a JSON event: an alert already, or anything else under its own names. */
function matchJson(set: RuleSet, record: TextRecord, reading: Reading): Found {
  if (record.error !== undefined) return { error: record.error };
  let event: unknown;
  try {
    event = JSON.parse(record.text);
  } catch (thrown) {
    return { error: { code: "not_json", message: messageOf(thrown) } };
  }
  if (event === null || typeof event !== "object" || Array.isArray(event))
    return { error: { code: "not_an_event", message: "the record is JSON but not an object" } };
  const alert = asAlert(event);
  if (alert !== undefined) return { record: ofAlert(set, alert) };
  if (set.options.anyLogsource !== true) return matchAs(set, record, reading);
  // What a collector names otherwise has Windows' names too; the event's own values stand, whole.
  const isWindows = clothingOf(event as JsonObject) !== undefined;
  const known = isWindows ? parseText(windows, record, reading.context).alert?.fields : undefined;
  const flat = { ...known, ...flattenWindowsEvent(event as JsonObject) };
  return { record: { kind: "event", event: flat, matches: matchEvent(set, flat) } };
}

/** The event as an alert, when a Tocsin parser wrote it: `event.module` and our flat `fields` tell. */
function asAlert(event: object): Alert | undefined {
  if (!("fields" in event) || !("event" in event)) return undefined;
  const read = Alert.safeParse(event);
  return read.success && read.data.event?.module !== undefined ? read.data : undefined;
}

const named = (found: readonly Pick<Match, "rule">[]) =>
  found.map(({ rule }) => ({ rule: rule.id, title: rule.title }));

function usage(message: string): number {
  talk(`rules match: ${message}`);
  return 2;
}
