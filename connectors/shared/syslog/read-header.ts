import type { DateContext } from "../read-date.ts";
import { readCisco } from "./read-cisco.ts";
import { readRfc3164 } from "./read-rfc3164.ts";
import { readRfc5424 } from "./read-rfc5424.ts";
import type { SyslogHeader } from "./syslog-header.ts";

/**
 * Reads the header of one syslog record, as far as it goes; total and linear.
 *
 * RFC 5424 and RFC 3164 are told apart by the record itself; the priority may be missing, as in files.
 */
export function readHeader(text: string, context: DateContext): SyslogHeader {
  const header: SyslogHeader = {
    form: "rfc3164",
    priority: undefined,
    oddPriority: undefined,
    version: undefined,
    instant: undefined,
    hostname: undefined,
    address: undefined,
    appname: undefined,
    procid: undefined,
    msgid: undefined,
    structuredData: undefined,
    cisco: undefined,
    sequence: undefined,
    body: 0,
  };
  let at = 0;
  // A file may begin with a byte-order mark, a datagram with the end of the last line.
  while (at < text.length && isBlank(text.charCodeAt(at))) at++;
  header.body = at;
  if (text.charCodeAt(at) === 0x3c) at = readPriority(text, at, header, context);
  header.body = at;
  if (readRfc5424(text, at, header, context)) return header;
  // A version before a header of the older kind, as Meraki and Check Point write it.
  if (text.startsWith("1 ", at) && text.charCodeAt(at + 2) >= 0x30 && text.charCodeAt(at + 2) <= 0x39) {
    const before = header.body;
    header.body = at + 2;
    readRfc3164(text, at + 2, header, context);
    if (header.instant !== undefined) {
      header.version = "1";
      return header;
    }
    header.body = before;
    header.hostname = header.appname = header.procid = header.address = undefined;
  }
  if (!readCisco(text, at, header, context)) readRfc3164(text, at, header, context);
  return header;
}

/** Reads `<PRI>`; an odd one is kept aside, and is text unless a number or a date says that it was meant. */
function readPriority(text: string, from: number, header: SyslogHeader, context: DateContext): number {
  const end = text.indexOf(">", from);
  if (end < 0 || end - from > 11) return from;
  let value = 0;
  let numeric = end > from + 1;
  for (let i = from + 1; i < end; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) {
      numeric = false;
      break;
    }
    value = value * 10 + digit;
  }
  if (numeric && value <= 191 && end - from <= 4) {
    header.priority = value;
    return end + 1;
  }
  if (!numeric) {
    const trial: SyslogHeader = { ...header };
    if (!readRfc5424(text, end + 1, trial, context)) readRfc3164(text, end + 1, trial, context);
    if (trial.instant === undefined) return from;
  }
  header.oddPriority = text.slice(from + 1, end);
  return end + 1;
}

function isBlank(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d) || code === 0xfeff || code === 0;
}
