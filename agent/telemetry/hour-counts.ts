import { type Instant, MICROSECONDS } from "../core/clock.ts";

/** How much of something came within the last hour, from totals that only grow. */
export interface HourCounts {
  /** Takes the totals of now, by name; a few times an hour is enough. */
  sample(totals: ReadonlyMap<string, number>, now: Instant): void;
  /** What came since the oldest sample of the last hour, and when that was taken; undefined before there is one. */
  of(name: string, total: number, now: Instant): { count: number; from: Instant } | undefined;
}

/** Samples kept: one a minute fills an hour. */
const KEPT = 61;

/** Keeps an hour of samples. */
export function hourCounts(): HourCounts {
  const samples: { at: Instant; totals: ReadonlyMap<string, number> }[] = [];
  return {
    sample(totals, now) {
      samples.push({ at: now, totals: new Map(totals) });
      if (samples.length > KEPT) samples.shift();
    },
    of(name, total, now) {
      const first = samples.find(({ at }) => at >= now - MICROSECONDS.hour);
      if (first === undefined) return undefined;
      return { count: Math.max(0, total - (first.totals.get(name) ?? 0)), from: first.at };
    },
  };
}
