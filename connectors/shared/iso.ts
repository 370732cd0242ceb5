import { type Instant, isoFromInstant } from "../../agent/core/clock.ts";

let second = Number.NaN;
let prefix = "";

/** Renders an instant exactly as isoFromInstant does; the text of the last second is kept, since records come in time order. */
export function isoOf(instant: Instant): string {
  const whole = Math.floor(instant / 1_000_000);
  if (whole !== second) {
    // "2003-10-11T22:14:15" of "2003-10-11T22:14:15.000Z"
    prefix = isoFromInstant(whole * 1_000_000).slice(0, 19);
    second = whole;
  }
  const micros = instant - whole * 1_000_000;
  if (micros === 0) return `${prefix}.000Z`;
  const millis = Math.floor(micros / 1000);
  const rest = micros - millis * 1000;
  return rest === 0 ? `${prefix}.${three(millis)}Z` : `${prefix}.${three(millis)}${three(rest)}Z`;
}

function three(value: number): string {
  return value >= 100 ? `${value}` : value >= 10 ? `0${value}` : `00${value}`;
}
