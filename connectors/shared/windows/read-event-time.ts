import type { Instant } from "../../../agent/core/clock.ts";
import type { ParseContext } from "../../contract.ts";
import { instantFromEpoch, readWholeDate } from "../read-date.ts";

/** Reads a time that Windows tells in UTC without saying so; fractions of seven digits too. */
export function readUtc(value: unknown, { received }: ParseContext): Instant | undefined {
  return readTime(value, { received, zone: "UTC" });
}

/** Reads a time as collectors write it: a date, an epoch, or PowerShell's `/Date(1700000000000)/`. */
export function readTime(value: unknown, context: ParseContext): Instant | undefined {
  if (typeof value === "number") return instantFromEpoch(value);
  if (typeof value !== "string") return undefined;
  if (value.startsWith("/Date(")) {
    const epoch = /^\d{9,15}/.exec(value.slice(6, 24))?.[0];
    return epoch === undefined ? undefined : instantFromEpoch(epoch);
  }
  return readWholeDate(value, context);
}
