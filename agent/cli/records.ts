import { isAscii, isUtf8 } from "node:buffer";
import { createReadStream } from "node:fs";
import { pipeline, type Readable } from "node:stream";
import { createGunzip } from "node:zlib";
import type { ParseError } from "../../connectors/contract.ts";
import { messageOf, TocsinError } from "../core/errors.ts";

const LONGEST_RECORD = 1024 * 1024;
const CHUNK = 256 * 1024;
const LINE_FEED = 0x0a;

/** One record of a file or of standard input. */
interface NumberedRecord {
  /** Its number from 1, going on over files. */
  line: number;
  text: string;
  utf8: boolean;
  /** Present when the record was longer than 1 MiB and its end was dropped. */
  cut?: true;
  /** Present when the line was to be a JSON string and is none. */
  error?: ParseError;
}

/** How records lie in the input: a line each, or each line a JSON string that is one record. */
interface RecordOptions {
  input: "lines" | "json-strings";
  /** What `-`, or no path at all, reads. (Default: standard input.) */
  stdin?: Readable | undefined;
}

/**
 * Reads the records of files in order, in bounded memory; a path that ends in `.gz` is decompressed.
 *
 * Ends of line (LF, CRLF) and NULs around them are dropped; a last newline makes no record.
 * Throws TocsinError `unreadable_file` when a file cannot be read to its end.
 */
export async function* readRecords(
  paths: readonly string[],
  { input, stdin = process.stdin }: RecordOptions,
): AsyncGenerator<NumberedRecord> {
  let line = 0;
  for (const path of paths.length === 0 ? ["-"] : paths) {
    try {
      let rest: Buffer[] = [];
      let restLength = 0;
      for await (const piece of streamOf(path, stdin)) {
        const chunk: Buffer = Buffer.isBuffer(piece) ? piece : Buffer.from(piece as string);
        let from = 0;
        const ascii = isAscii(chunk);
        for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, from)) {
          line++;
          if (rest.length === 0) yield recordOf(chunk, from, end, line, input, ascii);
          else {
            rest.push(chunk.subarray(from, Math.min(end, from + LONGEST_RECORD + 1)));
            const whole = Buffer.concat(rest);
            yield recordOf(whole, 0, whole.length, line, input, false);
            rest = [];
            restLength = 0;
          }
          from = end + 1;
        }
        // Of a record that is too long already, nothing more is kept.
        if (from < chunk.length && restLength <= LONGEST_RECORD) {
          rest.push(chunk.subarray(from));
          restLength += chunk.length - from;
        }
      }
      if (restLength > 0) {
        line++;
        const whole = Buffer.concat(rest);
        yield recordOf(whole, 0, whole.length, line, input, false);
      }
    } catch (thrown) {
      if (thrown instanceof TocsinError) throw thrown;
      const where = path === "-" ? "standard input" : path;
      const problem = { code: "unreadable_file", where, message: `cannot be read: ${messageOf(thrown)}` };
      throw new TocsinError(problem, { cause: thrown });
    }
  }
}

function streamOf(path: string, stdin: Readable): Readable {
  if (path === "-") return stdin;
  const file = createReadStream(path, { highWaterMark: CHUNK });
  if (!path.endsWith(".gz")) return file;
  // An error of either ends the pipeline, and so the loop that reads from it.
  return pipeline(file, createGunzip({ chunkSize: CHUNK }), () => {});
}

function recordOf(
  bytes: Buffer,
  start: number,
  stop: number,
  line: number,
  input: RecordOptions["input"],
  ascii: boolean,
): NumberedRecord {
  let from = start;
  let end = stop;
  let cut = false;
  if (end - from > LONGEST_RECORD) {
    cut = true;
    end = from + LONGEST_RECORD;
    // Not in the middle of a character.
    for (let back = 0; back < 3 && ((bytes[end] ?? 0) & 0xc0) === 0x80; back++) end--;
  }
  while (end > from && isPadding(bytes[end - 1])) end--;
  while (from < end && bytes[from] === 0) from++;
  const utf8 = ascii || isUtf8(bytes.subarray(from, end));
  const text = ascii ? bytes.toString("latin1", from, end) : bytes.toString("utf8", from, end);
  const record: NumberedRecord = { line, text, utf8 };
  if (cut) record.cut = true;
  return input === "json-strings" && text !== "" ? unquoted(record) : record;
}

function unquoted(record: NumberedRecord): NumberedRecord {
  let value: unknown;
  try {
    value = JSON.parse(record.text);
  } catch {
    value = undefined;
  }
  if (typeof value !== "string") {
    return { ...record, error: { code: "not_a_json_string", message: "the line is not a JSON string" } };
  }
  let end = value.length;
  while (end > 0 && isPadding(value.charCodeAt(end - 1))) end--;
  return { ...record, text: value.slice(0, end) };
}

/** Carriage return, line feed, NUL. */
function isPadding(byte: number | undefined): boolean {
  return byte === 0x0d || byte === 0x0a || byte === 0;
}
