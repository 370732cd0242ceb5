import type { Instant } from "../../agent/core/clock.ts";
import type { ParseContext } from "../contract.ts";
import { daysBefore, daysIn } from "./calendar.ts";
import { readIsoDate } from "./read-iso-date.ts";
import { afterWeekday, mayBeDate, monthAt } from "./read-month.ts";
import { readZone } from "./read-zone.ts";
import { utcFromLocal } from "./utc-from-local.ts";

/** A date found in a text: when, and the index after it. */
export interface DateRead {
  instant: Instant;
  end: number;
}

/** What dates need to know beyond the text. */
export type DateContext = Pick<ParseContext, "received" | "zone" | "year">;

/** What the shapes below have read so far; one date is read at a time, and a record has several. */
const moment = {
  year: -1,
  month: 0,
  day: 0,
  hour: 0,
  minute: 0,
  second: 0,
  micros: 0,
  /** Minutes east of UTC. */
  offset: 0,
  zoned: false,
  /** The time was of twelve hours: such devices write the month first. */
  half: false,
};

const YEAR = 365 * 86_400_000_000;
/** How far ahead of its receipt a date without year may be: clocks are wrong by hours or days, not by months. */
const AHEAD = 31 * 86_400_000_000;

/**
 * Reads a date with a time of day at `from`, in any of the shapes that logs carry.
 *
 * ISO 8601 and its relatives (`-`, `/` or `.`, `T` or space, `.` or `,`, or no punctuation at all), `Mmm dd [yyyy]
 * hh:mm:ss`, `yyyy Mmm dd`, `dd Mmm yyyy`, `dd/mm/yyyy` (the month first where no day could be, and where AM, PM, a
 * short year or a colon before the time tell an American device),
 * the common log format, a weekday before any of them; a zone or a year may follow. Months in six languages.
 * A date without year takes the context's, else the latest that is no month after `received`. Undefined when there is
 * none.
 */
export function readDate(text: string, from: number, context: DateContext): DateRead | undefined {
  const first = text.charCodeAt(from);
  let end = -1;
  moment.year = -1;
  moment.zoned = false;
  if (isDigit(first)) end = readDigitsFirst(text, from);
  else {
    if (!isLetter(first) || !mayBeDate(text, from)) return undefined;
    end = readMonthFirst(text, from);
    if (end < 0) {
      const rest = afterWeekday(text, from);
      if (rest < 0) return undefined;
      moment.year = -1;
      end = isDigit(text.charCodeAt(rest)) ? readDigitsFirst(text, rest) : readMonthFirst(text, rest);
    }
  }
  if (end < 0) return undefined;
  const instant = instantOf(context);
  return instant === undefined ? undefined : { instant, end };
}

/** Reads a text that must be a date from end to end, or an epoch. */
export function readWholeDate(text: string, context: DateContext): Instant | undefined {
  const iso = readIsoDate(text);
  if (iso !== undefined) return iso;
  const trimmed = text.trim();
  if (trimmed.length < 8 || trimmed.length > 64) return undefined;
  if (isEpoch(trimmed)) return instantFromEpoch(trimmed);
  const read = readDate(trimmed, 0, context);
  return read !== undefined && read.end === trimmed.length ? read.instant : undefined;
}

/** Nine to nineteen digits, with a fraction of up to nine. */
function isEpoch(text: string): boolean {
  let at = 0;
  while (isDigit(text.charCodeAt(at))) at++;
  if (at < 9 || at > 19) return false;
  if (at === text.length) return true;
  if (text.charCodeAt(at) !== 0x2e) return false;
  const point = at++;
  while (isDigit(text.charCodeAt(at))) at++;
  return at === text.length && at - point > 1 && at - point <= 10;
}

/** Reads an epoch in seconds, milliseconds, microseconds, nanoseconds or as Windows counts: its size tells which. */
export function instantFromEpoch(value: string | number): Instant | undefined {
  const number = Number(value);
  if (!Number.isFinite(number) || number < 1e8) return undefined;
  // Windows counts tenths of microseconds from 1601: nothing that runs is of 1974, as nanoseconds would say.
  if (number > 125e15 && number < 150e15) return inRange(Math.round(number / 10 - 11_644_473_600e6));
  const micros =
    number < 1e11
      ? secondsToMicros(value)
      : number < 1e14
        ? number * 1000
        : number < 1e17
          ? number
          : number / 1000;
  return inRange(Math.round(micros));
}

