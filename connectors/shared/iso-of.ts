import { type Instant, isoFromInstant, MICROSECONDS } from "../../agent/core/clock.ts";

/** "2003-10-11T" by its day since 1970; bounded, since records choose the days. */
const days = new Map<number, string>();
const MOST_DAYS = 4096;

let day = Number.NaN;
let prefix = "";

const TWO = Array.from({ length: 60 }, (_, value) => String(value).padStart(2, "0"));
const MINUTES = Array.from({ length: 1440 }, (_, at) => `${TWO[Math.floor(at / 60)]}:${TWO[at % 60]}:`);
const THREE = Array.from({ length: 1000 }, (_, value) => String(value).padStart(3, "0"));

/** Renders an instant exactly as isoFromInstant does; the texts of days and minutes are kept. */
export function isoOf(instant: Instant): string {
  const whole = Math.floor(instant / MICROSECONDS.day);
  if (whole !== day) {
    prefix = prefixOf(whole);
    day = whole;
  }
  const rest = instant - whole * MICROSECONDS.day;
  // Milliseconds of a day fit in 32 bits: the rest is whole-number arithmetic.
  const millis = Math.floor(rest / 1000) | 0;
  const seconds = (millis / 1000) | 0;
  const minutes = (seconds / 60) | 0;
  const micros = rest - millis * 1000;
  const time = `${prefix}${MINUTES[minutes]}${TWO[seconds - minutes * 60]}.${THREE[millis - seconds * 1000]}`;
  return micros === 0 ? `${time}Z` : `${time}${THREE[micros]}Z`;
}

function prefixOf(whole: number): string {
  let text = days.get(whole);
  if (text === undefined) {
    text = isoFromInstant(whole * MICROSECONDS.day).slice(0, -13);
    if (days.size >= MOST_DAYS) days.clear();
    days.set(whole, text);
  }
  return text;
}
