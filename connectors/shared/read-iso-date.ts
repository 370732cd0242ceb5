import type { Instant } from "../../agent/core/clock.ts";
import { daysBefore, daysIn } from "./calendar.ts";

/** A text that is no such date; no number is. */
const NONE = -1;

/**
 * Reads `2023-10-11T22:14:15.003Z`, as nearly every structured record writes its time: RFC 3339 from end to end, with a
 * fraction of any length and a zone with or without its colon. Undefined for any other text, other dates among them.
 */
export function readIsoDate(text: string): Instant | undefined {
  const { length } = text;
  if (length < 20 || length > 35) return undefined;
  if (!text.startsWith(last)) {
    const instant = secondAt(text);
    if (instant === NONE) return undefined;
    last = text.slice(0, 19);
    lastInstant = instant;
  }
  let at = 19;
  let micros = 0;
  if (text.charCodeAt(at) === 0x2e) {
    let unit = 100_000;
    for (at++; at < length; at++) {
      const digit = text.charCodeAt(at) - 0x30;
      if (digit < 0 || digit > 9) break;
      micros += digit * unit;
      unit = (unit / 10) | 0;
    }
    if (at === 20) return undefined;
  }
  const offset = zoneAt(text, at);
  return offset === undefined ? undefined : lastInstant + micros - offset * 60_000_000;
}

/** The whole second read last, as text and as if it were of UTC: records come by the hundred in one second. */
let last = "-";
let lastInstant: Instant = 0;

/** Reads `2023-10-11T22:14:15` at the beginning of a text, as of UTC; NONE when it begins otherwise. */
function secondAt(text: string): Instant {
  if (text.charCodeAt(10) !== 0x54 || text.charCodeAt(4) !== 0x2d || text.charCodeAt(7) !== 0x2d) return NONE;
  if (text.charCodeAt(13) !== 0x3a || text.charCodeAt(16) !== 0x3a) return NONE;
  const century = twoAt(text, 0);
  const years = twoAt(text, 2);
  const month = twoAt(text, 5) - 1;
  const day = twoAt(text, 8);
  const hour = twoAt(text, 11);
  const minute = twoAt(text, 14);
  const second = twoAt(text, 17);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 60) return NONE;
  const year = century * 100 + years;
  if (century < 19 || years < 0 || year > 2250 || day < 1 || day > daysIn(year, month)) return NONE;
  return (((daysBefore(year, month) + day) * 1440 + hour * 60 + minute) * 60 + second) * 1_000_000;
}

/** Minutes east of UTC of the zone that the text ends with; undefined when it ends otherwise. */
function zoneAt(text: string, at: number): number | undefined {
  const left = text.length - at;
  const sign = text.charCodeAt(at);
  if (sign === 0x5a) return left === 1 ? 0 : undefined;
  if (sign !== 0x2b && sign !== 0x2d) return undefined;
  const colon = left === 6 && text.charCodeAt(at + 3) === 0x3a;
  if (left !== 5 && !colon) return undefined;
  const hours = twoAt(text, at + 1);
  const minutes = twoAt(text, colon ? at + 4 : at + 3);
  if (hours < 0 || hours > 18 || minutes < 0 || minutes > 59) return undefined;
  const offset = hours * 60 + minutes;
  return sign === 0x2d ? -offset : offset;
}

/** Two digits, or NONE. */
function twoAt(text: string, at: number): number {
  const tens = text.charCodeAt(at) - 0x30;
  const ones = text.charCodeAt(at + 1) - 0x30;
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : NONE;
}
