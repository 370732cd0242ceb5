import { setTimeout } from "node:timers/promises";
import { type Instant, MICROSECONDS } from "./core/clock.ts";

/** For how long the pipeline, which goes every second, may not have gone through. */
const STALE = MICROSECONDS.minute;
/** How long the threads may take to answer, ms. */
const PATIENCE = 5000;

/** Says what stands still, though the process lives: alerts would go nowhere. Empty when all of it goes on. */
export async function stalledBy(parts: {
  causes: readonly string[];
  now: Instant;
  /** When the pipeline last went through; undefined before the first time. */
  advanced: Instant | undefined;
  /** Asks those that receive alerts and write them anything. */
  threads: () => Promise<unknown>;
  /** How long they may take, ms. (Default: 5 s.) */
  patience?: number;
}): Promise<string[]> {
  const { causes, now, advanced, threads, patience = PATIENCE } = parts;
  const answered = await Promise.race([
    threads().then(
      () => true,
      () => false,
    ),
    setTimeout(patience, false, { ref: false }),
  ]);
  const stale = advanced === undefined || now - advanced > STALE;
  return [...causes, ...(stale ? ["pipeline stalled"] : []), ...(answered ? [] : ["threads do not answer"])];
}
