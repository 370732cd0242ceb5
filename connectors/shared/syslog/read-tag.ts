import type { SyslogHeader } from "./syslog-header.ts";

const LONGEST_TAG = 128;

/**
 * Reads `tag: `, `tag[pid]: ` or `tag[pid] ` at `from` into the header; the index where the message begins.
 *
 * A word without colon or brackets is no tag: it begins the message.
 */
export function readTag(text: string, from: number, header: SyslogHeader): number {
  // These name a payload's format, whatever precedes them.
  if (text.startsWith("CEF:", from) || text.startsWith("LEEF:", from)) return from;
  const limit = Math.min(text.length, from + LONGEST_TAG);
  let at = from;
  let nameEnd = -1;
  let pidStart = 0;
  let pidEnd = -1;
  for (; at < limit; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x5b && at > from) {
      const close = text.indexOf("]", at);
      if (close < 0 || close >= limit || hasSpace(text, at, close)) return from;
      if (nameEnd < 0) nameEnd = at;
      pidStart = at + 1;
      pidEnd = close;
      // `app[sub[1]]:` closes twice.
      at = text.charCodeAt(close + 1) === 0x5d ? close + 1 : close;
      if (at !== close) pidEnd = at;
      continue;
    }
    if (code === 0x3a) {
      const next = text.charCodeAt(at + 1);
      // `std::string`, a word with two colons
      if (next === 0x3a) {
        at++;
        continue;
      }
      if (!endsTag(text, from, at, next, pidEnd >= 0)) return from;
      break;
    }
    if (code === 0x20 || code === 0x09) {
      if (pidEnd < 0) return from;
      break;
    }
    if (pidEnd >= 0 || !isTagCode(code)) return from;
  }
  if (at === from || (at >= limit && pidEnd < 0)) return from;
  const end = nameEnd < 0 ? at : nameEnd;
  header.appname = text.slice(from, end);
  if (pidEnd > pidStart) header.procid = text.slice(pidStart, pidEnd);
  if (text.charCodeAt(at) === 0x3a) at++;
  return isSpace(text.charCodeAt(at)) ? at + 1 : at;
}

/** A colon ends a tag before a space; glued to what follows it must be a plain word's, not a URL's, a time's or a path's. */
function endsTag(text: string, from: number, at: number, next: number, bracketed: boolean): boolean {
  if (Number.isNaN(next) || isSpace(next) || bracketed) return true;
  if (next === 0x2f || next === 0x5c || at - from > 32) return false;
  for (let i = from; i < at; i++) {
    const lower = text.charCodeAt(i) | 0x20;
    if ((lower < 0x61 || lower > 0x7a) && lower !== 0x2d && (i === from || lower < 0x30 || lower > 0x39))
      return false;
  }
  return true;
}

function hasSpace(text: string, from: number, to: number): boolean {
  for (let i = from; i < to; i++) if (isSpace(text.charCodeAt(i))) return true;
  return false;
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09;
}

/** Letters, digits and the punctuation that program names carry; not what begins a message or a `key=value`. */
function isTagCode(code: number): boolean {
  if (code > 0x7f) return true;
  return code > 0x20 && !isExcluded(code);
}

const EXCLUDED = new Set([...'"=;<>?\\[]`{|}'].map((character) => character.charCodeAt(0)));
const EXCLUDED_TABLE = Uint8Array.from({ length: 128 }, (_, code) =>
  EXCLUDED.has(code) || code === 0x7f ? 1 : 0,
);

function isExcluded(code: number): boolean {
  return EXCLUDED_TABLE[code] === 1;
}
