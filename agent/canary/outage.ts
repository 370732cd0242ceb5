import { type Instant, MICROSECONDS } from "../core/clock.ts";

/** How the canary of one way stands. */
export interface WayState {
  name: string;
  /** When it last came through; null before the first time. */
  last: Instant | null;
  /** How long it took then, µs. */
  took: number | null;
  /** Rounds in a row without it. */
  missed: number;
  /** Since when it is missing; null while it is not. */
  since: Instant | null;
  /** What the way said, in English; null while it came through. */
  because: string | null;
}

/** What people were told of ways that fail; kept over restarts. */
export interface Outage {
  since: Instant;
  /** Ways that were told. */
  ways: string[];
  /** When something was told last. */
  told: Instant;
}

/** What is to be told. */
export type OutageNews = { what: "failing" | "restored"; ways: string[]; since: Instant };

/** Rounds in a row without its canary after which a way is at fault: a storm may hold one up. */
const MISSES = 2;
/** For how long others that fail too are only shown. */
const QUIET = MICROSECONDS.hour;

/** Notes what became of one canary; pure. */
export function passFlight(
  before: WayState,
  flight: { at: Instant } & ({ took: number } | { because: string }),
): WayState {
  const { name } = before;
  const { at } = flight;
  if ("took" in flight) return { name, last: at, took: flight.took, missed: 0, since: null, because: null };
  const { last, took, missed, since } = before;
  return { name, last, took, missed: missed + 1, since: since ?? at, because: flight.because };
}

export function isFailing({ missed }: WayState): boolean {
  return missed >= MISSES;
}

/** Says what is to be told of all ways together: once when some fail, seldom of more of them, once when all are back. */
export function passOutage(
  before: Outage | null,
  states: readonly WayState[],
  now: Instant,
): { outage: Outage | null; news?: OutageNews } {
  const failing = states.filter(isFailing);
  const ways = failing.map(({ name }) => name);
  if (before === null) {
    if (failing.length === 0) return { outage: null };
    const since = Math.min(...failing.map((each) => each.since ?? now));
    return { outage: { since, ways, told: now }, news: { what: "failing", ways, since } };
  }
  const { since } = before;
  // A way that has not been tried since the start is not known to be back.
  if (failing.length === 0)
    return states.every(({ missed, last }) => missed === 0 && last !== null)
      ? { outage: null, news: { what: "restored", ways: before.ways, since } }
      : { outage: before };
  const more = ways.some((way) => !before.ways.includes(way));
  if (!more || now - before.told < QUIET) return { outage: before };
  return { outage: { since, ways, told: now }, news: { what: "failing", ways, since } };
}
