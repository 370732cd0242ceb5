import type { LoadedCorrelation } from "../../rules/engine/correlation/correlation.ts";
import type { CorrelatorOptions, CorrelatorStats } from "../../rules/engine/correlation/correlator.ts";
import type { Clock, Instant } from "../core/clock.ts";
import { standsAlone } from "../core/detection.ts";
import type { Incident } from "../core/incident.ts";
import type { Account } from "../core/person.ts";
import type { Receipt, Store, Write } from "../store/store.ts";
import { openCombiner } from "./combine.ts";
import { type Arrival, correlate } from "./correlate.ts";
import { draft } from "./draft.ts";
import { followUp } from "./follow-up.ts";
import { judge, planClocks } from "./judge.ts";
import { notify } from "./notify.ts";
import { changesOf, copyWork, loadWork, type Setup, type Work } from "./work.ts";

/** Detections taken from the store in one unit of work. */
export const BATCH = 500;
/** Name of the cursor that says how far detections were correlated. */
const CURSOR = "correlated";
/** States in which an incident still takes detections in. */
const ACTIVE: readonly Incident["state"][] = [
  "candidate",
  "open",
  "in_review",
  "approved",
  "declared",
  "facts_ended",
  // What follows a decision not to declare belongs to it: it does not open the same incident again.
  "set_aside",
];

/** What the facts of an incident lead to, in order: judge, draft, tell, follow. */
export function carry(work: Work, setup: Setup, now: Instant): void {
  judge(work, setup, now);
  if (work.incident.state !== "candidate" && work.incident.state !== "closed") draft(work, setup, now);
  notify(work, setup, now);
  planClocks(work, setup);
  followUp(work, setup);
}

export interface Pipeline {
  /**
   * Takes in the next batch of detections that the store has and that were not correlated yet, and writes what
   * correlations make of them and of the time that passed; 0 when nothing is left to do.
   */
  advance(): Promise<number>;
  /**
   * Works on one incident alone, then commits; undefined when there is no such incident. Nothing is kept when
   * `act` returns a refusal: `keep` tells which results are worth a commit.
   */
  act<T>(
    incident: string,
    act: (work: Work, now: Instant) => T,
    keep?: (result: T) => boolean,
  ): Promise<T | undefined>;
  /** The incident's records as committed. */
  view(incident: string): Promise<Work | undefined>;
  /**
   * Takes in all there is, and decides what correlations wait for as far as a recording that ends now tells; says of
   * which it does not tell.
   */
  finish(): Promise<{ rule: string; title: string; groups: number }[]>;
  /** Puts correlations in force in place of others. */
  use(correlations: readonly LoadedCorrelation[]): void;
  /** What the windows of correlations hold; undefined before the first detection. */
  windows(): CorrelatorStats | undefined;
}

/** The person who acted, else the delegate first registered, else the director. */
function declarantOf({ incident }: Work, accounts: readonly Account[]): Account | undefined {
  const active = accounts.filter((account) => account.active);
  return (
    active.find((account) => account.id === incident.declarant) ??
    active.find((account) => account.role === "delegate") ??
    active[0]
  );
}

export interface PipelineEvents {
  changed?(before: Incident | undefined, work: Work): void;
  /** Windows were rebuilt from the record; not `whole` when it held more than is read back. */
  rebuilt?(told: { detections: number; whole: boolean }): void;
}

