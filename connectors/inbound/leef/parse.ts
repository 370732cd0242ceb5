import type { Instant } from "../../../agent/core/clock.ts";
import type { ParseContext, Parsed } from "../../contract.ts";
import { clip, type Draft, newDraft, putField } from "../../shared/draft.ts";
import { keyTable } from "../../shared/key-table.ts";
import { isNoValue } from "../../shared/no-value.ts";
import { readDateIn } from "../../shared/read-date-in.ts";
import { withHeader } from "../../shared/syslog/with-header.ts";
import { canonicalDate } from "./canonical-date.ts";
import { LEEF_KEYS, type LeefTime } from "./known-keys.ts";
import { readDelimiter } from "./read-delimiter.ts";

const HEADER_FIELDS = 5;
const LONGEST_KEY = 128;
const keyAt = keyTable((name) => LEEF_KEYS.get(name));

/**
 * Reads one LEEF record (IBM QRadar Log Event Extended Format, 1.0 and 2.0), alone or after a syslog header.
 *
 * Errors: `empty`, `not_leef` (no `LEEF:` anywhere), `bad_header` (fewer than its five fields; the alert has the text).
 */
export function parseLeef(text: string, context: ParseContext): Parsed {
  const start = leefAt(text);
  if (start < 0) {
    const code = text.trim() === "" ? "empty" : "not_leef";
    const message = code === "empty" ? "the record is empty" : "the record has no LEEF: header";
    return { error: { code, message } };
  }
  const draft = newDraft(text, "leef", "leef");
  const { alert, event } = draft;
  const header: string[] = [];
  const body = readPipes(text, isBare(text) ? 0 : start + 5, header);
  const [version = "", vendor = "", product = "", productVersion = "", eventId = ""] = header;
  alert.observer = {};
  if (vendor !== "") alert.observer.vendor = clip(draft, vendor);
  if (product !== "") alert.observer.product = clip(draft, product);
  if (productVersion !== "") alert.observer.version = clip(draft, productVersion);
  if (eventId !== "") event.code = clip(draft, eventId);
  if (context.trace !== undefined) context.trace({ by: "parser", name: "leef", rule: "header" }, alert);
  const time: LeefTime = { text: undefined, format: undefined, zone: undefined };
  readAttributes(draft, text, body, version.trim(), time, context);
  const whole = header.length === HEADER_FIELDS;
  const message = whole ? eventId : text.slice(start);
  if (alert.message === undefined && message !== "") alert.message = clip(draft, message);
  withHeader(draft, start === 0 ? "" : text.slice(0, start), instantOf(time, context), context);
  if (whole) return { alert };
  const missing = `the LEEF header has ${header.length} of its ${HEADER_FIELDS} fields`;
  return { alert, error: { code: "bad_header", message: missing } };
}

const BARE =
  /^\ufeff? ?[12]\.0\|[^|=\n]{1,128}\|[^|=\n]{1,128}\|[^|=\n]{0,64}\|[^|\n]{1,256}\|(?:[^|\n]{0,8}\|)?[\w.-]{1,64}=/;

/** Says whether a record lost its `LEEF:`, which a syslog server takes for the name of a program. */
export function isBare(text: string): boolean {
  const first = text.charCodeAt(0);
  return (first <= 0x20 || first === 0x31 || first === 0x32 || first === 0xfeff) && BARE.test(text);
}

/** Where the record begins: `LEEF:` and its version; -1 when nowhere. */
function leefAt(text: string): number {
  if (isBare(text)) return 0;
  let at = text.indexOf("LEEF:");
  while (at >= 0) {
    let digit = at + 5;
    if (text.charCodeAt(digit) === 0x20) digit++;
    if (text.charCodeAt(digit) >= 0x30 && text.charCodeAt(digit) <= 0x39) return at;
    at = text.indexOf("LEEF:", at + 5);
  }
  return -1;
}

/** Reads the five fields that pipes end, escapes resolved; the index after them. */
function readPipes(text: string, from: number, header: string[]): number {
  let at = from;
  while (header.length < HEADER_FIELDS) {
    let pipe = text.indexOf("|", at);
    while (pipe > at && text.charCodeAt(pipe - 1) === 0x5c) pipe = text.indexOf("|", pipe + 1);
    if (pipe < 0 && header.length === HEADER_FIELDS - 1) pipe = text.length;
    if (pipe < 0) return at;
    header.push(text.slice(at, pipe).replaceAll("\\|", "|").replaceAll("\\\\", "\\"));
    at = pipe + 1;
  }
  return Math.min(at, text.length);
}

/** Reads `key=value` attributes into `fields` and ECS; a part without a key belongs to the value before it. */
function readAttributes(
  draft: Draft,
  text: string,
  from: number,
  version: string,
  time: LeefTime,
  context: ParseContext,
): void {
  const { delimiter, from: first } = readDelimiter(text, from, version);
  let end = text.length;
  while (end > first && text.charCodeAt(end - 1) <= 0x20) end--;
  const step = delimiter === "" ? " " : delimiter;
  let key: Key | undefined;
  let part = first;
  while (part >= 0 && part <= end) {
    const found = keyIn(text, part, end, step !== " ");
    let next = text.indexOf(step, part);
    // An equals sign further on is not this part's.
    if (found !== undefined && (next < 0 || found.equals < next)) {
      if (key !== undefined) putPair(draft, text, key, part - step.length, time, context);
      key = found;
      next = text.indexOf(step, found.equals);
    }
    part = next < 0 ? -1 : next + step.length;
  }
  if (key !== undefined) putPair(draft, text, key, end, time, context);
}

function putPair(
  draft: Draft,
  text: string,
  key: Key,
  end: number,
  time: LeefTime,
  context: ParseContext,
): void {
  const { name, meaning } = keyAt(text, key.start, key.end);
  const value = clip(draft, text.slice(key.equals + 1, Math.max(key.equals + 1, end)));
  putField(draft, name, value);
  const own = value.trim();
  if (meaning !== undefined && own !== "" && !isNoValue(own)) meaning(draft, own, time);
  if (context.trace !== undefined)
    context.trace({ by: "parser", name: "leef", rule: `key ${name}` }, draft.alert);
}

interface Key {
  start: number;
  end: number;
  equals: number;
}

/** The key that begins at `from`, blanks around it passed over; undefined when no equals sign ends it. */
function keyIn(text: string, from: number, limit: number, padded: boolean): Key | undefined {
  let start = from;
  while (padded && text.charCodeAt(start) === 0x20) start++;
  let end = start;
  while (end < limit && end - start < LONGEST_KEY && KEY_CODES[text.charCodeAt(end)] === 1) end++;
  if (end === start) return undefined;
  let equals = end;
  while (text.charCodeAt(equals) === 0x20) equals++;
  return equals >= limit || text.charCodeAt(equals) !== 0x3d ? undefined : { start, end, equals };
}

const KEY_CODES = Uint8Array.from({ length: 65_536 }, (_, code) =>
  code > 127 || /[A-Za-z0-9_.\-[\]()/:@$#]/.test(String.fromCharCode(code)) ? 1 : 0,
);

function instantOf(time: LeefTime, context: ParseContext): Instant | undefined {
  if (time.text === undefined) return undefined;
  const { text, zone } = time;
  const canonical = time.format === undefined ? undefined : canonicalDate(text, time.format);
  return (
    (canonical === undefined ? undefined : readDateIn(canonical, zone, context)) ??
    readDateIn(text, zone, context)
  );
}
