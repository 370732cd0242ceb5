import type { TimePart } from "./rule.ts";
import type { Scalar } from "./subject.ts";

const ISO = /^\s*(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2}))?/;

/**
 * Takes one part out of a date; undefined when the value is none.
 *
 * A text is read as it is written, its zone ignored (the specification asks for no conversion); a number is
 * seconds or milliseconds since 1970, in UTC. Weeks are those of ISO 8601.
 */
export function readTimePart(value: Scalar, part: TimePart): number | undefined {
  const date = dateOf(value);
  if (date === undefined) return undefined;
  switch (part) {
    case "minute":
      return date.getUTCMinutes();
    case "hour":
      return date.getUTCHours();
    case "day":
      return date.getUTCDate();
    case "week":
      return isoWeek(date);
    case "month":
      return date.getUTCMonth() + 1;
    case "year":
      return date.getUTCFullYear();
  }
}

function dateOf(value: Scalar): Date | undefined {
  if (typeof value === "number" || (typeof value === "string" && /^\d{9,13}(\.\d+)?$/.test(value))) {
    const number = Number(value);
    const date = new Date(Math.abs(number) < 100_000_000_000 ? number * 1000 : number);
    return Number.isNaN(date.getTime()) ? undefined : date;
  }
  const match = typeof value === "string" ? ISO.exec(value) : null;
  if (match === null) return undefined;
  const [year, month, day, hour, minute] = match.slice(1).map((text) => Number(text ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
  ];
  if (month < 1 || month > 12 || day < 1 || day > 31 || hour > 23 || minute > 59) return undefined;
  return new Date(Date.UTC(year, month - 1, day, hour, minute));
}

function isoWeek(date: Date): number {
  const thursday = new Date(date);
  thursday.setUTCDate(date.getUTCDate() + 3 - ((date.getUTCDay() + 6) % 7));
  const first = Date.UTC(thursday.getUTCFullYear(), 0, 1);
  return 1 + Math.floor((thursday.getTime() - first) / (7 * 86_400_000));
}
