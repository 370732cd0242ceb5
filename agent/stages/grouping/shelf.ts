import type { Instant } from "../../core/clock.ts";
import type { Shelf } from "../correlate.ts";
import { copyWork, type Setup, type Work } from "../work.ts";
import type { Grouping } from "./grouping.ts";
import type { Arrival } from "./read-traits.ts";

/** A shelf of the works that one unit of work changes. */
export interface OpenShelf extends Shelf {
  /** What was placed in an incident, and the incidents on record that went into it, in this unit of work. */
  recent(incident: string): { arrivals: Arrival[]; merged: string[] };
  /** Where an incident went, when it went into another. */
  now_in(incident: string): string;
  /** All that changed, in the order in which it has to be written. */
  changed(): Work[];
}

/** A work is copied when first touched: a refused commit must leave what is in memory as it was. */
export function openShelf(parts: {
  active: ReadonlyMap<string, Work>;
  grouping: Grouping;
  setup: Setup;
  now: Instant;
  seq: number;
  reference: () => string;
}): OpenShelf {
  const { active, grouping, setup, now, seq, reference } = parts;
  const touched = new Map<string, Work>();
  const merged: Work[] = [];
  const went = new Map<string, string>();
  const where = new Map<string, Arrival[]>();

  const standing = (incident: string): string => {
    let id = incident;
    for (let next = went.get(id); next !== undefined; next = went.get(id)) id = next;
    return id;
  };

  function own(work: Work): Work {
    const id = work.incident.id;
    const known = touched.get(id);
    if (known !== undefined) return known;
    const copy = copyWork(work);
    touched.set(id, copy);
    return copy;
  }

  /** One that was never on record is named nowhere: who names it means the one it went into. */
  function rename(gone: Work, into: Work): void {
    for (const { incident } of gone.incident.linked ?? []) {
      const other = touched.get(incident);
      if (other?.incident.linked === undefined) continue;
      const linked = other.incident.linked
        .map((each) => (each.incident === gone.incident.id ? { ...each, incident: into.incident.id } : each))
        .filter((each, i, all) => all.findIndex((one) => one.incident === each.incident) === i);
      other.incident = { ...other.incident, linked };
    }
    into.incident = {
      ...into.incident,
      told_with: (into.incident.told_with ?? []).filter(({ incident }) => incident !== gone.incident.id),
    };
  }

  return {
    grouping,
    setup,
    now,
    seq,
    reference,
    peek: (incident) => (went.has(incident) ? undefined : (touched.get(incident) ?? active.get(incident))),
    own,
    add: (work) => touched.set(work.incident.id, work),
    gone(work, into) {
      const id = work.incident.id;
      went.set(id, into.incident.id);
      touched.delete(id);
      if (work.base.size > 0) merged.push(work);
      else rename(work, into);
      where.set(into.incident.id, [...(where.get(into.incident.id) ?? []), ...(where.get(id) ?? [])]);
      where.delete(id);
    },
    placed(arrival, work) {
      const list = where.get(work.incident.id);
      if (list === undefined) where.set(work.incident.id, [arrival]);
      else list.push(arrival);
    },
    recent: (incident) => ({
      arrivals: where.get(incident) ?? [],
      merged: merged.map((each) => each.incident.id).filter((id) => standing(id) === incident),
    }),
    now_in: standing,
    changed: () => [...merged, ...touched.values()],
  };
}
