import { ALERT_LIMITS } from "../../../agent/core/alert.ts";
import { keyTable } from "../key-table.ts";
import { type DateContext, readDate } from "../read-date.ts";
import { readTag } from "./read-tag.ts";
import type { StructuredData, SyslogHeader } from "./syslog-header.ts";

/**
 * Reads an RFC 5424 header that begins with its version; false, with nothing read, when it is not one.
 *
 * What follows the timestamp is read as far as it goes: senders leave out the structured data, or more.
 */
export function readRfc5424(text: string, from: number, header: SyslogHeader, context: DateContext): boolean {
  let at = from;
  while (isDigit(text.charCodeAt(at)) && at - from < 3) at++;
  if (at - from === 3 && isDigit(text.charCodeAt(at))) return readUnversioned(text, from, header, context);
  if (at === from || text.charCodeAt(from) === 0x30 || text.charCodeAt(at) !== 0x20) return false;
  const versionEnd = at;
  at = skipSpaces(text, at);
  const time = timestampAt(text, at, context);
  if (time === undefined) return false;
  at = skipSpaces(text, time.end);
  const hostEnd = tokenEnd(text, at);
  const afterHost = skipSpaces(text, hostEnd);
  if (time.older && !isFramed(text, afterHost)) return false;
  header.form = "rfc5424";
  header.version = text.slice(from, versionEnd);
  header.instant = time.instant;
  header.hostname = token(text, at, hostEnd);
  header.body = readAfterHost(text, afterHost, header);
  return true;
}

