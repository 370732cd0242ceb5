import type { Entity, Incident } from "../../core/incident.ts";
import { sha256Hex } from "../../core/sha256.ts";
import type { Reads, StoredAlert } from "../../store/store.ts";
import { breather } from "../breather.ts";
import { readTraits, shortName } from "../grouping/read-traits.ts";
import type { Setup } from "../work.ts";

const PAGE = 200;
/** What two detections have to share for one to be looked for by the other. */
const SHARED: ReadonlySet<Entity["kind"]> = new Set<Entity["kind"]>([
  "host",
  "user",
  "address",
  "hash",
  "process",
]);

/** What an incident holds before a search of old records. */
export interface Known {
  /** Names that what came live gives, as `kind:value`: those of what was found are not among them. */
  entities: ReadonlySet<string>;
  /** How many detections of one rule it has of one text, by `seenKey`. */
  seen: Map<string, number>;
  /** Detections of earlier searches that are in it. */
  hunted: number;
}

export const seenKey = (print: string, rule: string): string => `${print}/${rule}`;

/** Tells one record's text from others: SHA-256 of its raw text, or of what stands for it. */
export function printOf({ alert }: Pick<StoredAlert, "alert">): string {
  const { event, message, host } = alert;
  const text = event?.original ?? event?.id ?? JSON.stringify([alert["@timestamp"], host?.name, message]);
  return sha256Hex(text).slice(0, 32);
}

/** What a detection names of the kinds that tie a search to its incident. */
export function sharedNames(entities: readonly Entity[]): string[] {
  return entities
    .filter(({ kind }) => SHARED.has(kind))
    .map(({ kind, value }) => `${kind}:${kind === "host" ? shortName(value) : value}`);
}

/** Reads all that an incident holds, a page at a time. */
export async function readKnown(reads: Reads, incident: Incident, setup: Setup): Promise<Known> {
  const entities = new Set<string>();
  const seen = new Map<string, number>();
  let hunted = 0;
  const breathe = breather();
  for (let after: { occurred: number; seq: number } | undefined; ; ) {
    const page = await reads.detectionsOf(setup.facility.id, incident.id, PAGE, after);
    for (const arrival of page) {
      const { detection, alert } = arrival;
      const key = seenKey(printOf(alert), detection.rule.id);
      seen.set(key, (seen.get(key) ?? 0) + 1);
      // What was found before leads no further: the same search would find more the second time.
      if (alert.hunted !== undefined) hunted++;
      else for (const name of sharedNames(readTraits(arrival, setup).entities)) entities.add(name);
      await breathe();
    }
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) break;
    after = { occurred: last.detection.occurred, seq: last.detection.seq };
  }
  // Opened by hand: all it names are systems.
  if (entities.size === 0) for (const system of incident.systems) entities.add(`system:${system}`);
  return { entities, seen, hunted };
}
