import { isIP } from "node:net";
import { type DateContext, type DateRead, instantFromEpoch, readDate } from "../read-date.ts";
import { priorityOf, severityNamed } from "./priority-of.ts";
import { readCisco } from "./read-cisco.ts";
import { readHuawei } from "./read-huawei.ts";
import { readTag } from "./read-tag.ts";
import type { SyslogHeader } from "./syslog-header.ts";

const LONGEST_HOST = 255;
const FORWARDED = "Message forwarded from ";

/**
 * Reads an RFC 3164 header as devices really write it: each part may be missing, dates take many shapes.
 *
 * Without a date there is no header but perhaps a tag (RFC 3164 4.3.3), `<13>su: failed`, or a host before one.
 */
export function readRfc3164(text: string, from: number, header: SyslogHeader, context: DateContext): void {
  let at = skipBlanks(text, from);
  const first = text.charCodeAt(at);
  const date = readDate(text, first === 0x2a || first === 0x2e ? at + 1 : at, context) ?? readEpoch(text, at);
  if (date === undefined) {
    header.body = readHuawei(text, at, header) ?? readDateless(text, at, header);
    return;
  }
  header.instant = date.instant;
  const start = at;
  at = date.end;
  if (text.charCodeAt(at) === 0x3a || text.charCodeAt(at) === 0x2c) at++;
  at = skipBlanks(text, at);
  if (readCisco(text, at, header, context)) return;
  const own = header.priority === undefined ? NAMED.exec(text.slice(at, at + 192)) : null;
  if (own !== null) {
    header.appname = "named";
    if (own[1] !== undefined) header.severity = severityNamed(own[1]) ?? 7;
    header.body = at + own[0].length;
    return;
  }
  at = readNamedPriority(text, at, header);
  if (text.startsWith(FORWARDED, at)) at += FORWARDED.length;
  const end = hostEnd(text, at);
  const level = header.priority === undefined && end > at ? levelAt(text, at, end) : undefined;
  if (level !== undefined) {
    header.severity = level;
    header.body = at;
    return;
  }
  if (end > at && !isRepetition(text, at)) {
    const host = at;
    header.hostname = bare(text, at, end);
    at = skipBlanks(text, end);
    if (text.charCodeAt(at) === 0x3a && text.charCodeAt(at + 1) === 0x20) at += 2;
    at = readSecondDate(text, at, header, context);
    if (readCisco(text, at, header, context)) return;
    const huawei = readHuawei(text, at, header);
    if (huawei !== undefined) {
      header.body = huawei;
      return;
    }
    at = readBeforeTag(text, at, header, context);
    header.body = readTag(text, at, header);
    if (header.body === at && header.priority === undefined && isOwnDate(text, start, date.end)) {
      if (!beginsMessage(text, host, end, at)) return;
      header.hostname = undefined;
      header.body = host;
    }
    return;
  }
  header.body = readTag(text, at, header);
}