/** What follows the host in a header whose parts are all there, as far as it tells RFC 5424 without its version. */
const WHOLE =
  /[^\s:[\]]{1,64} (?:-|\d{1,10}) (?:-|[\w.-]{1,64}) (?:-(?: |$)|\[[\w.@-]{1,64}(?: [\w.@-]{1,64}="|\]))/y;

/** Reads a header that lost `<priority>version`, as templates of relays and collectors leave it. */
function readUnversioned(text: string, from: number, header: SyslogHeader, context: DateContext): boolean {
  if (text.charCodeAt(from + 4) !== 0x2d || text.charCodeAt(from + 10) !== 0x54) return false;
  const date = readDate(text, from, context);
  if (date === undefined || text.charCodeAt(date.end) !== 0x20) return false;
  const hostEnd = tokenEnd(text, date.end + 1);
  WHOLE.lastIndex = hostEnd + 1;
  if (!WHOLE.test(text)) return false;
  header.form = "rfc5424";
  header.instant = date.instant;
  header.hostname = token(text, date.end + 1, hostEnd);
  header.body = readAfterHost(text, hostEnd + 1, header);
  return true;
}

/** Reads application, process, message id and structured data; the index where the message begins. */
function readAfterHost(text: string, from: number, header: SyslogHeader): number {
  // JSON, CEF or LEEF where the application should be named: there is neither application nor the rest.
  const first = text.charCodeAt(from);
  if (first === 0x7b || (first === 0x43 && text.startsWith("CEF:", from))) return from;
  if (first === 0x4c && text.startsWith("LEEF:", from)) return from;
  const appEnd = tokenEnd(text, from);
  const procAt = skipSpaces(text, appEnd);
  const procEnd = tokenEnd(text, procAt);
  const idAt = skipSpaces(text, procEnd);
  const idEnd = tokenEnd(text, idAt);
  const at = skipSpaces(text, idEnd);
  // Structured data may stand where the message id should be.
  const early = text.charCodeAt(idAt) === 0x5b ? readData(text, idAt, header) : idAt;
  if (early > idAt || isNil(text, at) || text.charCodeAt(at) === 0x5b || at >= text.length) {
    header.appname = token(text, from, appEnd);
    header.procid = token(text, procAt, procEnd);
    if (early > idAt) return early;
    header.msgid = token(text, idAt, idEnd);
    const body = readData(text, at, header);
    // A bracket that opens no structured data, after a tag with its colon: the message has both.
    if (body > at || at >= text.length || text.charCodeAt(appEnd - 1) !== 0x3a) return body;
    header.appname = header.procid = header.msgid = undefined;
  }
  // No structured data, and the application ends with a colon: an older message under a newer date.
  if (text.charCodeAt(appEnd - 1) === 0x3a) return readTag(text, from, header);
  return readShort(text, { from, appEnd, procAt, procEnd, idAt, idEnd, at }, header);
}

/** Where the parts after the host begin and end. */
interface Parts {
  from: number;
  appEnd: number;
  procAt: number;
  procEnd: number;
  idAt: number;
  idEnd: number;
  at: number;
}

/** Without structured data each part counts only while it looks like one: the message may begin at any of them. */
function readShort(text: string, parts: Parts, header: SyslogHeader): number {
  header.appname = token(text, parts.from, parts.appEnd);
  const proc = token(text, parts.procAt, parts.procEnd);
  if (proc !== undefined && !/^\d{1,10}$/.test(proc)) return parts.procAt;
  header.procid = proc;
  const id = token(text, parts.idAt, parts.idEnd);
  if (id !== undefined && !/^[A-Z][A-Z0-9_.-]{1,31}$|^[A-Za-z_-]{0,16}\d{1,16}$/.test(id)) return parts.idAt;
  header.msgid = id;
  return parts.at;
}

/** Reads a NILVALUE or structured data and the blank after it; `from` when there is neither. */
function readData(text: string, from: number, header: SyslogHeader): number {
  let at = from;
  if (isNil(text, at)) at++;
  else if (text.charCodeAt(at) === 0x5b) at = readStructuredData(text, at, header);
  if (at > from && text.charCodeAt(at) === 0x20) at++;
  return text.charCodeAt(at) === 0xfeff ? at + 1 : at;
}

/** Says whether three tokens and a NILVALUE or structured data stand here, as RFC 5424 has them after the host. */
function isFramed(text: string, from: number): boolean {
  let at = from;
  for (let tokens = 0; tokens < 3; tokens++) at = skipSpaces(text, tokenEnd(text, at));
  return isNil(text, at) || text.charCodeAt(at) === 0x5b;
}

/** A NILVALUE, or an ISO date with `T` as a token of its own; one that no calendar has counts as none. */
function timestampAt(
  text: string,
  at: number,
  context: DateContext,
): { instant?: number; end: number; older?: boolean } | undefined {
  const first = text.charCodeAt(at);
  if (first === 0x2d) return isNil(text, at) ? { end: at + 1 } : undefined;
  if (!isDigit(first)) {
    // An RFC 3164 date under a version: only what follows tells whose header it is.
    const read = (first | 0x20) >= 0x61 ? readDate(text, at, context) : undefined;
    return read === undefined ? undefined : { instant: read.instant, end: read.end, older: true };
  }
  const tee = text.charCodeAt(at + 10) | 0x20;
  if (text.charCodeAt(at + 4) !== 0x2d || text.charCodeAt(at + 7) !== 0x2d || tee !== 0x74) {
    // `10-11-2003T22:14:15.003Z` is meant as a timestamp and is none.
    const stop = tokenEnd(text, at);
    return stop - at < 48 && /^[\d:.+-]+T\d\d:\d\d:[\d:.+Z-]+$/.test(text.slice(at, stop))
      ? { end: stop }
      : undefined;
  }
  const read = readDate(text, at, context);
  const end = read?.end ?? tokenEnd(text, at);
  if (read !== undefined && (end >= text.length || text.charCodeAt(end) === 0x20)) return read;
  return { end: tokenEnd(text, at) };
}

function isNil(text: string, at: number): boolean {
  return text.charCodeAt(at) === 0x2d && (at + 1 === text.length || text.charCodeAt(at + 1) === 0x20);
}

const nameAt = keyTable(() => undefined);

/** Reads the SD-ELEMENTs at `from`; the index after them, or `from` when they are broken: then they are message. */
function readStructuredData(text: string, from: number, header: SyslogHeader): number {
  const data: StructuredData = {};
  let room: number = ALERT_LIMITS.fields;
  let at = from;
  while (text.charCodeAt(at) === 0x5b) {
    at++;
    const idEnd = nameEnd(text, at);
    if (idEnd === at) return from;
    const id = safeName(nameAt(text, at, idEnd).name);
    const params: Record<string, string> = (Object.hasOwn(data, id) ? data[id] : undefined) ?? {};
    if (room-- > 0) data[id] = params;
    at = idEnd;
    for (;;) {
      at = skipSpaces(text, at);
      if (text.charCodeAt(at) === 0x5d) {
        at++;
        break;
      }
      const equals = nameEnd(text, at);
      if (equals === at || text.charCodeAt(equals) !== 0x3d || text.charCodeAt(equals + 1) !== 0x22)
        return from;
      const close = closingQuote(text, equals + 2);
      if (close < 0) return from;
      const name = safeName(nameAt(text, at, equals).name);
      const value = unescaped(text.slice(equals + 2, close));
      // RFC 5424 6.3.3 lets a name repeat within an element: no value is lost.
      const before = Object.hasOwn(params, name) ? params[name] : undefined;
      if (before !== undefined) {
        // What is full is not joined again: each time would copy it.
        if (before.length < ALERT_LIMITS.value)
          params[name] = `${before},${value}`.slice(0, ALERT_LIMITS.value);
      } else if (room-- > 0) params[name] = value.slice(0, ALERT_LIMITS.value);
      at = close + 1;
    }
  }
  if (at < text.length && text.charCodeAt(at) !== 0x20 && text.charCodeAt(at) !== 0xfeff) return from;
  header.structuredData = data;
  return at;
}

/** The quote that ends a value: the first that no backslash escapes; -1 when there is none. */
function closingQuote(text: string, from: number): number {
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x22) return at;
    if (code === 0x5c && isEscapable(text.charCodeAt(at + 1))) at++;
  }
  return -1;
}

/** RFC 5424 6.3.3: a backslash before anything else is itself. */
function unescaped(value: string): string {
  let slash = value.indexOf("\\");
  if (slash < 0) return value;
  let out = "";
  let from = 0;
  while (slash >= 0) {
    const escaped = isEscapable(value.charCodeAt(slash + 1));
    out += value.slice(from, escaped ? slash : slash + 1);
    from = slash + 1;
    slash = value.indexOf("\\", escaped ? slash + 2 : slash + 1);
  }
  return out + value.slice(from);
}

function isEscapable(code: number): boolean {
  return code === 0x22 || code === 0x5c || code === 0x5d;
}

function nameEnd(text: string, from: number): number {
  let at = from;
  const limit = from + ALERT_LIMITS.name;
  for (; at < text.length && at < limit; at++) {
    const code = text.charCodeAt(at);
    if (code <= 0x20 || code === 0x3d || code === 0x5d || code === 0x22) break;
  }
  return at;
}

function safeName(name: string): string {
  return name === "__proto__" ? "_proto_" : name;
}

function token(text: string, from: number, to: number): string | undefined {
  if (to <= from || (to === from + 1 && text.charCodeAt(from) === 0x2d)) return undefined;
  return text.slice(from, to);
}

function tokenEnd(text: string, from: number): number {
  const end = text.indexOf(" ", from);
  return end < 0 ? text.length : end;
}

function skipSpaces(text: string, from: number): number {
  let at = from;
  while (text.charCodeAt(at) === 0x20) at++;
  return at;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}
