import type { Instant } from "../../../agent/core/clock.ts";
import type { ParseContext } from "../../contract.ts";
import type { Draft } from "../../shared/draft.ts";
import { isoOf } from "../../shared/iso-of.ts";
import { readDateIn } from "../../shared/read-date-in.ts";
import type { CefTimes } from "./known-keys.ts";

/** Writes the times that the extension told, in its own zone where they have none; the event's is given back. */
export function readTimes(draft: Draft, times: CefTimes, context: ParseContext): Instant | undefined {
  const { event } = draft;
  const { receipt, zone } = times;
  const start = times.start === undefined ? undefined : readDateIn(times.start, zone, context);
  const end = times.end === undefined ? undefined : readDateIn(times.end, zone, context);
  const created = times.created === undefined ? undefined : readDateIn(times.created, zone, context);
  if (start !== undefined) event.start = isoOf(start);
  if (end !== undefined) event.end = isoOf(end);
  if (created !== undefined) event.created = isoOf(created);
  const received = receipt === undefined ? undefined : readDateIn(receipt, zone, context);
  return received ?? start ?? end;
}
