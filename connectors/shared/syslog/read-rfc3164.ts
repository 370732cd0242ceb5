import { isIP } from "node:net";
import { type DateContext, instantFromEpoch, readDate } from "../read-date.ts";
import { readCisco } from "./read-cisco.ts";
import { readTag } from "./read-tag.ts";
import type { SyslogHeader } from "./syslog-header.ts";

const LONGEST_HOST = 255;

/**
 * Reads an RFC 3164 header as devices really write it: each part may be missing, dates take many shapes.
 *
 * Without a date there is no header but perhaps a tag (RFC 3164 4.3.3): `<13>su: failed`, `<13>Use the BFG!`.
 */
export function readRfc3164(text: string, from: number, header: SyslogHeader, context: DateContext): void {
  let at = skipSpaces(text, from);
  const first = text.charCodeAt(at);
  const date = readDate(text, first === 0x2a || first === 0x2e ? at + 1 : at, context) ?? readEpoch(text, at);
  if (date === undefined) {
    header.body = readTag(text, at, header);
    return;
  }
  header.instant = date.instant;
  at = date.end;
  if (text.charCodeAt(at) === 0x3a || text.charCodeAt(at) === 0x2c) at++;
  at = skipSpaces(text, at);
  if (readCisco(text, at, header, context)) return;
  if (text.startsWith("Message forwarded from ", at)) at += "Message forwarded from ".length;
  const end = hostEnd(text, at);
  if (end > at) {
    header.hostname = bare(text, at, end);
    at = skipSpaces(text, end);
    if (text.charCodeAt(at) === 0x3a && text.charCodeAt(at + 1) === 0x20) at += 2;
    if (readCisco(text, at, header, context)) return;
    at = readSecondAddress(text, at, header);
  }
  header.body = readTag(text, at, header);
}

/** `1563249630.774247467`: seconds since 1970 as a token of its own. */
function readEpoch(text: string, from: number): { instant: number; end: number } | undefined {
  const first = text.charCodeAt(from);
  if (first < 0x31 || first > 0x39) return undefined;
  const end = text.indexOf(" ", from);
  const length = end - from;
  if (length < 10 || length > 20) return undefined;
  const token = text.slice(from, end);
  if (!/^\d{10,13}(?:\.\d{1,9})?$/.test(token)) return undefined;
  const instant = instantFromEpoch(token);
  return instant === undefined ? undefined : { instant, end };
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

function bare(text: string, from: number, to: number): string {
  return text.charCodeAt(from) === 0x5b ? text.slice(from + 1, to - 1) : text.slice(from, to);
}

/** `scapegoat.example.org 10.1.2.3 sched[0]: …` (RFC 3164 5.4, example 4): an address between the host and the tag. */
function readSecondAddress(text: string, from: number, header: SyslogHeader): number {
  const code = text.charCodeAt(from);
  if (code < 0x31 || code > 0x39) return from;
  const end = text.indexOf(" ", from);
  if (end < from + 7 || end > from + 45 || isIP(text.slice(from, end)) === 0) return from;
  const next = skipSpaces(text, end);
  if (readTag(text, next, header) === next) return from;
  header.address = text.slice(from, end);
  return next;
}

function skipSpaces(text: string, from: number): number {
  let at = from;
  while (text.charCodeAt(at) === 0x20) at++;
  return at;
}

const HOST_TABLE = Uint8Array.from({ length: 128 }, (_, code) =>
  /[A-Za-z0-9._:%/@~#+\-[\]]/.test(String.fromCharCode(code)) ? 1 : 0,
);

function isHostCode(code: number): boolean {
  return code > 0x7f || HOST_TABLE[code] === 1;
}
