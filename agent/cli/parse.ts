import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import type { Command } from "commander";
import type { ParseContext } from "../../connectors/contract.ts";
import { INBOUND, inboundNamed } from "../../connectors/registry.ts";
import { isZone } from "../../connectors/shared/utc-from-local.ts";
import { systemClock } from "../core/clock.ts";
import { problemSentence, TocsinError } from "../core/errors.ts";
import { parseText } from "../stages/ingest.ts";
import { readRecords } from "./records.ts";

const USAGE = 2;
/** Characters of output gathered before they are written. */
const BATCH = 64 * 1024;

interface ParseOptions {
  as: string;
  input: string;
  year?: string;
  zone: string;
}

/** The streams that the command uses. */
export interface ParseStreams {
  stdin: Readable;
  stdout: Writable;
}

/** Registers `parse`: records in, one JSON line a record out, in order. */
export function parseCommand(program: Command, streams: ParseStreams = process): void {
  const names = ["auto", ...INBOUND.map(({ name }) => name)].join(", ");
  program
    .command("parse")
    .description("read records as a source's format and print the alerts, one JSON line a record")
    .argument("[files...]", "files of records, .gz too; - or none is standard input")
    .option("--as <source>", `format of the records: ${names}`, "auto")
    .option("--input <form>", "lines, or json-strings: each line a JSON string holding one record", "lines")
    .option("--year <year>", "year of dates that state none (Default: the one nearest to now)")
    .option("--zone <zone>", "IANA zone of dates that state none", "UTC")
    .action(async (files: string[], options: ParseOptions, command: Command) => {
      const usage = usageError(options, names);
      if (usage !== undefined) command.error(`parse: ${usage}`, { exitCode: USAGE, code: "tocsin.usage" });
      try {
        await printAlerts(files, options, streams);
      } catch (thrown) {
        if (!(thrown instanceof TocsinError)) throw thrown;
        command.error(`parse: ${problemSentence(thrown)}`, { exitCode: USAGE, code: "tocsin.unreadable" });
      }
    });
}

function usageError({ as, input, year, zone }: ParseOptions, names: string): string | undefined {
  if (as !== "auto" && inboundNamed(as) === undefined) return `--as ${as}: no such source; one of ${names}`;
  if (input !== "lines" && input !== "json-strings") return `--input ${input}: write lines or json-strings`;
  if (year !== undefined && !/^(?:19|20|21)\d\d$/.test(year))
    return `--year ${year}: write a year of four digits`;
  if (!isZone(zone)) return `--zone ${zone}: no such IANA zone; write one like Europe/Paris`;
  return undefined;
}

async function printAlerts(
  files: readonly string[],
  options: ParseOptions,
  { stdin, stdout }: ParseStreams,
): Promise<void> {
  const context: ParseContext = { received: systemClock.now(), zone: options.zone };
  if (options.year !== undefined) context.year = Number(options.year);
  const source = options.as === "auto" ? "auto" : (inboundNamed(options.as) ?? "auto");
  const input = options.input === "json-strings" ? "json-strings" : "lines";
  const output = outputTo(stdout);
  for await (const record of readRecords(files, { input, stdin })) {
    const { alert, error } = parseText(source, record, context);
    const row = error === undefined ? { line: record.line, alert } : { line: record.line, error, alert };
    if (output.add(`${JSON.stringify(row)}\n`)) await output.flush();
    if (output.closed()) return;
  }
  await output.flush();
}

/** Gathers lines and writes them at the reader's pace; a reader that left is no error. */
function outputTo(stream: Writable): {
  add(line: string): boolean;
  flush(): Promise<void>;
  closed(): boolean;
} {
  let waiting: string[] = [];
  let size = 0;
  let left = false;
  let failure: Error | undefined;
  stream.on("error", (error: NodeJS.ErrnoException) => {
    left = true;
    if (error.code !== "EPIPE") failure = error;
  });
  return {
    add(line) {
      waiting.push(line);
      size += line.length;
      return size >= BATCH;
    },
    async flush() {
      const text = waiting.join("");
      waiting = [];
      size = 0;
      if (text !== "" && !left && !stream.write(text)) await once(stream, "drain").catch(() => {});
      if (failure !== undefined)
        throw new TocsinError({ code: "unwritable_output", message: failure.message });
    },
    closed: () => left,
  };
}
