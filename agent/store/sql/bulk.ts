import type { SealedAlert } from "../seal.ts";
import type { EntryRow } from "./chain.ts";
import type { Place } from "./place.ts";
import type { Asking } from "./sql.ts";

/** A detection with the alert that holds it. */
export interface HeldDetection {
  detection: number;
  alert: string;
  /** Its index among the detections of the alert. */
  position: number;
  /** Event time of the alert, µs. */
  occurred: number;
}

/** What comes by the thousand, which each engine does in its own way. */
export interface Bulk {
  /** Adds alerts in their order; of a second one of the same event nothing is written. */
  alerts(place: Place, alerts: readonly SealedAlert[]): Asking<("stored" | "duplicate")[]>;
  /** Detections by their seq; undefined in place of those that are unknown. */
  held(facility: string, detections: readonly number[]): Asking<(HeldDetection | undefined)[]>;
  /** Joins detections to an incident and tells of each whether it is new there. */
  join(
    facility: string,
    joined: { incident: string; entry: number; detections: readonly HeldDetection[] },
  ): Asking<boolean[]>;
  entries(rows: readonly EntryRow[]): Asking<void>;
}

/** Reads one member of a stored alert unparsed: of the canonical ones after it none can hold its name. */
export function occurredOf(content: string): number {
  const from = content.lastIndexOf(',"occurred":') + 12;
  return Number(content.slice(from, content.indexOf(",", from)));
}
