import { type Instant, isoFromInstant, MICROSECONDS } from "../../agent/core/clock.ts";

/** "2003-10-11T" by its day since 1970; bounded, since records choose the days. */
const days = new Map<number, string>();
const MOST_DAYS = 4096;

/** The minute of the last instant, and what its text begins with: records come in the order of their times. */
let minute = Number.NaN;
let prefix = "";

const DAY = 1440;
const MINUTES = Array.from({ length: DAY }, (_, at) => `${two(Math.floor(at / 60))}:${two(at % 60)}:`);
const SECONDS = Array.from({ length: 60 }, (_, value) => `${two(value)}.`);
const THREE = Array.from({ length: 1000 }, (_, value) => String(value).padStart(3, "0"));
const LAST = THREE.map((digits) => `${digits}Z`);

/** Renders an instant exactly as isoFromInstant does; the texts of days and minutes are kept. */
export function isoOf(instant: Instant): string {
  const whole = Math.floor(instant / MICROSECONDS.minute);
  if (whole !== minute) {
    prefix = prefixOf(whole);
    minute = whole;
  }
  // Microseconds of a minute fit in 32 bits: the rest is whole-number arithmetic.
  const micros = (instant - whole * MICROSECONDS.minute) | 0;
  const millis = (micros / 1000) | 0;
  const second = (millis / 1000) | 0;
  const thousandths = millis - second * 1000;
  const rest = micros - millis * 1000;
  return rest === 0
    ? prefix + (SECONDS[second] as string) + LAST[thousandths]
    : `${prefix}${SECONDS[second]}${THREE[thousandths]}${LAST[rest]}`;
}

function prefixOf(whole: number): string {
  const day = Math.floor(whole / DAY);
  let text = days.get(day);
  if (text === undefined) {
    text = isoFromInstant(day * MICROSECONDS.day).slice(0, -13);
    if (days.size >= MOST_DAYS) days.clear();
    days.set(day, text);
  }
  return `${text}${MINUTES[whole - day * DAY]}`;
}

function two(value: number): string {
  return String(value).padStart(2, "0");
}
