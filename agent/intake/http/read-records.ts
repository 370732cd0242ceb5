import type { Decoded, DecodedRecord, ParseContext, RecordList } from "../../../connectors/contract.ts";
import { addTag } from "../../../connectors/shared/draft.ts";
import { listRecords } from "../../../connectors/shared/list-records.ts";
import { type Alert, AlertTag } from "../../core/alert.ts";
import { decodeText } from "../../core/decode-text.ts";
import { messageOf } from "../../core/errors.ts";
import { keepBytes, parseText, type TextRecord } from "../../stages/ingest.ts";
import type { Headers } from "../signature.ts";
import type { TextSource } from "../sources.ts";
import { nestsDeeper } from "./nests-deeper.ts";

const OTHERWISE = "Lines of text are posted as text/plain, a JSON value a line as application/x-ndjson.";

/** Records taken in one body: what they become in memory is bounded. */
export const MAX_RECORDS = 10_000;
/** Records decoded, and lines looked at, before others may have their turn. */
const DECODED_AT_ONCE = 20;
const LINES_AT_ONCE = 1000;
/** Levels of a long JSON text beyond which it is not read: millions of them hold up everybody for seconds. */
const DEEPEST = 1000;
const LONG = 64 * 1024;

const NDJSON = /^application\/(?:x-)?(?:ndjson|jsonl|jsonlines|json-lines)$/;
const JSON_TYPE = /^application\/(?:[\w.-]+\+)?json$/;

/** One record of a body. With an error it is rejected, unless the alert is to be taken all the same. */
export type BodyRecord = DecodedRecord & {
  /** Its beginning, for the quarantine. */
  sample: string;
  /** True when what could be read of a wrong record is taken: on a socket it would be, too. */
  bestEffort?: boolean;
};

export type RecordsRead =
  | { outcome: "read"; records: BodyRecord[] }
  | {
      outcome: "refused";
      status: 415 | 422;
      code: string;
      message: string;
      more: Record<string, unknown>;
      sample: string;
    };

/** Characters of a refused record that are kept. */
const SAMPLE = 2000;

/** Reads the records of a body: one JSON value, a JSON value a line (NDJSON), or a record of text a line. */
export async function readRecords(
  source: TextSource,
  body: { bytes: Buffer; headers: Headers; recordBytes: number },
  { context, pause }: { context: ParseContext; pause: () => Promise<void> },
): Promise<RecordsRead> {
  const { type, charset } = contentType(body.headers["content-type"] ?? "");
  const decoder = decoderOf(charset);
  if (decoder === undefined)
    return refused(415, "charset_unsupported", `The charset ${charset} is not known.`, "");
  const { text, utf8 } = decoder(body.bytes);
  if (text.trim() === "") return refused(422, "empty_body", "The body is empty.", "", { field: "(body)" });

  const lines = () => linesOf(text, utf8 ? undefined : body.bytes, pause);
  const given = { source, headers: body.headers, recordBytes: body.recordBytes, context, pause };
  if (source.connector.decode === undefined) {
    if (!NDJSON.test(type) && !JSON_TYPE.test(type)) return textRecords(await lines(), given);
    const message = `A ${source.connector.name} source reads lines: post them as text/plain.`;
    return refused(415, "not_text", message, text);
  }
  if (NDJSON.test(type)) return valueRecords(await lines(), given);
  const whole = readValue(text);
  if (whole.error === undefined) {
    const line: JsonLine = { text, utf8, bytes: utf8 ? undefined : body.bytes, read: whole };
    return valueRecords([line], { ...given, only: true });
  }
  await pause();
  const values = await allValues(await lines(), pause);
  if (values !== undefined) return valueRecords(values, given);
  const field = { field: "(body)" };
  if (type !== "text/plain" && (source.connector.name !== "auto" || JSON_TYPE.test(type)))
    return refused(422, "not_json", `The body is not JSON: ${whole.error}. ${OTHERWISE}`, text, field);
  const read = await valueRecords(await lines(), { ...given, asText: true });
  const first = read.outcome === "read" ? read.records[0]?.error : undefined;
  if (
    read.outcome === "read" &&
    first !== undefined &&
    read.records.every(({ error }) => error !== undefined)
  )
    return refused(422, first.code, `Nothing of the body could be read: ${first.message}.`, text, field);
  return read;
}

function refused(
  status: 415 | 422,
  code: string,
  message: string,
  sample: string,
  more: Record<string, unknown> = {},
): RecordsRead {
  return { outcome: "refused", status, code, message, more, sample: sampleOf(sample) };
}

function sampleOf(text: string): string {
  return text.slice(0, SAMPLE);
}

function tooMany(): RecordsRead {
  const message = `The body holds too many records; ${MAX_RECORDS} at most are taken at once: send smaller batches.`;
  return refused(422, "too_many_records", message, "", { limit: MAX_RECORDS });
}

interface Line extends TextRecord {
  text: string;
  utf8: boolean;
}
type Value = { value: unknown; error?: undefined } | { error: string };
type JsonLine = Line & { read?: Value };

/** Lines with something in them, up to one more than are taken; of bytes that are not UTF-8, each with its own. */
async function linesOf(text: string, bytes: Buffer | undefined, pause: () => Promise<void>): Promise<Line[]> {
  const found: Line[] = [];
  const whole = bytes ?? text;
  for (let from = 0, looked = 1; from < whole.length && found.length <= MAX_RECORDS; looked++) {
    if (looked % LINES_AT_ONCE === 0) await pause();
    const feed = whole.indexOf("\n", from);
    const end = feed < 0 ? whole.length : feed;
    const line: Line =
      bytes === undefined
        ? { text: text.slice(from, end), utf8: true }
        : { ...decodeText(bytes.subarray(from, end)), bytes: bytes.subarray(from, end) };
    if (line.utf8) delete line.bytes;
    line.text = line.text.endsWith("\r") ? line.text.slice(0, -1) : line.text;
    if (line.text.trim() !== "") found.push(line);
    from = end + 1;
  }
  return found;
}

