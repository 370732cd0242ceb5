import { setTimeout } from "node:timers/promises";
import type { Clock } from "../core/clock.ts";
import type { Reads, Receipt, Unit } from "../store/store.ts";
import type { IntakeMetrics } from "./metrics.ts";
import { openAsk } from "./poll/ask.ts";
import { openPoll } from "./poll.ts";
import type { PolledIndex, TextSource } from "./sources.ts";
import type { Taker } from "./taker.ts";

/** Begins to ask an index, with what the intake thread has. */
export function startPoll(parts: {
  facility: string;
  source: TextSource;
  index: PolledIndex;
  reads: Pick<Reads, "bookmark">;
  commit: (unit: Unit) => Promise<Receipt>;
  taker: Pick<Taker, "take" | "quarantine" | "unrecognised">;
  clock: Clock;
  metrics: IntakeMetrics;
  log: (level: "info" | "warn" | "error", message: string, fields: Record<string, unknown>) => void;
}): { stop(): Promise<void> } {
  const { facility, source, index, clock, log } = parts;
  const name = `poll:${source.id}`;
  return openPoll({
    ...parts,
    poll: index.settings,
    way: openAsk(index.settings, index.authorization),
    bookmark: {
      read: () => parts.reads.bookmark(facility, name),
      async write(content) {
        await parts.commit({ facility, at: clock.now(), writes: [{ write: "bookmark", name, content }] });
      },
    },
    random: Math.random,
    // A wait that is cut short is over.
    sleep: (milliseconds, signal) => setTimeout(milliseconds, undefined, { signal }).catch(() => undefined),
    log: {
      info: (message, fields = {}) => log("info", message, fields),
      warn: (message, fields = {}) => log("warn", message, fields),
      error: (message, fields = {}) => log("error", message, fields),
    },
  });
}
