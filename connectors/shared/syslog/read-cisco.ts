import { isAddress } from "../address.ts";
import { type DateContext, readDate } from "../read-date.ts";
import { readDateIn } from "../read-date-in.ts";
import { readZone } from "../read-zone.ts";
import type { Mnemonic, SyslogHeader } from "./syslog-header.ts";

/** How far after the priority a mnemonic may begin: sequence, host, date, process. */
const REACH = 200;
const MOST_PARTS = 14;

interface Lead {
  hostname: string | undefined;
  /** The relay's, when the device names itself too. */
  relay: string | undefined;
  instant: number | undefined;
  /** The date as it stands, for a zone that comes after the host. */
  date: string;
  sequence: string | undefined;
  appname: string | undefined;
  procid: string | undefined;
  /** Where the lead ends. */
  end: number;
}

/**
 * Reads what Cisco devices put before `%FACILITY-SEVERITY-MNEMONIC:`; false, with nothing read, when this is not theirs.
 *
 * In any order: sequence numbers, host, `*` or `.` and a date with its zone, up-time, line card, process. A record
 * without mnemonic is theirs when it begins with a sequence number or its colon, or with a host, a colon and a date.
 * The mnemonic counts as the application.
 */
export function readCisco(text: string, from: number, header: SyslogHeader, context: DateContext): boolean {
  const goal = mnemonicAfter(text, from);
  if (goal < 0 && !beginsWithSequence(text, from) && !beginsWithOrigin(text, from, context)) return false;
  const mnemonic = goal < 0 ? undefined : mnemonicAt(text, goal);
  const lead = readLead(text, from, goal < 0 ? text.length : goal, context);
  if (mnemonic === undefined) {
    // Without mnemonic only a date that a colon ends tells where the message begins.
    if (lead?.instant === undefined) return false;
  } else if (lead?.end !== goal) return false;
  header.form = "cisco";
  header.hostname = lead.hostname ?? header.hostname;
  if (lead.relay !== undefined && isAddress(lead.relay)) header.address = lead.relay;
  header.instant = lead.instant ?? header.instant;
  header.appname = lead.appname;
  header.procid = lead.procid;
  header.sequence = lead.sequence;
  header.mnemonic = mnemonic;
  let end = lead.end;
  if (mnemonic !== undefined) {
    end = goal + mnemonic.length;
    header.appname ??= text.slice(goal, end);
    if (text.charCodeAt(end) === 0x20 && text.charCodeAt(end + 1) === 0x3a) end++;
    if (text.charCodeAt(end) === 0x3a) end++;
  }
  header.body = text.charCodeAt(end) === 0x20 ? end + 1 : end;
  return true;
}

/** `643:`, or the bare colon that stays when numbering is off. */
function beginsWithSequence(text: string, from: number): boolean {
  let at = from;
  if (text.charCodeAt(at) > 0x3a) return false;
  while (text.charCodeAt(at) >= 0x30 && text.charCodeAt(at) <= 0x39 && at - from < 12) at++;
  return text.charCodeAt(at) === 0x3a && text.charCodeAt(at + 1) === 0x20;
}

/** `switch7: 2023 Apr 26 09:08:48 UTC: `: the device's name and a date with its month in letters. */
function beginsWithOrigin(text: string, from: number, context: DateContext): boolean {
  const colon = text.indexOf(":", from);
  if (colon <= from || colon - from > 64 || text.charCodeAt(colon + 1) !== 0x20) return false;
  const month = text.charCodeAt(colon + 2) > 0x39 ? colon + 2 : colon + 7;
  if (text.charCodeAt(month + 3) !== 0x20 || !/^[A-Z][a-z]{2}$/.test(text.slice(month, month + 3)))
    return false;
  const date = readDate(text, colon + 2, context);
  return date !== undefined && text.startsWith(": ", date.end);
}

