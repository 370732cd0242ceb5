import { type Instant, isoFromInstant, MICROSECONDS } from "../../agent/core/clock.ts";

let day = Number.NaN;
let prefix = "";

const TWO = Array.from({ length: 60 }, (_, value) => String(value).padStart(2, "0"));

/** Renders an instant exactly as isoFromInstant does; the day's text is kept, since records come in time order. */
export function isoOf(instant: Instant): string {
  const whole = Math.floor(instant / MICROSECONDS.day);
  if (whole !== day) {
    // "2003-10-11T" of "2003-10-11T00:00:00.000Z"
    prefix = isoFromInstant(whole * MICROSECONDS.day).slice(0, -13);
    day = whole;
  }
  let rest = instant - whole * MICROSECONDS.day;
  const hour = Math.floor(rest / MICROSECONDS.hour);
  rest -= hour * MICROSECONDS.hour;
  const minute = Math.floor(rest / MICROSECONDS.minute);
  rest -= minute * MICROSECONDS.minute;
  const second = Math.floor(rest / MICROSECONDS.second);
  rest -= second * MICROSECONDS.second;
  const time = `${prefix}${TWO[hour]}:${TWO[minute]}:${TWO[second]}.`;
  if (rest === 0) return `${time}000Z`;
  const millis = Math.floor(rest / 1000);
  const micros = rest - millis * 1000;
  return micros === 0 ? `${time}${three(millis)}Z` : `${time}${three(millis)}${three(micros)}Z`;
}

function three(value: number): string {
  return value >= 100 ? `${value}` : value >= 10 ? `0${value}` : `00${value}`;
}