function secondsToMicros(value: string | number): number {
  const text = String(value);
  const point = text.indexOf(".");
  if (point < 0) return Number(text) * 1_000_000;
  return Number(text.slice(0, point)) * 1_000_000 + Number(text.slice(point + 1, point + 7).padEnd(6, "0"));
}

/** The readers below fill `moment` and give the index after the date, or -1. */
function readDigitsFirst(text: string, from: number): number {
  const year = digitsAt(text, from, 4);
  if (year < 0) return readDayFirst(text, from);
  const joint = text.charCodeAt(from + 4);
  moment.year = year;
  // Sophos UTM writes 2023:10:11-22:14:15.
  if (isJoint(joint) || (joint === 0x3a && text.charCodeAt(from + 10) === 0x2d)) {
    moment.month = digitsAt(text, from + 5, 2) - 1;
    moment.day = digitsAt(text, from + 8, 2);
    if (moment.month < 0 || moment.day < 1 || text.charCodeAt(from + 7) !== joint) return -1;
    const between = text.charCodeAt(from + 10);
    const isTee = between === 0x54 || between === 0x74;
    // Citrix writes 2023/10/11:22:14:15.
    const isCitrix = between === 0x3a && joint === 0x2f;
    if (!isTee && !isCitrix && between !== 0x20 && between !== 0x5f && between !== 0x2d && between !== 0x09)
      return -1;
    return readTime(text, from + 11, false);
  }
  if (joint === 0x20) return readMonthFirst(text, skipSpaces(text, from + 5));
  // 20231011T221415Z, 20231011 22:14:15
  moment.month = digitsAt(text, from + 4, 2) - 1;
  moment.day = digitsAt(text, from + 6, 2);
  const between = text.charCodeAt(from + 8);
  if (moment.month < 0 || moment.day < 1 || (between !== 0x54 && between !== 0x20)) return -1;
  return text.charCodeAt(from + 11) === 0x3a
    ? readTime(text, from + 9, false)
    : readPackedTime(text, from + 9);
}

/** `11 Oct 2023 22:14:15`, `11-Oct-2023 22:14:15`, `11/Oct/2023:22:14:15 +0200`, `11.10.2023 22:14:15` */
function readDayFirst(text: string, from: number): number {
  const width = isDigit(text.charCodeAt(from + 1)) ? 2 : 1;
  const joint = from + width;
  const first = digitsAt(text, from, width);
  if (isDigit(text.charCodeAt(joint + 1))) return readNumbers(text, joint, first);
  if (!isDateJoint(text.charCodeAt(joint))) return -1;
  const found = monthAt(text, joint + 1);
  if (found < 0) return -1;
  const at = found >> 4;
  moment.month = found & 15;
  moment.day = first;
  moment.year = digitsAt(text, at + 1, 4);
  const between = text.charCodeAt(at + 5);
  if (moment.year < 0 || !isDateJoint(text.charCodeAt(at))) return -1;
  if (between !== 0x20 && between !== 0x3a && between !== 0x54 && between !== 0x2c) return -1;
  return readTime(text, between === 0x2c ? skipSpaces(text, at + 6) : at + 6, false);
}

/** `11/10/2023 22:14:15`, `10/11/23 10:14:15 PM`: the rest of a date that begins with two small numbers. */
function readNumbers(text: string, joint: number, first: number): number {
  const mark = text.charCodeAt(joint);
  if (!isJoint(mark)) return -1;
  const width = isDigit(text.charCodeAt(joint + 2)) ? 2 : 1;
  const second = digitsAt(text, joint + 1, width);
  let at = joint + 1 + width;
  if (text.charCodeAt(at) !== mark) return -1;
  let year = digitsAt(text, at + 1, 4);
  const short = year < 0;
  // Years of two digits come from American devices.
  if (short) year = mark === 0x2f ? 2000 + digitsAt(text, at + 1, 2) : -1;
  if (year < 1970 || year > 2250) return -1;
  at += short ? 3 : 5;
  const between = text.charCodeAt(at);
  if (between === 0x2c) at++;
  else if (between !== 0x20 && between !== 0x54 && between !== 0x09 && between !== 0x3a) return -1;
  const end = readTime(text, between === 0x2c ? skipSpaces(text, at) : at + 1, false);
  // Citrix writes 10/11/2023:22:14:15.
  const american = moment.half || short || between === 0x3a;
  const monthFirst = first <= 12 && (second > 12 || american);
  moment.year = year;
  moment.month = (monthFirst ? first : second) - 1;
  moment.day = monthFirst ? second : first;
  return moment.month < 0 ? -1 : end;
}