interface Given {
  source: TextSource;
  headers: Headers;
  /** Longest line of text. */
  recordBytes: number;
  context: ParseContext;
  /** Awaited between records: others have their turn. */
  pause: () => Promise<void>;
}

async function textRecords(lines: readonly Line[], given: Given): Promise<RecordsRead> {
  if (lines.length > MAX_RECORDS) return tooMany();
  const records: BodyRecord[] = [];
  for (const line of lines) {
    await given.pause();
    records.push(textRecord(line, given));
  }
  return { outcome: "read", records };
}

function textRecord(line: Line, { source: { connector }, recordBytes, context }: Given): BodyRecord {
  const cut = line.text.length > recordBytes;
  const record = cut ? { ...line, text: line.text.slice(0, recordBytes), cut } : line;
  const parsed = parseText(connector, record, context);
  const recognised = !parsed.alert?.tags?.includes(AlertTag.unrecognised);
  return {
    ...parsed,
    sample: sampleOf(record.text),
    bestEffort: connector.decode === undefined || recognised,
  };
}

/** The values of lines that all are JSON; undefined at the first that is not. */
async function allValues(
  lines: readonly Line[],
  pause: () => Promise<void>,
): Promise<JsonLine[] | undefined> {
  const found: JsonLine[] = [];
  for (const line of lines) {
    await pause();
    const read = readValue(line.text);
    if (read.error !== undefined) return undefined;
    found.push({ ...line, read });
  }
  return found;
}

/** Decodes values, one a line; a wrong one is a rejected record, but for the only value of a body. */
async function valueRecords(
  lines: readonly JsonLine[],
  given: Given & { only?: boolean; asText?: boolean },
): Promise<RecordsRead> {
  if (lines.length > MAX_RECORDS) return tooMany();
  const records: BodyRecord[] = [];
  let count = 0;
  for (const line of lines) {
    await given.pause();
    const sample = sampleOf(line.text);
    const read = line.read ?? readValue(line.text);
    if (read.error !== undefined) {
      const error = { code: "not_json", message: `the line is not JSON: ${read.error}` };
      records.push(given.asText ? textRecord(line, given) : { error, sample });
      count++;
      continue;
    }
    const list = listIn(read.value, given);
    count += list.count;
    // Before any is decoded: in memory a record takes many times what it took in the body.
    if (count > MAX_RECORDS) return tooMany();
    const alone = list.count === 1;
    for (let at = 0; at < list.count; at += DECODED_AT_ONCE) {
      await given.pause();
      const decoded = list.decode(at, at + DECODED_AT_ONCE);
      if (decoded.outcome === "refused") {
        const { code, field, message } = decoded;
        if (given.only) return refused(422, code, message, line.text, { field });
        records.push({ error: { code, message: `${field}: ${message}` }, sample });
        continue;
      }
      for (const record of decoded.records) {
        if (!line.utf8 && record.alert !== undefined) markBytes(record.alert, alone ? line.bytes : undefined);
        const original = record.alert?.event?.original;
        records.push({ ...record, sample: original === undefined ? sample : sampleOf(original) });
      }
    }
  }
  return { outcome: "read", records };
}

/** The records of a value, of which none is looked at yet; a value that holds no list is one. */
function listIn(value: unknown, { source: { connector }, headers, context }: Given): RecordList {
  const decode = (some: unknown): Decoded =>
    connector.decode?.(headers, some, context) ?? { outcome: "decoded", records: [] };
  const list = Array.isArray(value) ? listRecords(value, decode) : connector.list?.(headers, value, context);
  return list !== undefined && list.count > 0 ? list : { count: 1, decode: () => decode(value) };
}

/** Marks a record that holds what was no UTF-8; its own bytes are known when it was alone in its text. */
function markBytes(alert: Alert, bytes: Uint8Array | undefined): void {
  if (!/[^\0-\x7f]/.test(alert.event?.original ?? "")) return;
  addTag(alert, AlertTag.notUtf8);
  if (bytes !== undefined) keepBytes(alert, bytes);
}

function readValue(text: string): Value {
  if (text.length > LONG && nestsDeeper(text, DEEPEST))
    return { error: `it nests deeper than ${DEEPEST} levels` };
  try {
    return { value: JSON.parse(text) };
  } catch (error) {
    return { error: messageOf(error) };
  }
}

function contentType(header: string): { type: string; charset: string } {
  const [type = "", ...parameters] = header.split(";");
  const charset = parameters.map((each) => /^\s*charset\s*=\s*"?([^"\s]+)/i.exec(each)?.[1]).find(Boolean);
  return { type: type.trim().toLowerCase(), charset: charset?.toLowerCase() ?? "utf-8" };
}

type Decode = (bytes: Uint8Array) => { text: string; utf8: boolean };

function decoderOf(charset: string): Decode | undefined {
  if (charset === "utf-8" || charset === "utf8") return decodeText;
  try {
    const decoder = new TextDecoder(charset);
    return (bytes) => ({ text: decoder.decode(bytes), utf8: true });
  } catch {
    return undefined;
  }
}
