import type { Readable, Writable } from "node:stream";
import type { Command } from "commander";
import { inboundNamed } from "../../connectors/registry.ts";
import { parseText } from "../stages/ingest.ts";
import { openOutput } from "./output.ts";
import {
  addReadOptions,
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
}

/** Registers `parse`: records in, one JSON line a record out, in order. */
export function parseCommand(program: Command, streams: ParseStreams = process): void {
  const parse = program
    .command("parse")
    .description("read records as a source's format and print the alerts, one JSON line a record")
    .argument("[files...]", "files of records, .gz too; - or none is standard input");
  addReadOptions(parse, undefined).action(async (files: string[], options: ReadOptions, command: Command) => {
    const usage = readOptionsError(options);
    if (usage !== undefined) command.error(`parse: ${usage}`, { exitCode: USAGE, code: "tocsin.usage" });
    try {
      await printAlerts(files, options, streams);
    } catch (thrown) {
      const why = untriedSentence(thrown);
      command.error(`parse: ${why}`, { exitCode: USAGE, code: "tocsin.unreadable" });
    }
  });
}

async function printAlerts(
  files: readonly string[],
  options: ReadOptions,
  { stdin, stdout }: ParseStreams,
): Promise<void> {
  const context = contextOf(options);
  const source = inboundNamed(options.as ?? "auto") ?? "auto";
  const output = openOutput(stdout);
  try {
    for await (const record of readRecords(files, { input: options.input, stdin })) {
      const { alert, error } = parseText(source, record, context);
      const row = error === undefined ? { line: record.line, alert } : { line: record.line, error, alert };
      const full = output.line(JSON.stringify(row));
      if (full !== undefined) await full;
      if (output.closed()) return;
    }
  } finally {
    // What was read before a file that cannot be is said all the same.
    await output.end();
  }
}
