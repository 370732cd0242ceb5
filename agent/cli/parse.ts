import type { Readable, Writable } from "node:stream";
import type { Command } from "commander";
import type { Inbound, ParseContext } from "../../connectors/contract.ts";
import { AlertTag } from "../core/alert.ts";
import { parseText, type TextRecord } from "../stages/ingest.ts";
import { type Explained, explainedText, formatsOf, recorder } from "./explain.ts";
import { openOutput } from "./output.ts";
import {
  addReadOptions,
  catalogueFor,
  contextOf,
  type ReadOptions,
  readOptionsError,
  untriedSentence,
} from "./read-options.ts";
import { readRecords } from "./records.ts";

const USAGE = 2;

/** The streams that the command uses. */
export interface ParseStreams {
  stdin: Readable;
  stdout: Writable;
  stderr: Writable;
}

interface ParseOptions extends ReadOptions {
  explain?: boolean;
  json?: boolean;
  summary?: boolean;
}

/** Registers `parse`: records in, one JSON line a record out, in order. */
export function parseCommand(program: Command, streams: ParseStreams = process): void {
  const parse = program
    .command("parse")
    .description("read records as a source's format and print the alerts, one JSON line a record")
    .argument("[files...]", "files of records, .gz too; - or none is standard input");
  parse
    .option("--explain", "say which format, mapping and line of it gave each field, instead of the alerts")
    .option("--json", "with --explain: the alerts, each with its explanation")
    .option("--summary", "say at the end, on standard error, how many records each format and mapping read");
  addReadOptions(parse, undefined).action(
    async (files: string[], options: ParseOptions, command: Command) => {
      const usage = readOptionsError(options);
      if (usage !== undefined) command.error(`parse: ${usage}`, { exitCode: USAGE, code: "tocsin.usage" });
      try {
        await printAlerts(files, options, streams);
      } catch (thrown) {
        const why = untriedSentence(thrown);
        command.error(`parse: ${why}`, { exitCode: USAGE, code: "tocsin.unreadable" });
      }
    },
  );
}

async function printAlerts(
  files: readonly string[],
  options: ParseOptions,
  { stdin, stdout, stderr }: ParseStreams,
): Promise<void> {
  const context = contextOf(options);
  const { as = "auto" } = options;
  const source = catalogueFor(options).named(as);
  if (source === undefined) return;
  const output = openOutput(stdout);
  const tally = new Map<string, number>();
  try {
    for await (const record of readRecords(files, { input: options.input, stdin })) {
      const { row, explained } =
        options.explain === true ? explain(source, record, context) : { row: read(source, record, context) };
      const numbered = { line: record.line, ...row };
      const kind = kindOf(row);
      tally.set(kind, (tally.get(kind) ?? 0) + 1);
      const text =
        explained === undefined
          ? JSON.stringify(numbered)
          : options.json === true
            ? JSON.stringify({ ...numbered, explain: explained })
            : toldText(record.line, row, explained);
      const full = output.line(text);
      if (full !== undefined) await full;
      if (output.closed()) return;
    }
  } finally {
    // What was read before a file that cannot be is said all the same.
    await output.end();
    if (options.summary === true || options.explain === true) {
      for (const [kind, count] of [...tally].toSorted((a, b) => b[1] - a[1]))
        stderr.write(`${kind}: ${count}\n`);
    }
  }
}

type Row = ReturnType<typeof read>;

function read(source: Inbound, record: TextRecord, context: ParseContext) {
  const { alert, error } = parseText(source, record, context);
  return error === undefined ? { alert } : { error, alert };
}

function explain(
  source: Inbound,
  record: TextRecord,
  context: ParseContext,
): { row: Row; explained: Explained } {
  const { trace, explain } = recorder();
  const row = read(source, record, { ...context, trace });
  const told =
    row.alert === undefined ? { inner: [], mapping: null, idle: [], fields: [] } : explain(row.alert);
  return { row, explained: source.name === "auto" ? { formats: formatsOf(record.text), ...told } : told };
}

/** By what a record was read: its mapping, else its format; or that it was not. */
function kindOf({ alert, error }: Row): string {
  if (alert === undefined) return `unread (${error?.code})`;
  if (alert.tags?.includes(AlertTag.unrecognised)) return "unrecognised";
  return alert.event?.dataset ?? "";
}

function toldText(line: number, { error }: Row, explained: Explained): string {
  const fault = error === undefined ? "" : `  error    ${error.code}: ${error.message}\n`;
  return `record ${line}\n${fault}${explainedText(explained)}\n`;
}
