import type { Alert } from "../../../agent/core/alert.ts";
import type { ParseContext, Parsed } from "../../contract.ts";
import { clip, type Draft, finish, newDraft, putField, putNewField } from "../../shared/draft.ts";
import { riskOfWord } from "../../shared/severity.ts";
import { readHeader } from "../../shared/syslog/read-header.ts";
import { writeHeader } from "../../shared/syslog/write-header.ts";
import { readExtension } from "./extension.ts";
import { type CefTimes, writeKnown } from "./known-keys.ts";

const HEADER_FIELDS = 7;

/**
 * Reads one CEF record (ArcSight Common Event Format, versions 0 and 1), alone or after a syslog header.
 *
 * Errors: `empty`, `not_cef` (no `CEF:` anywhere), `bad_header` (fewer than its seven fields; the alert has the text).
 */
export function parseCef(text: string, context: ParseContext): Parsed {
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
  const body = readPipes(text, start + 4, header);
  const times: CefTimes = { receipt: undefined, start: undefined, end: undefined };
  const [, vendor = "", product = "", version = "", classId = "", name = "", severity = ""] = header;
  alert.observer = {};
  if (vendor !== "") alert.observer.vendor = clip(draft, vendor);
  if (product !== "") alert.observer.product = clip(draft, product);
  if (version !== "") alert.observer.version = clip(draft, version);
  if (classId !== "") event.code = clip(draft, classId);
  writeSeverity(draft, severity.trim());
  if (name !== "") putField(draft, "name", name);
  const labels: [string, string][] = [];
  readExtension(text, body, (key, value) => {
    putField(draft, key, value);
    writeKnown(draft, key, value, times, context);
    if (key.endsWith("Label") && key.length > 5) labels.push([key.slice(0, -5), value]);
  });
  for (const [key, label] of labels) {
    const value = draft.fields[key];
    if (value !== undefined && label !== "" && label !== "__proto__") putNewField(draft, label, value);
  }
  const whole = header.length === HEADER_FIELDS;
  const message = whole ? name : text.slice(start);
  if (alert.message === undefined && message !== "") alert.message = clip(draft, message);
  withSyslog(draft, text, start, context, times);
  if (whole) return { alert };
  const missing = `the CEF header has ${header.length} of its ${HEADER_FIELDS} fields`;
  return { alert, error: { code: "bad_header", message: missing } };
}

/** Where the record begins: `CEF:` and its version, at the start or after a syslog header; -1 when nowhere. */
export function cefAt(text: string): number {
  let at = text.indexOf("CEF:");
  while (at >= 0) {
    let digit = at + 4;
    if (text.charCodeAt(digit) === 0x20) digit++;
    if (text.charCodeAt(digit) >= 0x30 && text.charCodeAt(digit) <= 0x39) return at;
    at = text.indexOf("CEF:", at + 4);
  }
  return -1;
}

/** Reads the seven fields that pipes end; the index after them. */
function readPipes(text: string, from: number, header: string[]): number {
  let at = from;
  while (header.length < HEADER_FIELDS) {
    let pipe = text.indexOf("|", at);
    let escaped = false;
    while (pipe > at && isEscaped(text, pipe, at)) {
      escaped = true;
      pipe = text.indexOf("|", pipe + 1);
    }
    // The severity may end the record: then there is no extension.
    if (pipe < 0 && header.length === HEADER_FIELDS - 1) pipe = text.length;
    if (pipe < 0) return at;
    const raw = text.slice(at, pipe);
    header.push(escaped || raw.includes("\\") ? raw.replace(/\\([|\\])/g, "$1") : raw);
    at = pipe + 1;
  }
  return Math.min(at, text.length);
}

function isEscaped(text: string, pipe: number, from: number): boolean {
  let at = pipe;
  while (at > from && text.charCodeAt(at - 1) === 0x5c) at--;
  return (pipe - at) % 2 === 1;
}

/** CEF's words for its 0 to 10, as the number that begins their range. */
const SEVERITY_WORDS = new Map([
  ["unknown", 0],
  ["low", 0],
  ["medium", 4],
  ["high", 7],
  ["very-high", 9],
]);

function writeSeverity(draft: Draft, text: string): void {
  if (text === "") return;
  putField(draft, "severity", text);
  const number = /^\d{1,2}(?:\.\d{1,3})?$/.test(text) ? Number(text) : undefined;
  if (number !== undefined && number <= 10) {
    draft.event.severity = number;
    draft.event.risk_score_norm = Math.round(number * 10);
    return;
  }
  const word = text.toLowerCase();
  const severity = SEVERITY_WORDS.get(word);
  if (severity !== undefined) draft.event.severity = severity;
  const risk = riskOfWord(word);
  if (risk !== undefined) draft.event.risk_score_norm = risk;
}

/**
 * Puts a syslog header around the record, if there is one, then its time and its host.
 *
 * The concerned host is the reporting device's name, else the syslog host, else the device's address, else the
 * target, else the source: an endpoint product reports itself, a collector only relays.
 */
function withSyslog(draft: Draft, text: string, start: number, context: ParseContext, times: CefTimes): void {
  const { alert } = draft;
  let instant = times.receipt ?? times.start ?? times.end;
  const observer = alert.observer ?? {};
  if (observer.hostname !== undefined) putHost(alert, observer.hostname, observer.ip?.[0]);
  if (start > 0) {
    const header = readHeader(text.slice(0, start), context);
    instant ??= header.instant;
    writeHeader(draft, header, { ...context, peer: undefined });
  }
  const host = observer.ip?.[0] ?? alert.destination?.domain ?? alert.source?.domain;
  if (alert.host?.name === undefined && host !== undefined) putHost(alert, host, observer.ip?.[0]);
  finish(draft, instant, context);
}

function putHost(alert: Alert, name: string, ip: string | undefined): void {
  alert.host = { ...alert.host, name };
  if (name !== ip) alert.host.hostname = name;
  if (ip !== undefined) alert.host.ip = [ip];
}
