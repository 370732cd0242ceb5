import { isAddress } from "../address.ts";
import { type DateContext, readDate } from "../read-date.ts";
import { readCisco } from "./read-cisco.ts";
import { readRfc3164 } from "./read-rfc3164.ts";
import { readRfc5424 } from "./read-rfc5424.ts";
import { emptyHeader, type SyslogHeader } from "./syslog-header.ts";

/** Relays that each put a header of their own before the record. */
const MOST_RELAYS = 3;

/**
 * Reads the header of one syslog record, as far as it goes; total and linear.
 *
 * RFC 5424 and RFC 3164 are told apart by the record itself; the priority may be missing, as in files. Of a header
 * within a header, as relays make them, the inner one stands: it is nearer to the event.
 */
export function readHeader(text: string, context: DateContext): SyslogHeader {
  let at = 0;
  // A file may begin with a byte-order mark, a datagram with the end of the last line.
  while (at < text.length && isBlank(text.charCodeAt(at))) at++;
  let header = readFrom(text, at, context);
  for (let relays = 0; relays < MOST_RELAYS; relays++) {
    const inner = readInner(text, header, context);
    if (inner === undefined) break;
    header = inner;
  }
  return header;
}

function readFrom(text: string, from: number, context: DateContext): SyslogHeader {
  const header = emptyHeader();
  let at = from;
  if (text.charCodeAt(at) === 0x3c) {
    at = readPriority(text, at, header, context);
    while (text.charCodeAt(at) === 0x20) at++;
    at = readOrigin(text, at, header);
  }
  header.body = at;
  if (readRfc5424(text, at, header, context)) return header;
  // A version before a header of the older kind, as Meraki and Check Point write it.
  if (text.charCodeAt(at) === 0x31 && text.charCodeAt(at + 1) === 0x20) {
    const trial = { ...header };
    readRfc3164(text, at + 2, trial, context);
    if (trial.instant !== undefined) {
      trial.version = "1";
      return trial;
    }
  }
  if (!readCisco(text, at, header, context)) readRfc3164(text, at, header, context);
  return header;
}

const ORIGIN = "Original Address=";

/** Passes over the sender's address that Kiwi Syslog Server puts before what it forwards. */
function readOrigin(text: string, from: number, header: SyslogHeader): number {
  if (text.charCodeAt(from) !== 0x4f || !text.startsWith(ORIGIN, from)) return from;
  const end = text.indexOf(" ", from + ORIGIN.length);
  const address = end < 0 ? "" : text.slice(from + ORIGIN.length, end);
  if (!isAddress(address)) return from;
  header.address = address;
  return end + 1;
}

/** The header that the message of another begins with; undefined when it begins with none. */
function readInner(text: string, outer: SyslogHeader, context: DateContext): SyslogHeader | undefined {
  const at = outer.body;
  const first = text.charCodeAt(at);
  let inner: SyslogHeader | undefined;
  if (first === 0x3c) {
    if (!isDigit(text.charCodeAt(at + 1))) return undefined;
    inner = readFrom(text, at, context);
    if (inner.priority === undefined || (inner.instant === undefined && inner.form === "rfc3164"))
      return undefined;
  } else if (first === 0x31 && text.charCodeAt(at + 1) === 0x20) {
    inner = emptyHeader();
    inner.body = at;
    // Meraki's own header has seconds since 1970 for a date.
    if (!readRfc5424(text, at, inner, context) && isDigit(text.charCodeAt(at + 2))) {
      readRfc3164(text, at + 2, inner, context);
      inner.version = "1";
    }
    if (inner.instant === undefined) return undefined;
  } else if (outer.form === "rfc5424") {
    // A Cisco device's own header, behind one that a relay made.
    inner = emptyHeader();
    if (!mayBeCisco(text, at) || !readCisco(text, at, inner, context) || inner.mnemonic === undefined)
      return undefined;
    inner.priority = outer.priority;
  } else if (isDigit(first) && text.charCodeAt(at + 4) === 0x2d && text.charCodeAt(at + 10) === 0x54) {
    inner = emptyHeader();
    if (!readRfc5424(text, at, inner, context)) return undefined;
  } else if (outer.form === "rfc3164" && outer.appname === undefined && outer.hostname !== undefined) {
    // Only the same host again tells a second header from a message that begins with a date.
    const date = readDate(text, at, context);
    if (date === undefined || !text.startsWith(outer.hostname, date.end + 1)) return undefined;
    inner = emptyHeader();
    readRfc3164(text, at, inner, context);
  }
  if (inner === undefined || inner.body <= at) return undefined;
  inner.priority ??= outer.priority;
  inner.instant ??= outer.instant;
  if (inner.hostname === undefined) inner.hostname = outer.hostname;
  else if (outer.hostname !== inner.hostname) inner.relay = outer.relay ?? outer.hostname;
  return inner;
}

/** A cheap look: a percent sign and a letter before the message goes on for long. */
function mayBeCisco(text: string, from: number): boolean {
  const percent = text.indexOf("%", from);
  return percent >= 0 && percent - from <= 128;
}

/** Reads `<PRI>`; an odd one is kept aside, and is text unless a number or a date says that it was meant. */
function readPriority(text: string, from: number, header: SyslogHeader, context: DateContext): number {
  let at = from + 1;
  while (text.charCodeAt(at) === 0x20) at++;
  const start = at;
  let value = 0;
  while (at - start < 3 && isDigit(text.charCodeAt(at))) value = value * 10 + text.charCodeAt(at++) - 0x30;
  if (at > start && value <= 191) {
    while (text.charCodeAt(at) === 0x20) at++;
    if (text.charCodeAt(at) === 0x3e && at - from < 12) {
      header.priority = value;
      return at + 1;
    }
  }
  const end = text.slice(from, from + 12).indexOf(">") + from;
  if (end <= from) return from;
  const odd = text.slice(from + 1, end);
  if (!/^\d+$/.test(odd)) {
    const trial = emptyHeader();
    if (!readRfc5424(text, end + 1, trial, context)) readRfc3164(text, end + 1, trial, context);
    if (trial.instant === undefined) return from;
  }
  header.oddPriority = odd;
  return end + 1;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function isBlank(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d) || code === 0xfeff || code === 0;
}