/** `Oct 11 22:14:15`, `Oct 11 2023 22:14:15`, with a year, a zone or both possibly after the time. */
function readMonthFirst(text: string, from: number): number {
  const found = monthAt(text, from);
  if (found < 0) return -1;
  const month = found & 15;
  const named = found >> 4;
  let at = skipSpaces(text, named);
  if (at === named) return -1;
  const width = isDigit(text.charCodeAt(at + 1)) ? 2 : 1;
  const day = digitsAt(text, at, width);
  if (day < 1) return -1;
  at += width;
  if (text.charCodeAt(at) === 0x2c) at++;
  const afterSpace = skipSpaces(text, at);
  if (afterSpace === at) return -1;
  at = afterSpace;
  if (moment.year < 0) {
    const candidate = digitsAt(text, at, 4);
    const next = text.charCodeAt(at + 4);
    if (candidate >= 0 && (next === 0x20 || next === 0x2c)) {
      moment.year = candidate;
      at = skipSpaces(text, at + 5);
    }
  }
  moment.month = month;
  moment.day = day;
  return readTime(text, at, moment.year < 0);
}

function readTime(text: string, from: number, yearMayFollow: boolean): number {
  let at = from;
  const width = isDigit(text.charCodeAt(at + 1)) ? 2 : 1;
  const hour = digitsAt(text, at, width);
  at += width;
  const minute = digitsAt(text, at + 1, 2);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || text.charCodeAt(at) !== 0x3a) return -1;
  at += 3;
  let second = 0;
  if (text.charCodeAt(at) === 0x3a) {
    second = digitsAt(text, at + 1, 2);
    if (second < 0 || second > 60) return -1;
    at += 3;
  } else if (yearMayFollow) return -1;
  moment.hour = hour;
  moment.minute = minute;
  moment.second = second;
  moment.micros = 0;
  moment.half = false;
  const mark = text.charCodeAt(at);
  // H3C writes 22:14:15:123 2023.
  const odd = mark === 0x3a && yearMayFollow && text.charCodeAt(at + 4) === 0x20;
  if ((mark === 0x2e || mark === 0x2c || odd) && isDigit(text.charCodeAt(at + 1)))
    at = readFraction(text, at + 1);
  const half = halfOf(text, at);
  if (half > 0) {
    at = half;
    moment.half = true;
    const evening = (text.charCodeAt(at - (text.charCodeAt(at - 1) === 0x2e ? 4 : 2)) | 0x20) === 0x70;
    if (hour === 12) moment.hour = evening ? 12 : 0;
    else if (evening && hour < 12) moment.hour = hour + 12;
  }
  return readAfterTime(text, at, yearMayFollow);
}

/** `221415`, with a fraction possibly. */
function readPackedTime(text: string, from: number): number {
  moment.hour = digitsAt(text, from, 2);
  moment.minute = digitsAt(text, from + 2, 2);
  moment.second = digitsAt(text, from + 4, 2);
  moment.micros = 0;
  if (moment.hour < 0 || moment.minute < 0 || moment.second < 0) return -1;
  if (moment.hour > 23 || moment.minute > 59 || moment.second > 60) return -1;
  const at = from + 6;
  const mark = text.charCodeAt(at);
  if (isDigit(mark)) return -1;
  const fraction = (mark === 0x2e || mark === 0x2c) && isDigit(text.charCodeAt(at + 1));
  return readAfterTime(text, fraction ? readFraction(text, at + 1) : at, false);
}

/** Microseconds are kept, what is finer is passed over. */
function readFraction(text: string, from: number): number {
  let at = from;
  let micros = 0;
  let digits = 0;
  for (let code = text.charCodeAt(at); isDigit(code); code = text.charCodeAt(++at)) {
    if (digits < 6) micros = micros * 10 + code - 0x30;
    digits++;
  }
  for (; digits < 6; digits++) micros *= 10;
  moment.micros = micros;
  return at;
}

