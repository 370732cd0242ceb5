import type { Instant } from "../../agent/core/clock.ts";
import type { ParseContext } from "../contract.ts";
import { readZone, type ZoneRead } from "./read-zone.ts";
import { utcFromLocal } from "./utc-from-local.ts";

/** A date found in a text: when, and the index after it. */
export interface DateRead {
  instant: Instant;
  end: number;
}

/** What dates need to know beyond the text. */
export type DateContext = Pick<ParseContext, "received" | "zone" | "year">;

interface Moment {
  year: number | undefined;
  month: number;
  day: number;
  hour: number;
  minute: number;
  second: number;
  micros: number;
  /** Minutes east of UTC; undefined when the date states no zone. */
  offset: number | undefined;
}

const HALF_YEAR = 182 * 86_400_000_000;

/**
 * Reads a date with a time of day at `from`, in any of the shapes that logs carry.
 *
 * ISO 8601 and its relatives (`-` or `/`, `T` or space, `.` or `,`), `Mmm dd [yyyy] hh:mm:ss`, `yyyy Mmm dd`,
 * `dd Mmm yyyy`, the common log format, a weekday before any of them; a zone or a year may follow.
 * A date without year takes the context's, else the one nearest to `received`. Undefined when there is none.
 */
export function readDate(text: string, from: number, context: DateContext): DateRead | undefined {
  const first = text.charCodeAt(from);
  if (isDigit(first)) return readDigitsFirst(text, from, context);
  if (!isLetter(first)) return undefined;
  if (monthAt(text, from) >= 0) return readMonthFirst(text, from, undefined, context);
  const rest = afterWeekday(text, from);
  if (rest < 0) return undefined;
  if (isDigit(text.charCodeAt(rest))) return readDigitsFirst(text, rest, context);
  return monthAt(text, rest) < 0 ? undefined : readMonthFirst(text, rest, undefined, context);
}

/** Reads a text that must be a date from end to end, or an epoch. */
export function readWholeDate(text: string, context: DateContext): Instant | undefined {
  const trimmed = text.trim();
  if (trimmed.length < 8 || trimmed.length > 64) return undefined;
  const read = readDate(trimmed, 0, context);
  if (read !== undefined && read.end === trimmed.length) return read.instant;
  return /^\d{9,19}(?:\.\d{1,9})?$/.test(trimmed) ? instantFromEpoch(trimmed) : undefined;
}

/** Reads an epoch in seconds, milliseconds, microseconds or nanoseconds: its size tells which. */
export function instantFromEpoch(value: string | number): Instant | undefined {
  const number = Number(value);
  if (!Number.isFinite(number) || number < 1e8) return undefined;
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

function readDigitsFirst(text: string, from: number, context: DateContext): DateRead | undefined {
  const year = digitsAt(text, from, 4);
  const separator = text.charCodeAt(from + 4);
  if (year >= 0 && (separator === 0x2d || separator === 0x2f)) {
    const month = digitsAt(text, from + 5, 2);
    const day = digitsAt(text, from + 8, 2);
    if (month < 1 || day < 1 || text.charCodeAt(from + 7) !== separator) return undefined;
    const between = text.charCodeAt(from + 10);
    const isTee = between === 0x54 || between === 0x74;
    if (!isTee && between !== 0x20 && between !== 0x5f && between !== 0x2d) return undefined;
    return readTime(text, from + 11, { year, month: month - 1, day }, context, false);
  }
  if (year >= 0 && separator === 0x20) {
    const month = skipSpaces(text, from + 5);
    return monthAt(text, month) < 0 ? undefined : readMonthFirst(text, month, year, context);
  }
  return readDayFirst(text, from, context);
}

/** `11 Oct 2023 22:14:15`, `11-Oct-2023 22:14:15`, `11/Oct/2023:22:14:15 +0200` */
function readDayFirst(text: string, from: number, context: DateContext): DateRead | undefined {
  const width = isDigit(text.charCodeAt(from + 1)) ? 2 : 1;
  const day = digitsAt(text, from, width);
  const at = from + width + 1;
  const month = monthAt(text, at);
  const year = digitsAt(text, at + 4, 4);
  if (
    month < 0 ||
    year < 0 ||
    !isDateJoint(text.charCodeAt(at - 1)) ||
    !isDateJoint(text.charCodeAt(at + 3))
  ) {
    return undefined;
  }
  const between = text.charCodeAt(at + 8);
  if (between !== 0x20 && between !== 0x3a && between !== 0x54) return undefined;
  return readTime(text, at + 9, { year, month, day }, context, false);
}

/** `Oct 11 22:14:15`, `Oct 11 2023 22:14:15`, with a year, a zone or both possibly after the time. */
function readMonthFirst(
  text: string,
  from: number,
  knownYear: number | undefined,
  context: DateContext,
): DateRead | undefined {
  const month = monthAt(text, from);
  let at = skipSpaces(text, from + 3);
  if (at === from + 3) return undefined;
  const width = isDigit(text.charCodeAt(at + 1)) ? 2 : 1;
  const day = digitsAt(text, at, width);
  if (day < 1) return undefined;
  at += width;
  if (text.charCodeAt(at) === 0x2c) at++;
  const afterSpace = skipSpaces(text, at);
  if (afterSpace === at) return undefined;
  at = afterSpace;
  let year = knownYear;
  const candidate = digitsAt(text, at, 4);
  if (year === undefined && candidate >= 0 && text.charCodeAt(at + 4) === 0x20) {
    year = candidate;
    at = skipSpaces(text, at + 5);
  }
  return readTime(text, at, { year, month, day }, context, year === undefined);
}

function readTime(
  text: string,
  from: number,
  date: { year: number | undefined; month: number; day: number },
  context: DateContext,
  yearMayFollow: boolean,
): DateRead | undefined {
  let at = from;
  const width = isDigit(text.charCodeAt(at + 1)) ? 2 : 1;
  const hour = digitsAt(text, at, width);
  at += width;
  const minute = digitsAt(text, at + 1, 2);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || text.charCodeAt(at) !== 0x3a) return undefined;
  at += 3;
  let second = 0;
  if (text.charCodeAt(at) === 0x3a) {
    second = digitsAt(text, at + 1, 2);
    if (second < 0 || second > 60) return undefined;
    at += 3;
  } else if (yearMayFollow) return undefined;
  let micros = 0;
  const mark = text.charCodeAt(at);
  if ((mark === 0x2e || mark === 0x2c) && isDigit(text.charCodeAt(at + 1))) {
    at++;
    let digits = 0;
    for (; isDigit(text.charCodeAt(at)); at++) {
      if (digits < 6) micros = micros * 10 + text.charCodeAt(at) - 0x30;
      digits++;
    }
    for (; digits < 6; digits++) micros *= 10;
  }
  const moment: Moment = {
    year: date.year,
    month: date.month,
    day: date.day,
    hour,
    minute,
    second,
    micros,
    offset: undefined,
  };
  at = readAfterTime(text, at, moment, yearMayFollow);
  const instant = instantOf(moment, context);
  return instant === undefined ? undefined : { instant, end: at };
}

