import type { Instant } from "../../core/clock.ts";
import { underDefenceSecret } from "../../core/fact.ts";
import type { Incident, IncidentState } from "../../core/incident.ts";
import type { Setup, Work } from "../work.ts";
import { type Census, openCensus, type Run } from "./census.ts";
import { type LinkIndex, openLinkIndex, type Span } from "./link-index.ts";
import { type Arrival, eachCounted, linksOf, opens, readTraits, type Traits } from "./read-traits.ts";
import { openRecoveries, type Recoveries } from "./recoveries.ts";

/** Keys kept in the record of one incident; the rest is read from its detections after a restart. */
const MOST_SPANS = 400;
/** Keys kept in memory of one incident: beyond, only what names a machine, a system or a campaign ties. */
const MOST_KEYS = 20_000;
/** Closed incidents that what follows may cite. */
const MOST_CLOSED = 5_000;
/** Incidents cited or linked by one. */
const MOST_CITED = 20;

const CLOSED: ReadonlySet<IncidentState> = new Set(["closed"]);
const DECIDED: ReadonlySet<IncidentState> = new Set(["approved", "declared", "facts_ended", "set_aside"]);

/** A key left behind or looked for, at an instant of event time. */
export type Tie = readonly [key: string, at: Instant];

/** With which incidents a detection belongs. */
export interface Place {
  traits: Traits[];
  adds: Tie[];
  /** Incidents that it may join, the one that shares most first. */
  found: { id: string; shared: number; by: string }[];
  /** Closed incidents that it would have joined. */
  closed: string[];
}

/** Knows by which keys detections and incidents belong together; the partition does not depend on the order of arrival. */
export interface Grouping {
  /** Reads what a detection is tied to; it leaves its keys only once `tie` is called. */
  place(arrival: Arrival): Place;
  /** Incidents that ever had to do with what a detection is about: a recovery may come long after. */
  everAbout(traits: Traits): Set<string>;
  tie(incident: string, adds: readonly Tie[]): void;
  /** Keys that a detection of an incident leaves, as they count now. */
  tiesOf(arrival: Arrival): { adds: Tie[]; looks: Tie[] };
  find(looks: readonly Tie[], found: (incident: string) => void): void;
  /** Runs that became a hub since last asked, with the incidents that they had tied. */
  turned(): { run: Run; incidents: string[] }[];
  /** Counts a detection of the past without placing it. */
  recall(arrival: Arrival): void;
  recoveries: Recoveries;
  merge(from: string, into: string): void;
  drop(incident: string): void;
  load(incident: Pick<Incident, "id" | "state">, spans: readonly Span[]): void;
  /** Follows an incident into and out of its end. */
  moved(incident: Pick<Incident, "id" | "state">): void;
  spansOf(incident: string): { spans: Span[]; cut: boolean };
  clear(): void;
}

