import { isAscii } from "node:buffer";
import type { Readable } from "node:stream";
import type { ParseError } from "../../connectors/contract.ts";
import { decodeText } from "../core/decode-text.ts";
import { messageOf, TocsinError } from "../core/errors.ts";
import { bytesOf } from "./bytes-of.ts";
import { type OctetRecord, octetReader } from "./octet-records.ts";

const LONGEST_RECORD = 1024 * 1024;
const LINE_FEED = 0x0a;

/** How records lie in a recording: a line each, counted (RFC 6587), or each line a JSON string that is one record. */
export const INPUT_FORMS = ["lines", "octet-counted", "json-strings"] as const;
export type InputForm = (typeof INPUT_FORMS)[number];

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

interface RecordOptions {
  input: InputForm;
  /** What `-`, or no path at all, reads. (Default: standard input.) */
  stdin?: Readable | undefined;
  /** Told the bytes read, as they lie in the files, and given them. */
  onRead?: ((bytes: number, chunk: Buffer) => void) | undefined;
}

/**
 * Reads the records of files in order, in bounded memory; what begins as gzip does is decompressed.
 *
 * Ends of line (LF, CRLF) and NULs around them are dropped; a last newline makes no record.
 * Throws TocsinError `unreadable_file` when a file cannot be read to its end, after the records before that place.
 */
export async function* readRecords(
  paths: readonly string[],
  { input, stdin = process.stdin, onRead }: RecordOptions,
): AsyncGenerator<NumberedRecord> {
  let line = 0;
  for (const path of paths.length === 0 ? ["-"] : paths) {
    try {
      const bytes = bytesOf(path, stdin, onRead);
      const records = input === "octet-counted" ? countedRecords(bytes) : lineRecords(bytes, input);
      for await (const record of records) yield { ...record, line: ++line };
    } catch (thrown) {
      if (thrown instanceof TocsinError) throw thrown;
      const where = path === "-" ? "standard input" : path;
      const problem = { code: "unreadable_file", where, message: `cannot be read: ${messageOf(thrown)}` };
      throw new TocsinError(problem, { cause: thrown });
    }
  }
}

type BareRecord = Omit<NumberedRecord, "line">;

async function* countedRecords(chunks: AsyncIterable<Buffer>): AsyncGenerator<BareRecord> {
  const reader = octetReader(LONGEST_RECORD);
  const whole = ({ bytes, cut }: OctetRecord): BareRecord => {
    const record = recordOf(bytes, { from: 0, to: bytes.length }, "octet-counted", false);
    return cut ? { ...record, cut } : record;
  };
  try {
    for await (const chunk of chunks) for (const record of reader.push(chunk)) yield whole(record);
  } catch (thrown) {
    // What was readable of a record is still one.
    for (const record of reader.end()) yield whole(record);
    throw thrown;
  }
  for (const record of reader.end()) yield whole(record);
}

async function* lineRecords(chunks: AsyncIterable<Buffer>, input: InputForm): AsyncGenerator<BareRecord> {
  let rest: Buffer[] = [];
  let restLength = 0;
  const restRecord = () => {
    const whole = Buffer.concat(rest);
    rest = [];
    restLength = 0;
    return recordOf(whole, { from: 0, to: whole.length }, input, false);
  };
  try {
    for await (const chunk of chunks) {
      let from = 0;
      const ascii = isAscii(chunk);
      for (let to = chunk.indexOf(LINE_FEED); to >= 0; to = chunk.indexOf(LINE_FEED, from)) {
        if (rest.length === 0) yield recordOf(chunk, { from, to }, input, ascii);
        else {
          rest.push(chunk.subarray(from, Math.min(to, from + LONGEST_RECORD + 1)));
          yield restRecord();
        }
        from = to + 1;
      }
      // Of a record that is too long already, nothing more is kept.
      if (from < chunk.length && restLength <= LONGEST_RECORD) {
        rest.push(chunk.subarray(from));
        restLength += chunk.length - from;
      }
    }
  } catch (thrown) {
    // What was readable of a record is still one.
    if (restLength > 0) yield restRecord();
    throw thrown;
  }
  if (restLength > 0) yield restRecord();
}

function recordOf(
  bytes: Buffer,
  place: { from: number; to: number },
  input: InputForm,
  ascii: boolean,
): BareRecord {
  let { from, to: end } = place;
  let cut = false;
  if (end - from > LONGEST_RECORD) {
    cut = true;
    end = from + LONGEST_RECORD;
    // Not in the middle of a character.
    for (let back = 0; back < 3 && ((bytes[end] ?? 0) & 0xc0) === 0x80; back++) end--;
  }
  while (end > from && isPadding(bytes[end - 1])) end--;
  while (from < end && bytes[from] === 0) from++;
  const record: BareRecord = ascii
    ? { text: bytes.toString("latin1", from, end), utf8: true }
    : decodeText(bytes.subarray(from, end));
  if (cut) record.cut = true;
  return input === "json-strings" && record.text !== "" ? unquoted(record) : record;
}

function unquoted(record: BareRecord): BareRecord {
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