/** What may follow the time: a zone, a year, or both in either order. */
function readAfterTime(text: string, from: number, moment: Moment, yearMayFollow: boolean): number {
  let at = from;
  let zone: ZoneRead | undefined = readZone(text, at);
  if (zone !== undefined) {
    moment.offset = zone.offset;
    at = zone.end;
  }
  if (yearMayFollow && text.charCodeAt(at) === 0x20) {
    const year = digitsAt(text, at + 1, 4);
    const next = text.charCodeAt(at + 5);
    if (year >= 1970 && year < 2100 && (Number.isNaN(next) || next === 0x20 || next === 0x3a)) {
      moment.year = year;
      at += 5;
      if (zone === undefined) {
        zone = readZone(text, at);
        if (zone !== undefined) {
          moment.offset = zone.offset;
          at = zone.end;
        }
      }
    }
  }
  return at;
}

function instantOf(moment: Moment, context: DateContext): Instant | undefined {
  const year = moment.year ?? context.year;
  if (year !== undefined) return instantIn(year, moment, context);
  const base = yearOf(context.received);
  const instant = instantIn(base, moment, context);
  if (instant !== undefined && Math.abs(instant - context.received) <= HALF_YEAR) return instant;
  // 29 February exists in one year of four, or of eight around 1900 and 2100.
  const reach = moment.month === 1 && moment.day === 29 ? 8 : 1;
  let best = instant;
  for (let year = base - reach; year <= base + reach; year++) {
    const other = instantIn(year, moment, context);
    if (other === undefined) continue;
    if (best === undefined || Math.abs(other - context.received) < Math.abs(best - context.received))
      best = other;
  }
  return best;
}

function instantIn(year: number, moment: Moment, context: DateContext): Instant | undefined {
  const { month, day, hour, minute, second, micros, offset } = moment;
  if (month > 11 || day < 1 || day > daysIn(year, month) || year < 1900 || year > 2250) return undefined;
  const local = Date.UTC(year, month, day, hour, minute, second);
  const utc = offset === undefined ? utcFromLocal(local, context.zone) : local - offset * 60_000;
  return utc * 1000 + micros;
}

const DAYS = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

function daysIn(year: number, month: number): number {
  if (month !== 1) return DAYS[month] ?? 0;
  return (year % 4 === 0 && year % 100 !== 0) || year % 400 === 0 ? 29 : 28;
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

const MONTHS = new Map(
  ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"].map((name, month) => [
    packed(name, 0),
    month,
  ]),
);

/** The month (0 to 11) named at `at` by its three English letters, or -1. */
function monthAt(text: string, at: number): number {
  if (isLetter(text.charCodeAt(at + 3))) return -1;
  return MONTHS.get(packed(text, at)) ?? -1;
}

const WEEKDAYS = new Set(["mon", "tue", "wed", "thu", "fri", "sat", "sun"].map((name) => packed(name, 0)));

function afterWeekday(text: string, from: number): number {
  if (!WEEKDAYS.has(packed(text, from))) return -1;
  const at = text.charCodeAt(from + 3) === 0x2c ? from + 4 : from + 3;
  return text.charCodeAt(at) === 0x20 ? skipSpaces(text, at) : -1;
}

function packed(text: string, at: number): number {
  return (
    ((text.charCodeAt(at) | 0x20) << 16) |
    ((text.charCodeAt(at + 1) | 0x20) << 8) |
    (text.charCodeAt(at + 2) | 0x20)
  );
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
