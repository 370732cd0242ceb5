import type { Instant } from "../../core/clock.ts";
import { WINDOW } from "./link-index.ts";

/** A key with more partners than this in one run ties nothing: hosts for a user or an address, users and addresses for a host. */
export const MOST_PARTNERS = 16;
/** Keys counted at most, and runs of one: the oldest are forgotten. */
const MOST_KEYS = 200_000;
const MOST_RUNS = 64;

/** A stretch of event time in which a key was seen without a gap longer than the window. */
export interface Run {
  key: string;
  from: Instant;
  to: Instant;
  /** Distinct partners, as far as it takes to tell a hub. */
  partners: Set<string>;
  hub: boolean;
}

/** Counts with how many others each key comes: what comes with everyone tells nothing of who belongs together. */
export interface Census {
  /** Takes one sighting; returns the run when this made a hub of it. */
  note(key: string, at: Instant, partners: readonly string[]): Run | undefined;
  isHub(key: string, at: Instant): boolean;
  clear(): void;
}

export function openCensus(): Census {
  const runs = new Map<string, Run[]>();

  const near = (run: Run, at: Instant) => at >= run.from - WINDOW && at <= run.to + WINDOW;

  /** The run that the instant falls in or extends; two that it closes the gap between become one. */
  function runAt(key: string, at: Instant): { run: Run; wasHub: boolean } {
    let known = runs.get(key);
    if (known === undefined) {
      if (runs.size >= MOST_KEYS) runs.delete(runs.keys().next().value as string);
      known = [];
      runs.set(key, known);
    }
    const [only] = known;
    if (known.length === 1 && only !== undefined && near(only, at)) {
      if (at < only.from) only.from = at;
      if (at > only.to) only.to = at;
      return { run: only, wasHub: only.hub };
    }
    const [first, ...others] = known.filter((each) => near(each, at));
    if (first === undefined) {
      const run: Run = { key, from: at, to: at, partners: new Set(), hub: false };
      known.push(run);
      if (known.length > MOST_RUNS) known.shift();
      return { run, wasHub: false };
    }
    const wasHub = first.hub && others.every((each) => each.hub);
    for (const other of others) {
      known.splice(known.indexOf(other), 1);
      first.from = Math.min(first.from, other.from);
      first.to = Math.max(first.to, other.to);
      for (const each of other.partners) first.partners.add(each);
    }
    first.from = Math.min(first.from, at);
    first.to = Math.max(first.to, at);
    return { run: first, wasHub };
  }

  return {
    note(key, at, partners) {
      const { run, wasHub } = runAt(key, at);
      for (const each of partners) if (run.partners.size <= MOST_PARTNERS) run.partners.add(each);
      run.hub = run.partners.size > MOST_PARTNERS;
      return run.hub && !wasHub ? run : undefined;
    },
    isHub: (key, at) => runs.get(key)?.some((each) => each.hub && near(each, at)) ?? false,
    clear: () => runs.clear(),
  };
}
