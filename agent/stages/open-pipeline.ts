import { setImmediate } from "node:timers/promises";
import type { LoadedCorrelation } from "../../rules/engine/correlation/correlation.ts";
import type { CorrelatorOptions } from "../../rules/engine/correlation/correlator.ts";
import type { Clock, Instant } from "../core/clock.ts";
import type { Declaration } from "../core/declaration.ts";
import { standsAlone } from "../core/detection.ts";
import type { Account } from "../core/person.ts";
import type { Receipt, Store, TouchedRecord, Write } from "../store/store.ts";
import { breather, eachInTurn } from "./breather.ts";
import { openCombiner } from "./combine.ts";
import { type Arrival, correlate } from "./correlate.ts";
import { draft } from "./draft.ts";
import { openGrouping } from "./grouping/grouping.ts";
import { arrivalsOf } from "./grouping/read-lightly.ts";
import { opens } from "./grouping/read-traits.ts";
import { openShelf } from "./grouping/shelf.ts";
import { MOST_REREAD, takeApart } from "./grouping/take-apart.ts";
import { type Change, openHeld } from "./held.ts";
import { joinFound } from "./hunt/join-found.ts";
import { changeMute, loadMutes } from "./mute/keep-mutes.ts";
import { openUnknownNotes } from "./note-unknown.ts";
import { carry, type Pipeline, type PipelineEvents, type Regrouper } from "./pipeline.ts";
import { readAhead } from "./read-ahead.ts";
import { openActs } from "./take-acts.ts";
import {
  copyWork,
  currentDeclaration,
  damagedIncidents,
  loadWork,
  type Setup,
  standsIn,
  type Work,
} from "./work.ts";

/** Detections taken from the store in one unit of work: in a storm its commit waits behind those of the alerts. */
const BATCH = 3000;
/** Incidents that a unit of work opens, and changes, before no more is taken for it. */
const OPENED = 10;
const CHANGED = 300;
/** Records looked at together of those that other processes changed. */
const PAGE = 500;
/** Name of the cursor that says how far detections were correlated. */
export const CURSOR = "correlated";

const isFull = (changed: readonly Work[]) =>
  changed.length >= CHANGED || changed.filter(({ base }) => base.size === 0).length >= OPENED;

/** The text of an incident that waits for a decision. */
function textOf(work: Work): Declaration | undefined {
  const text = currentDeclaration(work);
  return text?.state === "draft" ? text : undefined;
}

