import type { System } from "../../core/asset.ts";
import { type Instant, MICROSECONDS } from "../../core/clock.ts";
import type { Fact } from "../../core/fact.ts";
import type { Incident, IncidentState } from "../../core/incident.ts";
import type { Qualification } from "../../core/qualification.ts";
import { dependenciesOf, UNDESCRIBED } from "./dependencies.ts";

/** What stood on a system may take this long to come back after it. */
export const GRACE = 5 * MICROSECONDS.minute;

/** States in which the delegate was told of an incident, so that what it met is known to people. */
const TOLD: ReadonlySet<IncidentState> = new Set(["in_review", "approved", "declared", "facts_ended"]);
/** States in which an incident explains others. */
const RUNS: ReadonlySet<IncidentState> = new Set([...TOLD, "candidate", "open"]);

/** Incidents looked at on one system, told of or not: beyond, an outage is on its own. */
const MOST = 200;

type Outage = Pick<Fact, "since" | "until">;

/** Of an incident, what makes it the main one of others. */
interface Judged {
  incident: Incident;
  facts: readonly Fact[];
  qualification: Qualification | undefined;
}

/** An incident in which systems are down, as far as those that stand on them are concerned. */
export interface Main {
  incident: string;
  reference: string;
  told: boolean;
  /** Criteria that it meets, with their degree. */
  met: ReadonlySet<string>;
  outages: ReadonlyMap<string, readonly Outage[]>;
}

/** The outages of the incidents that run, by system: what tells that one is behind another. */
export interface Outages {
  note(work: Judged): void;
  clear(): void;
  /** Incidents in which a system is down, or was until just now, that an outage stands on; those told of come first. */
  above(fact: Fact, incident: string, now: Instant): { main: Main; system: string }[];
  /**
   * Incidents that waited behind this one and have to be looked at again once it stands as it does now: at once when it
   * runs no more, else when what it held back had its grace.
   */
  released(work: Judged, now: Instant): { incident: string; due: Instant }[];
}

export function openOutages(systems: Iterable<System>): Outages {
  const dependencies = dependenciesOf(systems);
  const mains = new Map<string, Main>();
  /** By system, those that are told of apart: they alone hold anything back. */
  const told = new Map<string, Map<string, Main>>();
  const untold = new Map<string, Map<string, Main>>();
  const forget = (incident: string) => {
    for (const system of mains.get(incident)?.outages.keys() ?? [])
      for (const bySystem of [told, untold]) bySystem.get(system)?.delete(incident);
    mains.delete(incident);
  };
  const behind = (system: string) =>
    [told, untold].flatMap((bySystem) => [...(bySystem.get(system)?.keys() ?? [])]);
  return {
    note(work) {
      forget(work.incident.id);
      const main = mainOf(work);
      if (main === undefined) return;
      mains.set(main.incident, main);
      const bySystem = main.told ? told : untold;
      for (const system of main.outages.keys()) {
        const those = bySystem.get(system) ?? new Map<string, Main>();
        bySystem.set(system, those.set(main.incident, main));
      }
    },
    clear() {
      mains.clear();
      told.clear();
      untold.clear();
    },
    above(fact, incident, now) {
      const found: { main: Main; system: string }[] = [];
      const under = dependencies.under(fact.system ?? UNDESCRIBED);
      for (const bySystem of [told, untold])
        for (const system of under) {
          let left = MOST;
          for (const main of bySystem.get(system)?.values() ?? []) {
            if (left-- === 0) break;
            const outages = main.incident === incident ? [] : (main.outages.get(system) ?? []);
            if (outages.some((each) => explains(each, fact, now))) found.push({ main, system });
          }
        }
      return found;
    },
    released(work, now) {
      const before = mains.get(work.incident.id);
      if (before === undefined || !before.told) return [];
      const after = mainOf(work);
      const gone = after?.told !== true || [...before.met].some((each) => !after.met.has(each));
      const freed = [...before.outages.keys()].filter(
        (system) => gone || (lasts(before, system) && !lasts(after, system)),
      );
      const waiting = [...new Set(freed.flatMap(dependencies.above))].flatMap(behind);
      return [...new Set(waiting)]
        .filter((incident) => incident !== work.incident.id)
        .map((incident) => ({ incident, due: gone ? now : now + GRACE }));
    },
  };
}

function mainOf({ incident, facts, qualification }: Judged): Main | undefined {
  if (!RUNS.has(incident.state)) return undefined;
  const outages = Map.groupBy(
    facts.filter(
      ({ kind, holds, withdrawn }) => kind === "system_unavailable" && holds && withdrawn === null,
    ),
    ({ system }) => system ?? UNDESCRIBED,
  );
  if (outages.size === 0) return undefined;
  const { id, reference, state } = incident;
  const met = metOf(qualification?.criteria ?? []);
  return { incident: id, reference, told: TOLD.has(state), met: new Set(met), outages };
}

/** Names the criteria that are met; one that is proven is met as a potential one too. */
export function metOf(criteria: readonly { id: string; value: string; degree: string | null }[]): string[] {
  return criteria
    .filter(({ value }) => value === "met")
    .flatMap(({ id, degree }) => (degree === "proven" ? [id, `${id} ${degree}`] : [id]));
}

function lasts(main: Main | undefined, system: string): boolean {
  return main?.outages.get(system)?.some(({ until }) => until === null) ?? false;
}

/** True when one outage was there while the other was, and, of one that lasts, is still or was until just now. */
function explains(below: Outage, { since, until }: Outage, now: Instant): boolean {
  const end = below.until === null ? Number.POSITIVE_INFINITY : below.until + GRACE;
  return until === null ? end > now : since < end && below.since < until + GRACE;
}
