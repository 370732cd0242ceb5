import { type Clock, type Instant, MICROSECONDS } from "../core/clock.ts";
import type { Log } from "../telemetry/log.ts";
import type { IntakeMetrics } from "./metrics.ts";

/** Between two looks at what was shed, ms. */
const LOOK_EVERY = 10_000;

/**
 * Says in the log that more comes than can be taken, once when it begins and once when nothing was shed for one look,
 * with how much, by source and reason; what was shed is counted where it happens. Stops by what it returns.
 */
export function tellShed(parts: {
  metrics: Pick<IntakeMetrics, "lost" | "dropped" | "refused">;
  clock: Clock;
  log: Pick<Log, "info" | "warn">;
  /** ms. (Default: 10 s.) */
  every?: number;
}): () => void {
  const { metrics, clock, log, every = LOOK_EVERY } = parts;
  let before = new Map<string, number>();
  let began: { at: Instant; totals: Map<string, number> } | undefined;

  async function totals(): Promise<Map<string, number>> {
    const all = new Map<string, number>();
    for (const { labels, value } of (await metrics.lost.get()).values)
      all.set(`${labels.source} ${labels.transport} ${labels.reason}`, value);
    for (const { labels, value } of (await metrics.refused.get()).values)
      if (labels.code === "overloaded") all.set(`${labels.source} http pushed_back`, value);
    for (const [source, count] of metrics.dropped.counts()) all.set(`${source} udp kernel`, count);
    return all;
  }

  async function look(): Promise<void> {
    const now = await totals();
    const grown = grownSince(before, now);
    if (Object.keys(grown).length > 0) {
      began ??= { at: clock.now(), totals: before };
      if (began.totals === before)
        log.warn("more comes than can be taken: some is shed, or told to come again", {
          ...grown,
          remedy: "see which source sends so much; what is shed is counted (docs/reliability.md, Overload)",
        });
    } else if (began !== undefined) {
      log.info("all that comes is taken again", {
        ...grownSince(began.totals, now),
        after: Math.round((clock.now() - began.at) / MICROSECONDS.second),
      });
      began = undefined;
    }
    before = now;
  }

  const looking = setInterval(() => void look(), every);
  looking.unref();
  return () => clearInterval(looking);
}

function grownSince(before: ReadonlyMap<string, number>, now: ReadonlyMap<string, number>) {
  return Object.fromEntries(
    [...now].flatMap(([name, value]) => {
      // What was counted anew from zero has grown by what it is.
      const then = before.get(name) ?? 0;
      const more = value < then ? value : value - then;
      return more > 0 ? [[name, more]] : [];
    }),
  );
}