/** `queries: info: client 192.0.2.30#53124 `, as BIND's own files have it after the date; its category and level are optional. */
const NAMED =
  /^(?:[a-z][a-z-]{2,31}: )?(?:(critical|error|warning|notice|info|debug)(?: \d{1,3})?: )?(?=client (?:@0x[\da-f]{1,16} )?[\da-f.:]{2,45}#\d{1,5}[ :])/;

/** `warning vpxd[07879] [Originator@6876 `, as VMware's own files have it after the date. */
const VMWARE = /^(?:trivia|verbose|info|warning|error|panic) [\w.-]{1,64}\[\d{1,10}\] \[Originator@6876 /;

/** The severity that a program's own file has where a host would be: `INFO`, `WARN`. */
function levelAt(text: string, from: number, to: number): number | undefined {
  if (VMWARE.test(text.slice(from, from + 128))) return severityNamed(text.slice(from, to)) ?? 7;
  if (to - from < 4 || to - from > 8 || !isUpper(text.charCodeAt(from)) || !isUpper(text.charCodeAt(to - 1)))
    return undefined;
  const word = text.slice(from, to);
  return word === word.toUpperCase() ? severityNamed(word) : undefined;
}

function isUpper(code: number): boolean {
  return code >= 0x41 && code <= 0x5a;
}

/** Says whether a date is as programs write it in their own files, where no host follows. */
function isOwnDate(text: string, from: number, end: number): boolean {
  if (/[AP]\.?M\.?$/i.test(text.slice(end - 4, end))) return true;
  if (!isDigit(text.charCodeAt(from))) return false;
  const between = text.charCodeAt(from + (isDigit(text.charCodeAt(from + 4)) ? 8 : 10));
  return between === 0x20 || between === 0x09;
}

/** Says whether a word after such a date begins the message: it looks like no host, and no payload comes after it. */
function beginsMessage(text: string, from: number, to: number, next: number): boolean {
  if (!/^(?:[A-Za-z_]+|[a-z]+(?:\.\w+){2,}|\d{1,3}(?:\.\d{1,3}){3}:\d{1,5})$/.test(text.slice(from, to)))
    return false;
  return !/^(?:[{<@%]|CEF:|LEEF:|\w{1,64}=)/.test(text.slice(next, next + 66));
}

/** Reads the date again, as NX-OS has it after a relay's header: `10.0.0.1 : 2023 May  2 15:21:27.206 UTC: `. */
function readSecondDate(text: string, from: number, header: SyslogHeader, context: DateContext): number {
  const month = isDigit(text.charCodeAt(from)) ? from + 5 : from;
  if (text.charCodeAt(month + 3) !== 0x20 || !/^[A-Z][a-z]{2}$/.test(text.slice(month, month + 3)))
    return from;
  const date = readDate(text, from, context);
  if (date === undefined || !text.startsWith(": ", date.end)) return from;
  header.instant = date.instant;
  return date.end + 2;
}

/** `last message repeated 3 times`, `--- last message repeated 1 time ---` where a host should be. */
function isRepetition(text: string, at: number): boolean {
  const first = text.charCodeAt(at);
  return first === 0x2d
    ? text.startsWith("---", at)
    : first === 0x6c && text.startsWith("last message repeated", at);
}

/** `<auth.notice>` as FreeBSD's syslogd -v writes it, `Local4.Warning` and a tab as Kiwi does. */
function readNamedPriority(text: string, from: number, header: SyslogHeader): number {
  const angled = text.charCodeAt(from) === 0x3c;
  if (!angled && text.charCodeAt(from - 1) !== 0x09) return from;
  const start = angled ? from + 1 : from;
  let end = start;
  while (end - start < 24 && isNameCode(text.charCodeAt(end))) end++;
  const mark = text.charCodeAt(end);
  if (mark !== (angled ? 0x3e : 0x09)) return from;
  const priority = priorityOf(text.slice(start, end));
  if (priority === undefined) return from;
  header.priority ??= priority;
  return skipBlanks(text, end + 1);
}

/** `1563249630.774247467`: seconds or milliseconds since 1970 as a token of its own. */
function readEpoch(text: string, from: number): DateRead | undefined {
  const first = text.charCodeAt(from);
  if (first < 0x31 || first > 0x39) return undefined;
  let end = from + 1;
  while (end - from <= 13 && isDigit(text.charCodeAt(end))) end++;
  const digits = end - from;
  // Nine digits are of before 2001, where some clocks begin; a fraction tells them from a number.
  if (digits < 9 || digits > 13 || (digits === 9 && text.charCodeAt(end) !== 0x2e)) return undefined;
  if (text.charCodeAt(end) === 0x2e) {
    const point = end++;
    while (end - point <= 9 && isDigit(text.charCodeAt(end))) end++;
  }
  const mark = text.charCodeAt(end);
  if (mark !== 0x20 && mark !== 0x09) return undefined;
  const instant = instantFromEpoch(text.slice(from, end));
  return instant === undefined ? undefined : { instant, end };
}

/** A tag, or a host before a tag that has a process number or a payload after it: `<14>host app[7]: x`. */
function readDateless(text: string, from: number, header: SyslogHeader): number {
  const body = readTag(text, from, header);
  if (body !== from || header.priority === undefined) return body;
  const end = hostEnd(text, from);
  if (end === from) return from;
  const tag = skipBlanks(text, end);
  const after = readTag(text, tag, header);
  const sure =
    after > tag &&
    (/^\d+$/.test(header.procid ?? "") || /^(?:[{]|CEF:|LEEF:|@cee:)/.test(text.slice(after, after + 5)));
  if (!sure) {
    header.appname = header.procid = undefined;
    return from;
  }
  header.hostname = bare(text, from, end);
  return after;
}

/** The end of a host at `from`; `from` when what stands there is a tag, or no name a host could have. */
function hostEnd(text: string, from: number): number {
  let colons = 0;
  let lastColon = -1;
  let at = from;
  const limit = Math.min(text.length, from + LONGEST_HOST + 1);
  for (; at < limit; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x20 || code === 0x09) break;
    if (code === 0x3a) {
      colons++;
      lastColon = at;
    } else if (code === 0x5b && at > from) return from;
    else if (code === 0x2c) return unifiEnd(text, from);
    else if (!isHostCode(code)) return from;
  }
  // A lone last word is the message.
  if (at >= limit || at === from) return from;
  if (text.charCodeAt(from) === 0x5b) return isIP(text.slice(from + 1, at - 1)) === 0 ? from : at;
  if (colons === 0) return at;
  if (colons === 1) {
    // `10.0.0.1:514` is a host with its port, `su:` is a tag.
    return lastColon < at - 1 && isIP(text.slice(from, lastColon)) === 4 ? at : from;
  }
  const token = text.slice(from, at);
  const percent = token.indexOf("%");
  return isIP(percent < 0 ? token : token.slice(0, percent)) === 6 ? at : from;
}

/** `UDMPRO,0a1b2c3d4e5f,udm-1.10.0.3686`, or without a name: what UniFi devices put where the host is. */
const UNIFI = /(?:[\w.-]{1,64},)?[0-9a-f]{12},(?:v|[a-z]{1,12}-)?\d{1,3}\.[\w.-]{1,40}(?=:? )/y;

function unifiEnd(text: string, from: number): number {
  UNIFI.lastIndex = from;
  return UNIFI.test(text) ? UNIFI.lastIndex : from;
}

function bare(text: string, from: number, to: number): string {
  if (text.charCodeAt(from) === 0x5b) return text.slice(from + 1, to - 1);
  const word = text.slice(from, to);
  const comma = word.indexOf(",");
  return comma < 0 ? word : word.slice(0, comma);
}

/**
 * Passes over what some devices put between host and tag; `from` when there is nothing of the kind.
 *
 * An address (RFC 3164 5.4, example 4), a severity (F5: `info tmm[1]:`), a facility and a severity (BusyBox:
 * `user.info kernel:`), an event number (ProCurve: `00076 ports:`), a serial number and a date in parentheses
 * (WatchGuard: `80B60280F3C00 (2013-10-17T12:00:00) firewall:`).
 */
function readBeforeTag(text: string, from: number, header: SyslogHeader, context: DateContext): number {
  const end = text.indexOf(" ", from);
  if (end < from + 3 || end > from + 45 || text.charCodeAt(end - 1) === 0x3a) return from;
  const next = skipBlanks(text, end);
  if (text.charCodeAt(next) === 0x28) {
    const serial = /^[0-9A-Z]{8,20}$/.test(text.slice(from, end));
    return (serial ? readParenthesised(text, next, header, context) : undefined) ?? from;
  }
  if (isDigit(text.charCodeAt(from))) {
    const word = text.slice(from, end);
    const address = isIP(word) !== 0;
    if ((!address && !/^\d{5}$/.test(word)) || readTag(text, next, header) === next) return from;
    if (address) header.address = word;
    else header.msgid = word;
    return next;
  }
  if (end > from + 24) return from;
  const word = text.slice(from, end);
  const priority = priorityOf(word);
  const severity = priority === undefined ? severityNamed(word) : undefined;
  if ((priority === undefined && severity === undefined) || readTag(text, next, header) === next) return from;
  header.priority ??= priority;
  header.severity = severity;
  return next;
}

function readParenthesised(
  text: string,
  from: number,
  header: SyslogHeader,
  context: DateContext,
): number | undefined {
  const date = readDate(text, from + 1, context);
  if (date === undefined || text.charCodeAt(date.end) !== 0x29) return undefined;
  header.instant = date.instant;
  return skipBlanks(text, date.end + 1);
}

function skipBlanks(text: string, from: number): number {
  let at = from;
  while (text.charCodeAt(at) === 0x20 || text.charCodeAt(at) === 0x09) at++;
  return at;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

/** Letters, digits and the point of a facility and a severity. */
function isNameCode(code: number): boolean {
  const lower = code | 0x20;
  return (lower >= 0x61 && lower <= 0x7a) || isDigit(code) || code === 0x2e;
}

const HOST_TABLE = Uint8Array.from({ length: 128 }, (_, code) =>
  /[A-Za-z0-9._:%/@~#+\-[\]]/.test(String.fromCharCode(code)) ? 1 : 0,
);

function isHostCode(code: number): boolean {
  return code > 0x7f || HOST_TABLE[code] === 1;
}
