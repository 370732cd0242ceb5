import type { SealedAlert, SealedWrite } from "../seal.ts";
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

/** What a unit will ask of the record while it is applied; it is kept as the unit changes it. */
export interface Ahead {
  /** The revision at which a record stands, by `recordKey`; none of those that do not. */
  revisions: Map<string, number>;
  /** The id of what has a name, by `recordKey` of kind and name. */
  names: Map<string, string>;
  cursors: Map<string, number>;
  held: Map<number, HeldDetection>;
  /** What an incident has joined of those that the unit joins to it. */
  joined: Map<string, Set<number>>;
}

export const recordKey = (kind: string, id: string) => `${kind}/${id}`;

/** What comes by the thousand, which each engine does in its own way. */
export interface Bulk {
  /** Adds alerts in their order; of a second one of the same event nothing is written. */
  alerts(place: Place, alerts: readonly SealedAlert[]): Asking<("stored" | "duplicate")[]>;
  /** Detections by their seq; undefined in place of those that are unknown. */
  held(facility: string, detections: readonly number[]): Asking<readonly (HeldDetection | undefined)[]>;
  /** Joins detections to an incident and tells of each whether it is new there. */
  join(
    facility: string,
    joined: { incident: string; entry: number; detections: readonly HeldDetection[] },
  ): Asking<boolean[]>;
  /** The same where nothing of them is joined there: nobody waits for it. */
  joinFresh?(
    facility: string,
    joined: { incident: string; entry: number; detections: readonly HeldDetection[] },
  ): void;
  /** Looks up all of it at once, where each answer is a journey; nothing for a unit that does what it does not cover. */
  ahead?(facility: string, writes: readonly SealedWrite[]): Asking<Ahead | undefined>;
  entries(rows: readonly EntryRow[]): Asking<void>;
}

/** Reads one member of a stored alert unparsed: of the canonical ones after it none can hold its name. */
export function occurredOf(content: string): number {
  const from = content.lastIndexOf(',"occurred":') + 12;
  return Number(content.slice(from, content.indexOf(",", from)));
}