/** Reads the parts before `goal`; undefined when something there is none of them. */
function readLead(text: string, from: number, goal: number, context: DateContext): Lead | undefined {
  const lead: Lead = {
    hostname: undefined,
    relay: undefined,
    instant: undefined,
    date: "",
    sequence: undefined,
    appname: undefined,
    procid: undefined,
    end: from,
  };
  let at = from;
  for (let part = 0; part < MOST_PARTS; part++) {
    while (text.charCodeAt(at) === 0x20 || text.charCodeAt(at) === 0x3a) at++;
    // `%$ VDC-1 %$` names a virtual device.
    if (at >= goal || text.startsWith("%$", at)) {
      lead.end = goal;
      return lead;
    }
    const mark = text.charCodeAt(at);
    if (mark === 0x2a || mark === 0x2e) at++;
    const date = readDate(text, at, context);
    if (date !== undefined && date.end <= goal) {
      lead.instant = date.instant;
      lead.date = text.slice(at, date.end);
      at = date.end;
      if (goal === text.length && text.charCodeAt(at) === 0x3a) {
        lead.end = at + 1;
        return lead;
      }
      continue;
    }
    const end = wordEnd(text, at, goal);
    const word = text.slice(at, end);
    at = end;
    // Wireless controllers mark the task: `*apfReceiveTask: Oct 11 22:14:15.123: %APF-6-…`
    if (mark === 0x2a && /^[A-Za-z][\w.-]{1,63}$/.test(word)) lead.appname = word;
    else if (!putZone(lead, word, context) && !putWord(lead, word)) return undefined;
  }
  return undefined;
}

/** Takes a zone that stands apart from its date: `Jun 14 11:34:35 host AEST: %…`; false when the word is none. */
function putZone(lead: Lead, word: string, context: DateContext): boolean {
  if (lead.instant === undefined || lead.hostname === undefined) return false;
  if (word.length < 3 || word.length > 6 || readZone(word, 0)?.end !== word.length) return false;
  lead.instant = readDateIn(lead.date, word, context) ?? lead.instant;
  return true;
}

/** Puts one word where it belongs; false when it is no part of a lead. */
function putWord(lead: Lead, word: string): boolean {
  if (word === "" || word.length > 255) return false;
  if (/^\d+$/.test(word)) {
    lead.sequence = word;
    return true;
  }
  // An up-time (`1w2d`, `00:00:46`), a line card (`RP/0/RP0/CPU0`), a masked address (`<IP>`), no process (`(null)`)
  if (/^\d+(?:[wdhy]\d+)+[wdhy]$|^\d+:\d\d:\d\d$|^[A-Z0-9]+(?:\/[A-Z0-9]+)+$|^<\w+>$|^\(null\)$/.test(word))
    return true;
  const process = word.endsWith("]") ? /^([^[\]]+)\[([^[\]]*)\]$/.exec(word) : null;
  if (process !== null) {
    lead.appname = process[1];
    if (process[2] !== "") lead.procid = process[2];
    return true;
  }
  // Three unknown words are a sentence that mentions a mnemonic, not a header.
  if (!/^[\w.:%/-]+$/.test(word) || lead.relay !== undefined) return false;
  lead.relay = lead.hostname;
  lead.hostname = word;
  return true;
}

/** The end of a word: a space, or the colon after anything but an IPv6 address or an up-time. */
function wordEnd(text: string, from: number, limit: number): number {
  let end = text.indexOf(" ", from);
  if (end < 0 || end > limit) end = limit;
  const last = text.charCodeAt(end - 1) === 0x3a ? end - 1 : end;
  const word = text.slice(from, Math.min(last, from + 256));
  if (!word.includes(":") || isAddress(word) || /^\d+:\d\d:\d\d$/.test(word)) return last;
  const colon = text.indexOf(":", from);
  return colon > from ? colon : last;
}

function mnemonicAfter(text: string, from: number): number {
  let at = text.indexOf("%", from);
  while (at >= 0 && at - from <= REACH) {
    if (mnemonicAt(text, at) !== undefined) return at;
    at = text.indexOf("%", at + 1);
  }
  return -1;
}

const SHAPE =
  /%([A-Za-z][\w/]{1,40}(?:-[A-Za-z][\w/]{0,40}){0,3})-([0-7]|[ACDEFINW])-([A-Za-z0-9_]{2,64})(?=:| |$)/y;
/** Small-business models write a letter. */
const LETTERS = new Map([
  ["A", 1],
  ["C", 2],
  ["F", 2],
  ["E", 3],
  ["W", 4],
  ["N", 5],
  ["I", 6],
  ["D", 7],
]);

function mnemonicAt(text: string, at: number): Mnemonic | undefined {
  const next = text.charCodeAt(at + 1) | 0x20;
  if (next < 0x61 || next > 0x7a) return undefined;
  SHAPE.lastIndex = at;
  const found = SHAPE.exec(text);
  if (found === null) return undefined;
  const [whole, facility = "", severity = "", mnemonic = ""] = found;
  return {
    vendor: "cisco",
    facility,
    severity: LETTERS.get(severity) ?? Number(severity),
    mnemonic,
    length: whole.length,
  };
}
