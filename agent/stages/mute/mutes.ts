import type { System } from "../../core/asset.ts";
import { type Instant, MICROSECONDS } from "../../core/clock.ts";
import type { Fact } from "../../core/fact.ts";
import type { Mute } from "../../core/mute.ts";
import { covers } from "./covers.ts";
import { type Dependencies, dependenciesOf } from "./dependencies.ts";

/** How long one that is over is remembered: no event is taken in that is older. */
export const REMEMBERED = 90 * MICROSECONDS.day;

/** The silences and windows of works that are known: those to come, those that hold, and those of the last weeks. */
export interface Mutes {
  readonly dependencies: Dependencies;
  /** Takes one in, in place of what stood under its id. */
  put(mute: Mute): void;
  clear(): void;
  /** All of them, the latest made first. */
  list(): readonly Mute[];
  /** Those that name all that states a fact, whatever the time. */
  covering(fact: Fact): readonly Mute[];
}

export function openMutes(systems: Iterable<System>): Mutes {
  const dependencies = dependenciesOf(systems);
  const known = new Map<string, Mute>();
  /** By what of a fact is looked at first; null for those that name no system. */
  const bySystem = new Map<string | null, Mute[]>();
  const keysOf = ({ kind, covers }: Mute): (string | null)[] => {
    if (kind === "silence") return [covers.system ?? null];
    if (!covers.dependents) return covers.systems;
    return [...new Set(covers.systems.flatMap((each) => [each, ...dependencies.above(each)]))];
  };
  const drop = (mute: Mute) => {
    for (const key of keysOf(mute))
      bySystem.set(key, bySystem.get(key)?.filter(({ id }) => id !== mute.id) ?? []);
    known.delete(mute.id);
  };
  return {
    dependencies,
    put(mute) {
      const before = known.get(mute.id);
      if (before !== undefined) drop(before);
      known.set(mute.id, mute);
      for (const key of keysOf(mute)) bySystem.set(key, [...(bySystem.get(key) ?? []), mute]);
      for (const each of [...known.values()])
        if (each.state === "over" && endOf(each) < mute.made - REMEMBERED) drop(each);
    },
    clear() {
      known.clear();
      bySystem.clear();
    },
    list: () => [...known.values()].sort((a, b) => b.made - a.made || (a.id < b.id ? 1 : -1)),
    covering(fact) {
      if (known.size === 0) return [];
      const near = [bySystem.get(null), fact.system === null ? undefined : bySystem.get(fact.system)];
      return near.flatMap((each) => each?.filter((mute) => covers(mute, fact, dependencies)) ?? []);
    },
  };
}

/** When it stopped holding anything, or will. */
export function endOf({ until, ended }: Pick<Mute, "until" | "ended">): Instant {
  return Math.min(until, ended?.at ?? until);
}

/** Whether it holds at an instant. One that is over holds no more, though the clock be set back. */
export function holdsAt({ state, from, until }: Mute, now: Instant): boolean {
  return state === "stands" && from <= now && now < until;
}

/** Those that hold an outage back: they cover it, and it was there while they held. */
export function holding(mutes: readonly Mute[], { until }: Pick<Fact, "until">, now: Instant): Mute[] {
  return mutes.filter((mute) => holdsAt(mute, now) && (until === null || until > mute.from));
}

/**
 * How long an outage has lasted, or did, at one stretch, µs. What was planned does not count; what was only silenced
 * counts once the outage is over, so that nobody is spared the news of it.
 */
export function lasted(fact: Pick<Fact, "since" | "until">, mutes: readonly Mute[], now: Instant): number {
  const to = fact.until ?? now;
  const left = mutes.filter(({ kind }) => fact.until === null || kind === "maintenance");
  let from = fact.since;
  let longest = 0;
  for (const mute of left.toSorted((a, b) => a.from - b.from)) {
    if (mute.from >= to) break;
    longest = Math.max(longest, mute.from - from);
    from = Math.max(from, endOf(mute));
  }
  return Math.max(longest, to - from);
}

/** From when the delay of an outage that lasts counts: its beginning, or the end of the last that held it back. */
export function countsFrom({ since }: Pick<Fact, "since">, mutes: readonly Mute[], now: Instant): Instant {
  let from = since;
  for (const mute of mutes.toSorted((a, b) => a.from - b.from))
    if (mute.from <= Math.max(now, from)) from = Math.max(from, endOf(mute));
  return from;
}