/** Builds the pipeline behind the detections; it owns every change of an incident, one at a time. */
export async function openPipeline(parts: {
  store: Store;
  setup: Setup;
  clock: Clock;
  events?: PipelineEvents;
  correlations?: readonly LoadedCorrelation[];
  windows?: CorrelatorOptions;
}): Promise<Pipeline> {
  const { store, setup, clock } = parts;
  const facility = setup.facility.id;
  const combiner = openCombiner({
    reads: store.reads,
    facility,
    zone: setup.facility.time_zone,
    newId: setup.newId,
    correlations: parts.correlations,
    options: parts.windows,
    rebuilt: parts.events?.rebuilt,
  });
  const active = new Map<string, Work>();
  let queue: Promise<unknown> = Promise.resolve();
  const exclusive = <T>(work: () => Promise<T>): Promise<T> => {
    const next = queue.then(work, work);
    queue = next.catch(() => undefined);
    return next;
  };
  /** How far this process knows the incidents: elsewhere than the store's cursor, someone else went on. */
  let position = -1;
  await loadActive();

  async function loadActive(): Promise<void> {
    position = await store.reads.cursor(facility, CURSOR);
    active.clear();
    for (let after: string | undefined; ; ) {
      const page = await store.reads.byState(facility, "incident", ACTIVE, { limit: 500, after });
      for (const { content } of page) {
        const work = await loadWork(store.reads, facility, content.id);
        if (work !== undefined) active.set(content.id, work);
      }
      after = page.at(-1)?.content.id;
      if (page.length < 500) return;
    }
  }

  async function commit(works: readonly Work[], more: Write[], now: Instant): Promise<Receipt> {
    const changes = works.map((work) => ({ work, ...changesOf(work) }));
    const writes = [...changes.flatMap((change) => change.writes), ...more];
    const receipt = await store.commit({ facility, at: now, writes });
    if (receipt.outcome === "conflict") return receipt;
    for (const { work, base } of changes) {
      const before = active.get(work.incident.id)?.incident;
      const kept: Work = { ...work, beside: [], base };
      if (ACTIVE.includes(kept.incident.state)) active.set(kept.incident.id, kept);
      else active.delete(kept.incident.id);
      parts.events?.changed?.(before, kept);
    }
    return receipt;
  }

  const declarantsNow = async (): Promise<Account[]> =>
    (await store.reads.byState(facility, "account", ["delegate", "director"], { limit: 200 }))
      .map((each) => each.content)
      .reverse();

  function carryFor(work: Work, declarants: readonly Account[], now: Instant): void {
    work.declarant = declarantOf(work, declarants);
    carry(work, setup, now);
  }

  async function takeBatch(): Promise<number> {
    const now = clock.now();
    const from = await store.reads.cursor(facility, CURSOR);
    if (from !== position) await loadActive();
    const arrivals: Arrival[] = await store.reads.detectionsAfter(facility, from, BATCH);
    const to = arrivals.at(-1)?.detection.seq ?? from;
    const combined = await combiner.take(arrivals, from, now);
    if (arrivals.length + combined.length === 0) return 0;
    const year = new Date(now / 1000).getUTCFullYear();
    const series = `reference:${year}`;
    const used = await store.reads.cursor(facility, series);
    let next = used;
    const reference = () => `${year}-${String(++next).padStart(4, "0")}`;

    const touched = new Map<string, Work>();
    const works = [...active.values()];
    for (const arrival of arrivals) {
      if (!standsAlone(arrival.detection.rule)) continue;
      const base = await partsOf(arrival);
      // A work is copied when first touched: a refused commit must leave what is in memory as it was.
      const found = correlate({ ...arrival, base }, works, setup, reference, (work) => {
        const copy = touched.get(work.incident.id) ?? copyWork(work);
        works[works.indexOf(work)] = copy;
        touched.set(copy.incident.id, copy);
        return copy;
      });
      if (found !== undefined && !touched.has(found.incident.id)) {
        touched.set(found.incident.id, found);
        works.push(found);
      }
    }
    const changed = [...touched.values()];
    const declarants = await declarantsNow();
    for (const work of changed) carryFor(work, declarants, now);
    const more: Write[] = [...combined, { write: "cursor", name: CURSOR, from, to }];
    if (next !== used) more.push({ write: "cursor", name: series, from: used, to: next });
    const receipt = await commit(changed, more, now);
    // Another process moved on: take its view and try again.
    if (receipt.outcome === "conflict") await loadActive();
    else {
      position = to;
      combiner.written();
    }
    return arrivals.length + combined.length;
  }

  /** The detections that a correlation counted and that touched no incident alone. */
  async function partsOf({ detection }: Arrival): Promise<Arrival[]> {
    const base: Arrival[] = [];
    for (const seq of detection.based_on ?? []) {
      const [found] = await store.reads.detectionsAfter(facility, seq - 1, 1);
      if (found?.detection.seq === seq && !standsAlone(found.detection.rule)) base.push(found);
    }
    return base;
  }

  return {
    advance: () => exclusive(takeBatch),
    finish: () =>
      exclusive(async () => {
        while ((await takeBatch()) > 0);
        await combiner.finish(clock.now());
        while ((await takeBatch()) > 0);
        return combiner
          .waiting()
          .map(({ correlation: { rule }, groups }) => ({ rule: rule.id, title: rule.title, groups }));
      }),
    act: (incident, act, keep = () => true) =>
      exclusive(async () => {
        for (let attempt = 1; ; attempt++) {
          const known = active.get(incident) ?? (await loadWork(store.reads, facility, incident));
          if (known === undefined) return undefined;
          const work = copyWork(known);
          const declarants = await declarantsNow();
          const now = clock.now();
          work.declarant = declarantOf(work, declarants);
          const result = act(work, now);
          if (!keep(result)) return result;
          carryFor(work, declarants, now);
          const receipt = await commit([work], [], now);
          if (receipt.outcome === "committed") return result;
          active.delete(incident);
          if (attempt === 3) throw new Error(`incident ${incident}: ${receipt.because}, three times over`);
        }
      }),
    view: (incident) =>
      exclusive(async () => active.get(incident) ?? loadWork(store.reads, facility, incident)),
    use: combiner.use,
    windows: combiner.stats,
  };
}
