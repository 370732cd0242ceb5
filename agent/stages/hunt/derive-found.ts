import type { Instant } from "../../core/clock.ts";
import { standsAlone } from "../../core/detection.ts";
import type { Fact } from "../../core/fact.ts";
import type { Incident } from "../../core/incident.ts";
import type { Reads } from "../../store/store.ts";
import { breather } from "../breather.ts";
import { absorb } from "../grouping/absorb.ts";
import { locateOnce } from "../grouping/locate-once.ts";
import { type Arrival, eventTime, readTraits } from "../grouping/read-traits.ts";
import { stateFacts } from "../grouping/state-facts.ts";
import type { Setup } from "../work.ts";

const PAGE = 200;
/** Ends remembered, the latest of each machine. */
const MOST_ENDS = 10_000;

/** What all that was found for an incident tells, by itself and in the order of event time. */
export interface Derived {
  /** Count, names, systems, causes and times of what was found; the rest is the incident's own. */
  incident: Incident;
  facts: {
    fact: Fact;
    /** The last time that it was told, by event time and by receipt. */
    last: Instant;
    received: Instant;
  }[];
  /** Recoveries, which may end what is told live. */
  ends: { rule: string; subject: string; system: string | null; at: Instant }[];
}

/** Detections of an incident that searches found, by event time. */
export async function* foundOf(reads: Reads, facility: string, incident: string): AsyncGenerator<Arrival> {
  for (let after: { occurred: number; seq: number } | undefined; ; ) {
    const page = await reads.detectionsOf(facility, incident, PAGE, after);
    for (const arrival of page) if (arrival.alert.hunted !== undefined) yield arrival;
    const last = page.at(-1);
    if (last === undefined || page.length < PAGE) return;
    after = { occurred: last.detection.occurred, seq: last.detection.seq };
  }
}

/** Reads what was found, in the order of event time, a few milliseconds at a time. */
export async function deriveFound(
  incident: Incident,
  arrivals: AsyncIterable<Arrival>,
  setup: Setup,
): Promise<Derived> {
  const { hunted: _, entities_cut: _cut, ...own } = incident;
  const scratch: { incident: Incident; facts: Fact[] } = {
    incident: {
      ...own,
      alerts: 0,
      entities: [],
      systems: [],
      causes: [],
      occurred: Number.MAX_SAFE_INTEGER,
      last_alert: Number.MIN_SAFE_INTEGER,
    },
    facts: [],
  };
  const told = new Map<string, { last: Instant; received: Instant }>();
  const ends = new Map<string, Derived["ends"][number]>();
  const breathe = breather();
  for await (const arrival of arrivals) {
    const { detection, alert } = arrival;
    const at = eventTime(alert);
    const traits = readTraits(arrival, setup);
    if (!standsAlone(detection.rule)) {
      // What a correlation counted tells of machines and times only.
      absorb(scratch, arrival, { ...traits, system: null });
      continue;
    }
    absorb(scratch, arrival, traits);
    const before = new Map(scratch.facts.map((fact) => [fact.id, fact.alerts]));
    stateFacts(scratch, arrival, setup);
    for (const { id, alerts } of scratch.facts) {
      if (before.get(id) === alerts) continue;
      const known = told.get(id)?.received ?? 0;
      told.set(id, { last: at, received: Math.max(known, alert.received) });
    }
    const { subject, system } = locateOnce(setup.locate, alert.alert);
    const { name } = detection.rule;
    if (name !== undefined && subject !== null && (detection.rule.meaning?.facts.length ?? 0) === 0) {
      const key = `${name}/${system?.id}/${subject}`;
      if (ends.has(key) || ends.size < MOST_ENDS)
        ends.set(key, { rule: name, subject, system: system?.id ?? null, at });
    }
    await breathe();
  }
  const facts = scratch.facts.map((fact) => ({ fact, ...(told.get(fact.id) ?? { last: 0, received: 0 }) }));
  return { incident: scratch.incident, facts, ends: [...ends.values()] };
}
