import { type Alert, ECS_VERSION } from "../../../agent/core/alert.ts";
import { type Instant, MICROSECONDS } from "../../../agent/core/clock.ts";
import type { ParseContext } from "../../contract.ts";
import { isAddress } from "../../shared/address.ts";
import { hasReader } from "../../shared/bodies/read-body.ts";
import { isoOf } from "../../shared/iso-of.ts";
import { ownText } from "../../shared/own-text.ts";
import { readDate } from "../../shared/read-date.ts";
import { readIsoDate } from "../../shared/read-iso-date.ts";
import { SEVERITY_NAMES, SEVERITY_RISKS } from "../../shared/severity.ts";
import { FACILITY_NAMES } from "../../shared/syslog/priority-of.ts";
import type { Payloads } from "./payloads.ts";
import { pidOf } from "./pid-of.ts";

type Syslog = NonNullable<NonNullable<Alert["log"]>["syslog"]>;

/** Longer records are cut somewhere, perhaps. */
const LONGEST = 2048;
/** A host, a program or an identifier that nothing else could be meant by. */
const LONGEST_NAME = 64;
const [SPACE, COLON, LESS, MORE, OPEN, DASH, ZERO] = [0x20, 0x3a, 0x3c, 0x3e, 0x5b, 0x2d, 0x30] as const;

/** By character: 1 in a name of a host or a program, 2 in a message that is no other format either. */
const KINDS = kindsOf();

function kindsOf(): Uint8Array {
  const kinds = new Uint8Array(128).fill(0);
  for (let code = 0x20; code < 0x7f; code++) kinds[code] = 2;
  for (const sign of '="%<>[]{}|\\#') kinds[sign.charCodeAt(0)] = 0;
  for (const sign of "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_")
    kinds[sign.charCodeAt(0)] = 3;
  return kinds;
}

/**
 * Reads a record that is just as RFC 5424 (without structured data) or RFC 3164 have it, by a program that has no reader
 * of its own, with a text that nothing hides in: most of what a network sends, read several times quicker. Undefined
 * for any other, and never anything else than the whole reading would give.
 */
export function readPlain(text: string, context: ParseContext, payloads: Payloads): Alert | undefined {
  const { length } = text;
  if (length > LONGEST || text.charCodeAt(0) !== LESS) return undefined;
  let at = 1;
  let priority = 0;
  for (; at < 4; at++) {
    const digit = text.charCodeAt(at) - ZERO;
    if (!(digit >= 0 && digit <= 9)) break;
    priority = priority * 10 + digit;
  }
  if (at === 1 || priority > 191 || text.charCodeAt(at) !== MORE) return undefined;
  at++;
  return text.charCodeAt(at) === 0x31 && text.charCodeAt(at + 1) === SPACE
    ? read5424(text, at + 2, priority, payloads)
    : read3164(text, at, priority, context, payloads);
}

function read5424(text: string, from: number, priority: number, payloads: Payloads): Alert | undefined {
  const timeEnd = text.indexOf(" ", from);
  if (timeEnd < 0) return undefined;
  const instant = readIsoDate(text.slice(from, timeEnd));
  if (instant === undefined) return undefined;
  const hostEnd = nameEnd(text, timeEnd + 1);
  const appEnd = nameEnd(text, hostEnd + 1);
  const procEnd = nameEnd(text, appEnd + 1);
  const idEnd = nameEnd(text, procEnd + 1);
  if (hostEnd < 0 || appEnd < 0 || procEnd < 0 || idEnd < 0) return undefined;
  if (text.charCodeAt(idEnd + 1) !== DASH || text.charCodeAt(idEnd + 2) !== SPACE) return undefined;
  const hostname = token(text, timeEnd + 1, hostEnd);
  const appname = token(text, hostEnd + 1, appEnd);
  if (hostname === undefined || appname === undefined) return undefined;
  const message = messageAt(text, idEnd + 3, payloads);
  if (message === undefined || hasReader(appname, message)) return undefined;
  const syslog = syslogOf(priority);
  syslog.version = "1";
  syslog.hostname = hostname;
  syslog.appname = appname;
  const procid = token(text, appEnd + 1, procEnd);
  const msgid = token(text, procEnd + 1, idEnd);
  if (procid !== undefined) syslog.procid = procid;
  if (msgid !== undefined) syslog.msgid = msgid;
  return alertOf(text, { at: isoOf(instant), dataset: "syslog.rfc5424", message, syslog });
}

