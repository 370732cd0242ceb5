import type { Instant } from "../../../agent/core/clock.ts";
import type { ParseContext } from "../../contract.ts";
import { isoOf } from "../../shared/iso-of.ts";
import { isObject } from "../../shared/json.ts";
import { instantFromEpoch, readWholeDate } from "../../shared/read-date.ts";

/** The instant that a value tells: milliseconds since 1970, or a date as text; undefined for any other. */
export function instantFrom(value: unknown, context: ParseContext): Instant | undefined {
  if (typeof value === "number") return instantFromEpoch(value);
  return typeof value === "string" ? readWholeDate(value, context) : undefined;
}

/** A time of an object by its name, or by the name that the profile datetime gives it; undefined without. */
export function timeOf(value: unknown, name: string, context: ParseContext): string | undefined {
  if (!isObject(value)) return undefined;
  const instant = instantFrom(value[name] ?? value[`${name}_dt`], context);
  return instant === undefined ? undefined : isoOf(instant);
}
