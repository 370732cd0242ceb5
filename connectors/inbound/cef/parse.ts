import type { Alert } from "../../../agent/core/alert.ts";
import type { ParseContext, Parsed } from "../../contract.ts";
import { clip, type Draft, newDraft, putField, putNewField, restoreOriginal } from "../../shared/draft.ts";
import { keyTable } from "../../shared/key-table.ts";
import { isNoValue } from "../../shared/no-value.ts";
import { withHeader } from "../../shared/syslog/with-header.ts";
import { findPairs, unescaped } from "./extension.ts";
import { type CefTimes, cefKeyOf } from "./known-keys.ts";
import { PIPED_HEADER_FIELDS, PIPED_VERSION, readPiped } from "./read-piped.ts";
import { readPipes } from "./read-pipes.ts";
import { readTimes } from "./read-times.ts";
import { writeSeverity } from "./write-severity.ts";

const HEADER_FIELDS = 7;
const keyAt = keyTable(cefKeyOf);

/**
 * Reads one CEF record (ArcSight Common Event Format, versions 0 and 1, and what SentinelOne calls 2), alone or after a
 * syslog header.
 *
 * Errors: `empty`, `not_cef` (no `CEF:` anywhere), `bad_header` (fewer than its seven fields; the alert has the text).
 */
export function parseCef(text: string, context: ParseContext): Parsed {
  if (isQuoted(text)) return parseQuoted(text, context);
  const start = cefAt(text);
  if (start < 0) {
    const code = text.trim() === "" ? "empty" : "not_cef";
    return {
      error: { code, message: code === "empty" ? "the record is empty" : "the record has no CEF: header" },
    };
  }
  const draft = newDraft(text, "cef", "cef");
  const { alert, event } = draft;
  const header: string[] = [];
  const from = isBare(text) ? 0 : start + 4;
  const piped = text
    .slice(from, from + 3)
    .trimStart()
    .startsWith(`${PIPED_VERSION}|`);
  const count = piped ? PIPED_HEADER_FIELDS : HEADER_FIELDS;
  const body = readPipes(text, from, header, count);
  const name = header[5] ?? "";
  alert.observer = observerOf(draft, header);
  if (header[4]) event.code = clip(draft, header[4]);
  if (header[6]) writeSeverity(draft, header[6].trim());
  if (name !== "") putField(draft, "name", name);
  if (context.trace !== undefined) context.trace({ by: "parser", name: "cef", rule: "header" }, alert);
  if (piped) readPiped(draft, text, body);
  const times = piped ? newTimes() : readPairs(draft, text, body, context);
  const whole = header.length === count;
  const message = whole ? name : text.slice(start);
  if (alert.message === undefined && message !== "") alert.message = clip(draft, message);
  withHeader(draft, start === 0 ? "" : text.slice(0, start), readTimes(draft, times, context), context);
  if (whole) return { alert };
  const missing = `the CEF header has ${header.length} of its ${count} fields`;
  return { alert, error: { code: "bad_header", message: missing } };
}

/** Says whether a record is a text between quotes, as an export in CSV or JSON leaves it. */
export function isQuoted(text: string): boolean {
  return text.charCodeAt(0) === 0x22 && /^"CEF: ?\d\|/.test(text.slice(0, 8)) && text.trimEnd().endsWith('"');
}

function parseQuoted(text: string, context: ParseContext): Parsed {
  const parsed = parseCef(text.slice(1, text.lastIndexOf('"')), context);
  if (parsed.alert !== undefined) restoreOriginal(parsed.alert, text);
  return parsed;
}

function observerOf(draft: Draft, header: readonly string[]): NonNullable<Alert["observer"]> {
  const observer: NonNullable<Alert["observer"]> = {};
  if (header[1]) observer.vendor = clip(draft, header[1]);
  if (header[2]) observer.product = clip(draft, header[2]);
  if (header[3]) observer.version = clip(draft, header[3]);
  return observer;
}

function newTimes(): CefTimes {
  return { receipt: undefined, start: undefined, end: undefined, created: undefined, zone: undefined };
}

/** Reads the extension into `fields` and ECS; the times it tells. */
function readPairs(draft: Draft, text: string, from: number, context: ParseContext): CefTimes {
  const times = newTimes();
  let labels: string[] | undefined;
  const escapes = text.includes("\\", from);
  const pairs = findPairs(text, from);
  for (let at = 0; at < pairs.length; at += 3) {
    const equals = pairs[at + 1] ?? 0;
    const { name, meaning } = keyAt(text, pairs[at] ?? 0, equals);
    const raw = text.slice(equals + 1, pairs[at + 2]);
    const value = clip(draft, escapes ? unescaped(raw, meaning?.single === true) : raw);
    putField(draft, name, value);
    if (meaning !== undefined) {
      if (meaning.labels === undefined) {
        const own = meaning.single ? value.trim() : value;
        if (own !== "" && !isNoValue(own)) meaning.write(draft, own, times);
      } else {
        labels ??= [];
        labels.push(meaning.labels, value);
      }
    }
    if (context.trace !== undefined)
      context.trace({ by: "parser", name: "cef", rule: `key ${name}` }, draft.alert);
  }
  if (labels !== undefined) writeLabels(draft, labels);
  return times;
}

/** Writes each custom field again under the name that its label gives it, unless a key has that name. */
function writeLabels(draft: Draft, labels: readonly string[]): void {
  for (let at = 0; at < labels.length; at += 2) {
    const key = labels[at] ?? "";
    const label = labels[at + 1]?.trim() ?? "";
    // The standard itself has `C6a4Label` for `c6a4`.
    const value = draft.fields[key] ?? draft.fields[key.toLowerCase()];
    if (typeof value === "string" && label !== "") putNewField(draft, label, value);
  }
}

const BARE =
  /^\ufeff? ?[01]\|[^|=\n]{1,128}\|[^|=\n]{1,128}\|[^|=\n]{0,64}\|[^|\n]{1,256}\|[^|\n]{1,512}\| ?(?:\d{1,2}|[A-Za-z-]{3,13}) ?\|/;

/** Says whether a record lost its `CEF:`, which a syslog server takes for the name of a program. */
export function isBare(text: string): boolean {
  const first = text.charCodeAt(0);
  return (first <= 0x20 || first === 0x30 || first === 0x31 || first === 0xfeff) && BARE.test(text);
}

/** Where the record begins: `CEF:` and its version, at the start or after a syslog header; -1 when nowhere. */
function cefAt(text: string): number {
  if (isBare(text)) return 0;
  let at = text.indexOf("CEF:");
  while (at >= 0) {
    let digit = at + 4;
    if (text.charCodeAt(digit) === 0x20) digit++;
    if (text.charCodeAt(digit) >= 0x30 && text.charCodeAt(digit) <= 0x39) return at;
    at = text.indexOf("CEF:", at + 4);
  }
  return -1;
}
