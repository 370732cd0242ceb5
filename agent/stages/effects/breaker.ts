import type { Attempt } from "../../../connectors/contract.ts";
import { type Instant, MICROSECONDS } from "../../core/clock.ts";

/** Failures in a row after which a way out rests, and for how long, µs. */
const FAILURES = 5;
const REST = MICROSECONDS.minute;

/** Lets a way out rest once it has failed time after time; the first try after the rest says whether it goes on. */
export interface Breaker {
  /** Until when it rests; undefined when it may be tried. */
  restsUntil(way: string, now: Instant): Instant | undefined;
  /** Takes note of how an attempt went. */
  tried(way: string, outcome: Attempt["outcome"], now: Instant): void;
}

/** Builds a breaker that knows nothing yet: what failed before a restart is tried again. */
export function openBreaker(): Breaker {
  const failing = new Map<string, { times: number; rests: Instant }>();
  return {
    restsUntil(way, now) {
      const { rests = 0 } = failing.get(way) ?? {};
      // A clock set back would make it rest for long.
      return rests > now && rests <= now + REST ? rests : undefined;
    },
    tried(way, outcome, now) {
      if (outcome !== "unreachable") return void failing.delete(way);
      const times = (failing.get(way)?.times ?? 0) + 1;
      failing.set(way, { times, rests: times >= FAILURES ? now + REST : 0 });
    },
  };
}
