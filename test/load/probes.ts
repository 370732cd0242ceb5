import { setTimeout } from "node:timers/promises";
import { quantile } from "../bench/quantile.ts";
import { steadily } from "./steadily.ts";

/** Asked of each a second. */
const RATE = 5;
/** What is no slower than this is ordinary, ms, nor what is twice as slow as it was. */
const ORDINARY = 50;

/** By name, the times to good answers, ms, and how many were none. */
export type Probed = Record<string, { times: number[]; failed: number }>;

/** Asks a daemon, again and again, what it should answer at once. */
export interface Probes {
  /** Asks for as long as something lasts. */
  during(act: () => Promise<unknown>): Promise<Probed>;
  /** Asks one after the other until so many rounds were as quick as they were; resolves with the seconds until the first. */
  ordinary(quiet: Probed, until: { rounds: number; since: number }): Promise<number>;
}

/** The median of times, and what one in a hundred exceeds. */
export const spreadOf = (times: readonly number[]) => ({
  p50: quantile(times, 0.5),
  p99: quantile(times, 0.99),
});

/** Opens probes, each of which tells whether its answer was good. */
export function openProbes(asks: Record<string, (number: number) => Promise<boolean>>): Probes {
  let number = 0;
  async function ask(name: string, probed: Probed): Promise<number> {
    const begin = performance.now();
    const good = await (asks[name] as (number: number) => Promise<boolean>)(number++).catch(() => false);
    const took = performance.now() - begin;
    const found = probed[name];
    if (!good) {
      if (found !== undefined) found.failed += 1;
      return Number.POSITIVE_INFINITY;
    }
    found?.times.push(took);
    return took;
  }
  const nothing = (): Probed =>
    Object.fromEntries(Object.keys(asks).map((name) => [name, { times: [], failed: 0 }]));
  return {
    async during(act) {
      const probed = nothing();
      const over = new AbortController();
      const asking = Object.keys(asks).map((name) => steadily(RATE, over.signal, () => ask(name, probed)));
      try {
        await act();
      } finally {
        over.abort();
        await Promise.all(asking);
      }
      return probed;
    },
    async ordinary(quiet, { rounds, since }) {
      const limits = Object.keys(asks).map(
        (name) => [name, Math.max(ORDINARY, 2 * spreadOf(quiet[name]?.times ?? []).p99)] as const,
      );
      let begun = 0;
      for (let ordinary = 0; ordinary < rounds; await setTimeout(100)) {
        const from = performance.now();
        const took = await Promise.all(limits.map(async ([name, limit]) => (await ask(name, {})) <= limit));
        if (ordinary === 0) begun = from;
        ordinary = took.every(Boolean) ? ordinary + 1 : 0;
      }
      return Math.max(0, begun - since) / 1000;
    },
  };
}
