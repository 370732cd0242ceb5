import type { Instant } from "../../agent/core/clock.ts";
import { type DateContext, readWholeDate } from "./read-date.ts";
import { readZone } from "./read-zone.ts";
import { isKnownZone } from "./utc-from-local.ts";

/**
 * Reads a whole date that the record gives a zone for: an IANA name, an offset or an abbreviation.
 *
 * A zone within the date stands; one that is neither counts as not given.
 */
export function readDateIn(
  text: string,
  zone: string | undefined,
  context: DateContext,
): Instant | undefined {
  if (zone === undefined || zone === "" || zone.length > 64) return readWholeDate(text, context);
  if (isKnownZone(zone)) return readWholeDate(text, { ...context, zone });
  const offset = readZone(zone, 0);
  if (offset === undefined || offset.end !== zone.length) return readWholeDate(text, context);
  return readWholeDate(`${text.trim()} ${zone}`, context) ?? readWholeDate(text, context);
}
