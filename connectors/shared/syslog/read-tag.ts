import type { SyslogHeader } from "./syslog-header.ts";

const LONGEST_TAG = 128;
const LONGEST_WORDS = 48;
const MOST_WORDS = 4;

/**
 * Reads `tag: `, `tag[pid]: ` or `tag[pid] ` at `from` into the header; the index where the message begins.
 *
 * A word without colon or brackets is no tag: it begins the message. Names of several words (macOS) are tags before
 * a process number, and so is what Cisco ISE calls its log categories.
 */
export function readTag(text: string, from: number, header: SyslogHeader): number {
  const first = text.charCodeAt(from);
  // These name a payload's format, whatever precedes them.
  if (first === 0x43 && text.startsWith("CEF:", from)) return from;
  if (first === 0x4c && text.startsWith("LEEF:", from)) return from;
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
      if (pidEnd < 0) return first >= 0x41 && first <= 0x5a ? readWords(text, from, at, header) : from;
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

/** `Google Chrome He[1234]: x`, `Activity Monitor[77] (Sub): x`, `CISE_Failed_Attempts 0000012 …` */
function readWords(text: string, from: number, firstEnd: number, header: SyslogHeader): number {
  if (text.startsWith("CISE_", from)) {
    header.appname = text.slice(from, firstEnd);
    return firstEnd + 1;
  }
  let words = 1;
  let at = firstEnd;
  for (; at - from < LONGEST_WORDS; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x5b) break;
    if (code === 0x20) {
      if (++words > MOST_WORDS) return from;
    } else if (!isNameCode(code)) return from;
  }
  let close = at + 1;
  while (close - at < 9 && text.charCodeAt(close) >= 0x30 && text.charCodeAt(close) <= 0x39) close++;
  if (close === at + 1 || text.charCodeAt(close) !== 0x5d || text.charCodeAt(at - 1) === 0x20) return from;
  const colon = text.charCodeAt(close + 1) === 0x3a;
  if (!colon && !text.startsWith(" (", close + 1)) return from;
  header.appname = text.slice(from, at);
  header.procid = text.slice(at + 1, close);
  const end = colon ? close + 2 : close + 1;
  return isSpace(text.charCodeAt(end)) ? end + 1 : end;
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

function isNameCode(code: number): boolean {
  const lower = code | 0x20;
  return (lower >= 0x61 && lower <= 0x7a) || (code >= 0x30 && code <= 0x39) || code === 0x2e || code === 0x2d;
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