/** The person who acted, else the delegate first registered, else the director. */
function declarantOf({ incident }: Work, accounts: readonly Account[]): Account | undefined {
  const active = accounts.filter((account) => account.active);
  const acted = active.find((account) => account.id === incident.declarant);
  if (acted !== undefined) return acted;
  // An accès de secours declares only when someone who entered by it acts.
  const people = active.filter((account) => account.emergency === undefined);
  return people.find((account) => account.role === "delegate") ?? people[0];
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
  const unknownHosts = openUnknownNotes({
    reads: store.reads,
    facility,
    locate: (alert) => setup.locate(alert),
  });
  const combiner = openCombiner({
    reads: store.reads,
    facility,
    zone: setup.facility.time_zone,
    newId: setup.newId,
    correlations: parts.correlations,
    options: parts.windows,
    rebuilt: parts.events?.rebuilt,
  });
  const grouping = openGrouping(setup);
  const held = openHeld({ store, setup, grouping, changed: parts.events?.changed });
  const { active, unwritten } = held;
  /** Large incidents that may have to be taken apart, once nothing is left to sort. */
  const undivided = new Set<string>();
  let queue: Promise<unknown> = Promise.resolve();
  const exclusive = <T>(work: () => Promise<T>): Promise<T> => {
    const next = queue.then(work, work);
    queue = next.catch(() => undefined);
    return next;
  };
  const detections = readAhead((after, limit) => store.reads.detectionsAfter(facility, after, limit));
  /** How far this process knows the incidents: elsewhere than the store's cursor, someone else went on. */
  let position = -1;
  /** How far the journal was taken in. */
  let known = 0;
  await loadActive();

  /** What another process changed, once a page of it is read. */
  async function takeIn(page: readonly TouchedRecord[]): Promise<void> {
    const stale = page.flatMap(({ incident, ...record }) => {
      if (incident === null) return [];
      const work = active.get(incident);
      const stands =
        work === undefined ? record.kind !== "incident" : standsIn(work, { incident, ...record });
      return stands ? [] : [incident];
    });
    await held.reread([...new Set(stale)]);
    if (page.some(({ kind }) => kind === "mute"))
      await loadMutes(setup.mutes, { reads: store.reads, facility, now: clock.now() });
  }

  async function catchUp(): Promise<number> {
    for (let taken = 0; ; ) {
      const page = await store.reads.touchedSince(facility, known, PAGE);
      await takeIn(page);
      known = page.at(-1)?.entry ?? known;
      taken += page.length;
      if (page.length < PAGE) return taken;
    }
  }

  async function loadActive(): Promise<void> {
    known = (await store.reads.journalEnd(facility)).head?.seq ?? 0;
    position = await store.reads.cursor(facility, CURSOR);
    await held.load(position);
    await loadMutes(setup.mutes, { reads: store.reads, facility, now: clock.now() });
  }

  async function commit(works: readonly Work[], more: Write[], now: Instant): Promise<Receipt> {
    const changes: Change[] = [];
    await eachInTurn(works, (work) => void changes.push(held.change(work, now)));
    const writes = [...changes.flatMap((change) => change.writes), ...more];
    const receipt = await store.commit({ facility, at: now, writes });
    if (receipt.outcome === "committed") await eachInTurn(changes, held.committed);
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

  /** The references of a year, in order; `used` is what a commit must write of those that were taken. */
  async function referencesOf(now: Instant): Promise<{ next: () => string; used: () => Write[] }> {
    const year = new Date(now / 1000).getUTCFullYear();
    const name = `reference:${year}`;
    const from = await store.reads.cursor(facility, name);
    let to = from;
    return {
      next: () => `${year}-${String(++to).padStart(4, "0")}`,
      used: () => (to === from ? [] : [{ write: "cursor", name, from, to }]),
    };
  }

  async function takeBatch(): Promise<number> {
    const now = clock.now();
    const from = await store.reads.cursor(facility, CURSOR);
    if (from !== position) await loadActive();
    // Until it is committed, what ties incidents stands ahead of the record: read again if this fails.
    position = -1;
    const breathe = breather();
    let { page, last } = await detections.next(from);
    let combined = await combiner.take(page, from, now);
    const hasTime = page.length + combined.length === 0;
    if (hasTime && undivided.size === 0) {
      position = from;
      return 0;
    }
    const references = await referencesOf(now);
    // Not waited for until they are needed.
    const declaring = declarantsNow();
    declaring.catch(() => undefined);
    const shelf = openShelf({ active, grouping, setup, now, seq: from, reference: references.next });
    const arrivals: Arrival[] = [];
    for (;;) {
      for (const arrival of page) {
        arrivals.push(arrival);
        if (!standsAlone(arrival.detection.rule) || arrival.alert.hunted !== undefined) continue;
        const whole = { ...arrival, base: await partsOf(arrival) };
        const home = correlate(whole, shelf);
        if (home !== undefined) shelf.placed(whole, home);
        await breathe();
      }
      if (last || arrivals.length >= BATCH || isFull(shelf.changed())) break;
      ({ page, last } = await detections.next(arrivals.at(-1)?.detection.seq ?? from));
      combined = await combiner.take(page, from, now);
      await breathe();
    }
    const to = arrivals.at(-1)?.detection.seq ?? from;
    await takeApart(shelf, store.reads, { later: undivided, hasTime });
    const changed = shelf.changed();
    const declarants = await declaring;
    for (const work of changed) {
      const { id, state } = work.incident;
      if (state !== "merged") work.links = { id, incident: id, ...grouping.spansOf(id) };
      carryFor(work, declarants, now);
      await breathe();
    }
    const more: Write[] = [
      ...combined,
      ...(await joinFound(arrivals, async (each) => shelf.now_in(await standing(each)))),
      ...(await unknownHosts.take(arrivals.filter(({ alert }) => alert.hunted === undefined))),
      { write: "cursor", name: CURSOR, from, to },
      ...references.used(),
    ];
    // Sealing is a stretch of its own.
    if (changed.length > 1) await setImmediate();
    const receipt = await commit(changed, more, now);
    // Another process moved on: take its view and try again.
    if (receipt.outcome === "conflict") await loadActive();
    else {
      position = to;
      combiner.written();
      unknownHosts.written();
    }
    return arrivals.length + combined.length;
  }

  async function takeAll(): Promise<void> {
    while ((await takeBatch()) > 0 || undivided.size > 0);
  }

  async function standing(incident: string): Promise<string> {
    for (let id = incident; ; ) {
      if (damagedIncidents(store.reads).has(id)) return id;
      const work = await store.reads.record(facility, "incident", id);
      if (work?.content.merged_into === undefined || work.content.state !== "merged") return id;
      id = work.content.merged_into;
    }
  }

  const regrouper = (one: Pick<Regrouper, "now" | "seq" | "reference">): Regrouper => ({
    ...one,
    arrivals: (...ids) => arrivalsOf(store.reads, facility, ids, MOST_REREAD),
    cameFrom: (incident, other) => store.reads.cameFrom(facility, incident, other),
    merged: (from, into) => grouping.merge(from.incident.id, into.incident.id),
    async retied(work, arrivals) {
      const breathe = breather();
      grouping.drop(work.incident.id);
      for (const arrival of arrivals) {
        if (opens(arrival)) grouping.tie(work.incident.id, grouping.tiesOf(arrival).adds);
        await breathe();
      }
    },
  });

  /** The detections that a correlation counted and that touched no incident alone. */
  async function partsOf({ detection }: Arrival): Promise<Arrival[]> {
    const base: Arrival[] = [];
    for (const seq of detection.based_on ?? []) {
      const [found] = await store.reads.detectionsAfter(facility, seq - 1, 1);
      if (found?.detection.seq === seq && !standsAlone(found.detection.rule)) base.push(found);
    }
    return base;
  }

  /** Changes those of the incidents that may still change, one after the other, and commits them as one. */
  async function changeEach(
    incidents: readonly string[],
    change: (work: Work, now: Instant, before: Work) => void,
  ): Promise<{ before: Work; after: Work }[]> {
    for (let attempt = 1; ; attempt++) {
      const declarants = await declarantsNow();
      const now = clock.now();
      const breathe = breather();
      const changed: { before: Work; after: Work }[] = [];
      for (const before of incidents.flatMap((id) => active.get(id) ?? [])) {
        const after = copyWork(before);
        after.declarant = declarantOf(after, declarants);
        change(after, now, before);
        changed.push({ before, after });
        await breathe();
      }
      const works = changed.map(({ after }) => after);
      if ((await commit(works, [], now)).outcome === "committed") return changed;
      await loadActive();
      if (attempt === 3) throw new Error("incidents evaluated anew: in conflict, three times over");
    }
  }

  /** Writes texts that wait for a decision anew. */
  const rewrite = (incidents: readonly string[]) =>
    changeEach(incidents, (work, now) => {
      if (textOf(work) !== undefined) draft(work, setup, now);
    });

  const takeAct = openActs({
    exclusive,
    async load(incident) {
      // Nobody decides on a text of an evaluation that no longer stands.
      if (unwritten.has(incident)) await rewrite([incident]);
      return active.get(incident) ?? loadWork(store.reads, facility, incident);
    },
    async turn() {
      const declarants = await declarantsNow();
      return (known, { act, keep, carried }) => {
        const work = copyWork(known);
        const now = clock.now();
        work.declarant = declarantOf(work, declarants);
        const result = act(work, now);
        if (!keep(result)) return { result };
        if (carried) carryFor(work, declarants, now);
        const change = held.change(work, now);
        // What follows in the same turn is judged beside what this one is now.
        setup.outages.note(work);
        return { result, kept: { now, change } };
      };
    },
    commit: ({ now, change }) => store.commit({ facility, at: now, writes: change.writes }),
    committed: ({ change }) => held.committed(change),
    undo: held.undo,
  });

  return {
    advance: () => exclusive(takeBatch),
    finish: () =>
      exclusive(async () => {
        await takeAll();
        await combiner.finish(clock.now());
        await takeAll();
        return combiner
          .waiting()
          .map(({ correlation: { rule }, groups }) => ({ rule: rule.id, title: rule.title, groups }));
      }),
    act: (incident, act, keep = () => true, carried = true) => takeAct({ incident, act, keep, carried }),
    regroup: (incidents, act, keep) =>
      exclusive(async () => {
        for (let attempt = 1; ; attempt++) {
          const found = await Promise.all(
            [...new Set(incidents)].map((id) => active.get(id) ?? loadWork(store.reads, facility, id)),
          );
          const works = found.flatMap((each) => (each === undefined ? [] : [copyWork(each)]));
          if (works.length < incidents.length) return undefined;
          const now = clock.now();
          const references = await referencesOf(now);
          const from = await store.reads.cursor(facility, CURSOR);
          // What ties incidents stands ahead of the record until it is committed.
          const before = position;
          position = -1;
          const result = await act(works, regrouper({ now, seq: from, reference: references.next }));
          if (!keep(result)) {
            position = before;
            return result;
          }
          const declarants = await declarantsNow();
          for (const work of works) {
            const { id, state } = work.incident;
            if (state !== "merged") work.links = { id, incident: id, ...grouping.spansOf(id) };
            carryFor(work, declarants, now);
          }
          const receipt = await commit(works, references.used(), now);
          if (receipt.outcome === "committed") {
            position = before;
            return result;
          }
          await loadActive();
          if (attempt === 3)
            throw new Error(`incidents ${incidents.join(", ")}: ${receipt.because}, three times over`);
        }
      }),
    standing,
    open: (incident, make) =>
      exclusive(async () => {
        for (let attempt = 1; ; attempt++) {
          if ((await store.reads.record(facility, "incident", incident)) !== undefined) return;
          const now = clock.now();
          const references = await referencesOf(now);
          const work = make(references.next(), now);
          carryFor(work, await declarantsNow(), now);
          const receipt = await commit([work], references.used(), now);
          if (receipt.outcome === "committed") return;
          if (attempt === 3) throw new Error(`incident ${incident}: ${receipt.because}, three times over`);
        }
      }),
    incidents: () => [...active.keys()],
    revise: (incidents) =>
      exclusive(async () => {
        const revised = await changeEach(incidents, (work, now, before) => carry(work, setup, now, before));
        for (const { before, after } of revised)
          if (textOf(after) !== undefined && before.qualification !== after.qualification)
            unwritten.add(after.incident.id);
        return revised;
      }),
    rewrite: (incidents) => exclusive(async () => void (await rewrite(incidents))),
    view: (incident) =>
      exclusive(async () => active.get(incident) ?? loadWork(store.reads, facility, incident)),
    known: (incident) => active.get(incident),
    catchUp: () => exclusive(catchUp),
    reread: () => exclusive(loadActive),
    mute: (id, change) =>
      exclusive(() => changeMute({ store, setup, clock, told: parts.events?.muted }, id, change)),
    follow: (change) =>
      exclusive(async () => {
        change();
        for (const work of active.values()) setup.outages.note(work);
        await loadMutes(setup.mutes, { reads: store.reads, facility, now: clock.now() }).catch(() => {
          // Read again, with all the rest, before anything more is sorted.
          position = -1;
        });
      }),
    use: combiner.use,
    windows: combiner.stats,
  };
}