/** The index after `AM`, `pm` or `p.m.` at `from`, directly or after a space; -1 when there is none. */
function halfOf(text: string, from: number): number {
  let at = text.charCodeAt(from) === 0x20 ? from + 1 : from;
  const letter = text.charCodeAt(at) | 0x20;
  if (letter !== 0x61 && letter !== 0x70) return -1;
  const dotted = text.charCodeAt(at + 1) === 0x2e;
  if (dotted) at++;
  if ((text.charCodeAt(at + 1) | 0x20) !== 0x6d) return -1;
  at += 2;
  if (dotted) {
    if (text.charCodeAt(at) !== 0x2e) return -1;
    at++;
  }
  const next = text.charCodeAt(at);
  return Number.isNaN(next) || next === 0x20 || next === 0x3a || next === 0x2c || next === 0x09 ? at : -1;
}

/** What may follow the time: a zone, a year, or both in either order. */
function readAfterTime(text: string, from: number, yearMayFollow: boolean): number {
  let at = afterZone(text, from);
  if (yearMayFollow && text.charCodeAt(at) === 0x20) {
    const year = digitsAt(text, at + 1, 4);
    const next = text.charCodeAt(at + 5);
    if (year >= 1970 && year < 2100 && (Number.isNaN(next) || next === 0x20 || next === 0x3a)) {
      moment.year = year;
      at += 5;
      if (!moment.zoned) at = afterZone(text, at);
    }
  }
  return at;
}

function afterZone(text: string, from: number): number {
  const zone = readZone(text, from);
  if (zone === undefined) return from;
  moment.zoned = true;
  moment.offset = zone.offset;
  return zone.end;
}

function instantOf(context: DateContext): Instant | undefined {
  if (moment.year >= 0) return instantIn(moment.year, context);
  if (context.year !== undefined) return instantIn(context.year, context);
  const base = yearOf(context.received);
  const instant = instantIn(base, context);
  const latest = context.received + AHEAD;
  if (instant !== undefined && instant <= latest && instant > latest - YEAR) return instant;
  // 29 February exists in one year of four, or of eight around 1900 and 2100.
  const reach = moment.month === 1 && moment.day === 29 ? 8 : 1;
  for (let year = base + 1; year >= base - reach; year--) {
    const other = instantIn(year, context);
    if (other !== undefined && other <= latest) return other;
  }
  return instant;
}

function instantIn(year: number, context: DateContext): Instant | undefined {
  const { month, day } = moment;
  if (month > 11 || day < 1 || day > daysIn(year, month) || year < 1900 || year > 2250) return undefined;
  const seconds = (moment.hour * 60 + moment.minute) * 60 + moment.second;
  const local = (daysBefore(year, month) + day) * 86_400_000 + seconds * 1000;
  const utc = moment.zoned ? local - moment.offset * 60_000 : utcFromLocal(local, context.zone);
  return utc * 1000 + moment.micros;
}

let lastReceived = Number.NaN;
let lastYear = 1970;

function yearOf(instant: Instant): number {
  if (instant !== lastReceived) {
    lastYear = new Date(instant / 1000).getUTCFullYear();
    lastReceived = instant;
  }
  return lastYear;
}

/** Instants outside these years are a device's zero or a mistake, and some would not print. */
function inRange(instant: Instant): Instant | undefined {
  return instant >= 0 && instant < 8.8e15 ? instant : undefined;
}

function digitsAt(text: string, at: number, count: number): number {
  let value = 0;
  for (let i = at; i < at + count; i++) {
    const code = text.charCodeAt(i);
    if (!isDigit(code)) return -1;
    value = value * 10 + code - 0x30;
  }
  return value;
}

function skipSpaces(text: string, from: number): number {
  let at = from;
  while (text.charCodeAt(at) === 0x20) at++;
  return at;
}

function isJoint(code: number): boolean {
  return code === 0x2d || code === 0x2f || code === 0x2e;
}

function isDateJoint(code: number): boolean {
  return code === 0x20 || code === 0x2d || code === 0x2f;
}

function isDigit(code: number): boolean {
  return code >= 0x30 && code <= 0x39;
}

function isLetter(code: number): boolean {
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x7a;
}