function read3164(
  text: string,
  from: number,
  priority: number,
  context: ParseContext,
  payloads: Payloads,
): Alert | undefined {
  // `Mmm dd hh:mm:ss `: what else a date may be is not looked for here.
  if (text.charCodeAt(from) < 0x41 || text.charCodeAt(from + 6) !== SPACE) return undefined;
  const dateEnd = from + 15;
  if (text.charCodeAt(dateEnd) !== SPACE) return undefined;
  const instant = instantAt(text, from, context);
  if (instant === undefined) return undefined;
  const hostEnd = nameEnd(text, dateEnd + 1);
  if (hostEnd < 0 || !isHost(text, dateEnd + 1, hostEnd)) return undefined;
  const appEnd = runEnd(text, hostEnd + 1);
  if (appEnd === hostEnd + 1 || appEnd - hostEnd > LONGEST_NAME || !isLetter(text.charCodeAt(hostEnd + 1)))
    return undefined;
  let at = appEnd;
  let procid: string | undefined;
  if (text.charCodeAt(at) === OPEN) {
    const close = text.indexOf("]", at);
    if (close < at + 2 || close > at + 8 || pidOf(text, at + 1, close) === undefined) return undefined;
    procid = text.slice(at + 1, close);
    at = close + 1;
  }
  if (text.charCodeAt(at) !== COLON || text.charCodeAt(at + 1) !== SPACE) return undefined;
  const appname = text.slice(hostEnd + 1, appEnd);
  const message = messageAt(text, at + 2, payloads);
  if (message === undefined || hasReader(appname, message)) return undefined;
  const syslog = syslogOf(priority);
  syslog.hostname = text.slice(dateEnd + 1, hostEnd);
  syslog.appname = appname;
  if (procid !== undefined) syslog.procid = procid;
  return alertOf(text, { at: isoOf(instant), dataset: "syslog.rfc3164", message, syslog });
}

/** The date read last: records come by the hundred in one second. */
let last: { text: string; context: ParseContext; instant: Instant } | undefined;
/** So long after a date, the same date without a year is still of the same year. */
const SAME_YEAR = 330 * MICROSECONDS.day;

/** Reads the 15 characters of a date without year; undefined when they are none. */
function instantAt(text: string, from: number, context: ParseContext): Instant | undefined {
  if (
    last !== undefined &&
    text.startsWith(last.text, from) &&
    context.zone === last.context.zone &&
    context.year === last.context.year &&
    context.received >= last.context.received &&
    context.received < last.instant + SAME_YEAR
  )
    return last.instant;
  const date = readDate(text, from, context);
  if (date === undefined || date.end !== from + 15) return undefined;
  last = { text: ownText(text.slice(from, date.end)), context, instant: date.instant };
  return date.instant;
}

function syslogOf(priority: number): Syslog {
  const code = priority & 7;
  const facility = priority >> 3;
  return {
    priority,
    facility: { code: facility, name: FACILITY_NAMES[facility] ?? "" },
    severity: { code, name: SEVERITY_NAMES[code] as string },
  };
}

interface Parts {
  at: string;
  dataset: string;
  message: string;
  syslog: Syslog;
}

function alertOf(original: string, { at, dataset, message, syslog }: Parts): Alert {
  const code = (syslog.priority as number) & 7;
  const host = syslog.hostname as string;
  const name = syslog.appname as string;
  const { procid } = syslog;
  const pid = procid === undefined ? undefined : pidOf(procid);
  return {
    "@timestamp": at,
    ecs: { version: ECS_VERSION },
    event: {
      original,
      module: "syslog",
      dataset,
      severity: code,
      risk_score_norm: SEVERITY_RISKS[code] as number,
    },
    message,
    log: { level: SEVERITY_NAMES[code] as string, syslog },
    host: isAddress(host) ? { name: host, ip: [host] } : { name: host, hostname: host },
    process: pid === undefined ? { name } : { name, pid },
  };
}

/** The rest of a record, when it begins with a letter and holds nothing that some format or reader looks for. */
function messageAt(text: string, from: number, payloads: Payloads): string | undefined {
  const first = text.charCodeAt(from);
  if (!isLetter(first)) return undefined;
  let before = 0;
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code < 128 ? ((KINDS[code] as number) & 2) === 0 : code === 0xfeff) return undefined;
    // `CEF:` and `LEEF:`, and what names a value.
    if (code === COLON && (before === 0x46 || before === COLON)) return undefined;
    before = code;
  }
  for (const { literal } of payloads.byFirst[first] ?? [])
    if (text.startsWith(literal, from)) return undefined;
  return text.slice(from);
}

/** Where a name ends at the next space; -1 when it is none, or too long. */
function nameEnd(text: string, from: number): number {
  const end = runEnd(text, from);
  return end > from && end - from <= LONGEST_NAME && text.charCodeAt(end) === SPACE ? end : -1;
}

function runEnd(text: string, from: number): number {
  let at = from;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code >= 128 || ((KINDS[code] as number) & 1) === 0) break;
  }
  return at;
}

/** A word of capitals may be a severity, and a word that ends a sentence is no host. */
function isHost(text: string, from: number, to: number): boolean {
  for (let at = from; at < to; at++) {
    const code = text.charCodeAt(at);
    if ((code >= ZERO && code <= 0x39) || code === DASH) return true;
  }
  return false;
}

function token(text: string, from: number, to: number): string | undefined {
  return to === from + 1 && text.charCodeAt(from) === DASH ? undefined : text.slice(from, to);
}

function isLetter(code: number): boolean {
  const small = code | 0x20;
  return small >= 0x61 && small <= 0x7a;
}
