import type { Instant } from "../core/clock.ts";
import type { Store, Write } from "../store/store.ts";
import { breather } from "./breather.ts";
import type { Grouping } from "./grouping/grouping.ts";
import { loadGrouping, spansOf } from "./grouping/load-grouping.ts";
import { ACTIVE, type PipelineEvents } from "./pipeline.ts";
import { changesOf, loadWorks, type Setup, type Work } from "./work.ts";

/** Incidents read back at once. */
const LOADED = 50;

/** What a commit writes of an incident, and what it is based on. */
export interface Change {
  work: Work;
  writes: Write[];
  base: Work["base"];
}

/** The incidents that may still change, held as they were committed, with what ties them and what stands on what. */
export interface Held {
  active: Map<string, Work>;
  /** Those whose text waits for a decision and was not written anew since they were evaluated under other packs. */
  unwritten: Set<string>;
  /** Reads all of them again, as far as detections were sorted. */
  load(position: number): Promise<void>;
  /** What a commit writes of an incident, those included that are to be looked at again. */
  change(work: Work, now: Instant): Change;
  /** Holds an incident as it was just committed. */
  committed(change: Change): void;
  /** Reads incidents again that another process changed. */
  reread(incidents: readonly string[]): Promise<void>;
  /** Takes back what was noted of an incident before its commit failed; it is read again when it is next needed. */
  undo(known: Work): void;
}

export function openHeld(parts: {
  store: Store;
  setup: Setup;
  grouping: Grouping;
  changed: PipelineEvents["changed"];
}): Held {
  const { store, setup, grouping } = parts;
  const facility = setup.facility.id;
  const active = new Map<string, Work>();
  const unwritten = new Set<string>();

  /** Plans to look again at the candidates that waited behind what this incident was. */
  function lookAgain(work: Work, now: Instant): Write[] {
    const main = work.incident.id;
    return setup.outages
      .released(work, now)
      .filter(({ incident }) => active.get(incident)?.incident.state === "candidate")
      .map(({ incident, due }): Write => {
        const key = `clock:${facility}:${incident}:behind:${main}:${due}`;
        return { write: "plan", effect: { key, kind: "clock", incident, due, payload: { main } } };
      });
  }

  return {
    active,
    unwritten,

    async load(position) {
      const breathe = breather();
      active.clear();
      for (let after: string | undefined; ; ) {
        const page = await store.reads.byState(facility, "incident", ACTIVE, { limit: LOADED, after });
        const ids = page.map(({ content }) => content.id);
        for (const work of await loadWorks(store.reads, facility, ids)) active.set(work.incident.id, work);
        after = page.at(-1)?.content.id;
        if (page.length < LOADED) break;
        await breathe();
      }
      await loadGrouping(grouping, active.values(), { reads: store.reads, facility, position });
      setup.outages.clear();
      for (const work of active.values()) setup.outages.note(work);
    },

    change(work, now) {
      const { writes, base } = changesOf(work);
      return { work, writes: [...writes, ...lookAgain(work, now)], base };
    },

    committed({ work, base }) {
      const known = active.get(work.incident.id);
      const before = known?.incident;
      const kept: Work = { ...work, beside: [], base };
      if (ACTIVE.includes(kept.incident.state)) active.set(kept.incident.id, kept);
      else active.delete(kept.incident.id);
      setup.outages.note(kept);
      unwritten.delete(kept.incident.id);
      grouping.moved(kept.incident);
      // A system that a person has just named ties what follows about it.
      const spoken = kept.facts.some(
        (fact) => fact.origin.by === "person" && fact.system !== null && known?.facts.includes(fact) !== true,
      );
      if (kept.links === undefined || spoken) grouping.load(kept.incident, spansOf(kept));
      parts.changed?.(before, kept);
    },

    async reread(incidents) {
      for (let from = 0; from < incidents.length; from += LOADED) {
        const works = await loadWorks(store.reads, facility, incidents.slice(from, from + LOADED));
        for (const work of works) {
          const { id, state } = work.incident;
          if (ACTIVE.includes(state)) active.set(id, work);
          else active.delete(id);
          setup.outages.note(work);
          grouping.moved(work.incident);
          if (state !== "merged") grouping.load(work.incident, spansOf(work));
        }
      }
    },

    undo(known) {
      active.delete(known.incident.id);
      setup.outages.note(known);
    },
  };
}