export function openGrouping(setup: Pick<Setup, "locate">): Grouping {
  const running: LinkIndex = openLinkIndex();
  const ended: LinkIndex = openLinkIndex();
  const closed = new Set<string>();
  const census: Census = openCensus();
  const recoveries = openRecoveries(setup);
  let turned: { run: Run; incidents: string[] }[] = [];

  const traitsOf = (arrival: Arrival) =>
    [arrival, ...(arrival.base ?? [])].map((each) => readTraits(each, setup));

  function count(traits: readonly Traits[]): void {
    for (const one of traits) {
      eachCounted(one, (key, partners) => {
        const run = census.note(key, one.at, partners);
        if (run === undefined) return;
        const incidents = new Set<string>();
        running.within(key, run.from, run.to, (id) => incidents.add(id));
        running.forget(key, run.from, run.to);
        turned.push({ run, incidents: [...incidents] });
      });
    }
  }

  function tiesOf(traits: readonly Traits[]): { adds: Tie[]; looks: Tie[] } {
    const adds: Tie[] = [];
    let looks = adds;
    for (const one of traits) {
      const links = linksOf(one, census.isHub);
      // Mostly the same keys are left and looked for.
      if (links.looks !== links.adds && looks === adds) looks = [...adds];
      for (const key of links.adds) adds.push([key, one.at]);
      if (looks !== adds) for (const key of links.looks) looks.push([key, one.at]);
    }
    return { adds, looks };
  }

  return {
    place(arrival) {
      const traits = traitsOf(arrival);
      if (opens(arrival)) count(traits);
      const { adds, looks } = tiesOf(traits);
      const shared = new Map<string, { shared: number; by: string }>();
      const cited = new Set<string>();
      let by = "";
      const note = (id: string) => {
        const known = shared.get(id);
        if (known === undefined) shared.set(id, { shared: 1, by });
        else known.shared++;
      };
      const cite = (id: string) => cited.add(id);
      for (const [key, at] of looks) {
        by = key;
        running.find(key, at, note);
        if (closed.size > 0) ended.find(key, at, cite);
      }
      const found = [...shared].map(([id, each]) => ({ id, ...each }));
      return {
        traits,
        adds,
        found: found.sort((a, b) => b.shared - a.shared),
        closed: [...cited].slice(0, MOST_CITED),
      };
    },
    everAbout({ shared, hubs, system }) {
      const found = new Set<string>();
      const note = (id: string) => found.add(id);
      for (const key of [...shared, ...hubs]) {
        running.ever(key, note);
        running.ever(`alone:${key}`, note);
      }
      if (system !== null) running.ever(`touched:${system.id}`, note);
      return found;
    },
    tie(incident, adds) {
      const full = running.keysOf(incident) >= MOST_KEYS;
      for (const [key, at] of adds)
        if (!full || !/^(address|hash|user|process|pair):/.test(key)) running.add(key, at, incident);
    },
    tiesOf: (arrival) => tiesOf(traitsOf(arrival)),
    find(looks, found) {
      for (const [key, at] of looks) running.find(key, at, found);
    },
    turned() {
      const told = turned;
      turned = [];
      return told;
    },
    recoveries,
    recall(arrival) {
      recoveries.note(arrival, true);
      if (opens(arrival)) count(traitsOf(arrival));
      turned = [];
    },
    merge: (from, into) => running.move(from, into),
    drop(incident) {
      running.drop(incident);
      ended.drop(incident);
      closed.delete(incident);
    },
    load({ id, state }, spans) {
      if (state === "merged") return;
      if (!CLOSED.has(state)) {
        running.load(id, spans);
        return;
      }
      ended.load(id, spans);
      closed.add(id);
      if (closed.size <= MOST_CLOSED) return;
      const oldest = closed.values().next().value as string;
      ended.drop(oldest);
      closed.delete(oldest);
    },
    moved({ id, state }) {
      if (CLOSED.has(state) === closed.has(id)) return;
      const spans = (closed.has(id) ? ended : running).spansOf(id);
      this.drop(id);
      this.load({ id, state }, spans);
    },
    spansOf(incident) {
      const spans = (closed.has(incident) ? ended : running).spansOf(incident);
      return { spans: spans.slice(0, MOST_SPANS), cut: spans.length > MOST_SPANS };
    },
    clear() {
      running.clear();
      ended.clear();
      closed.clear();
      census.clear();
      recoveries.clear();
      turned = [];
    },
  };
}

/** True of an incident that the machine does not merge: a person decided on it. */
export function isDecided({
  incident,
  decisions,
  facts,
}: Pick<Work, "incident" | "decisions" | "facts">): boolean {
  return DECIDED.has(incident.state) || decisions.length > 0 || underDefenceSecret(facts);
}

/** True of an incident that a person has had to do with: the machine does not take it apart. */
export function isTouched(work: Pick<Work, "incident" | "decisions" | "facts">): boolean {
  const { incident, facts } = work;
  return (
    incident.found !== null ||
    incident.opened_by === "person" ||
    isDecided(work) ||
    facts.some(({ origin }) => origin.by === "person")
  );
}
