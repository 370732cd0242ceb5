import type { Poll } from "../../config/poll.ts";
import type { Clock } from "../core/clock.ts";
import { messageOf } from "../core/errors.ts";
import type { Log } from "../telemetry/log.ts";
import type { IntakeMetrics } from "./metrics.ts";
import type { Ask } from "./poll/ask.ts";
import { type Bookmark, followIndex } from "./poll/follow-index.ts";
import { openIndex } from "./poll/open-index.ts";
import { type FaultKind, PollFault } from "./poll/poll-fault.ts";
import type { TextSource } from "./sources.ts";
import type { Taker } from "./taker.ts";

/** Longest wait between two attempts, seconds, unless rounds are further apart. */
const LONGEST_WAIT = 300;
/** Faults that last until a person acts. */
const LASTING: ReadonlySet<FaultKind | "not_stored"> = new Set([
  "denied",
  "refused",
  "redirected",
  "untrusted",
]);

/** Waits; returns at once when the signal is aborted. */
export type Sleep = (milliseconds: number, signal: AbortSignal) => Promise<void>;

/** Asks an index for its new documents, again and again, until it is stopped. */
export function openPoll(parts: {
  source: TextSource;
  poll: Poll;
  /** The way to the index; it is closed at the end. */
  way: { ask: Ask; close(): void };
  bookmark: Bookmark;
  taker: Pick<Taker, "take" | "quarantine" | "unrecognised">;
  clock: Clock;
  /** From 0 to 1: sources that failed together do not come back together. */
  random: () => number;
  sleep: Sleep;
  metrics: IntakeMetrics;
  log: Pick<Log, "info" | "warn" | "error">;
}): { stop(): Promise<void> } {
  const { poll, sleep, metrics, log } = parts;
  const index = openIndex(poll, parts.way.ask);
  const source = parts.source.id;
  const follower = followIndex({ ...parts, index });
  const stopping = new AbortController();
  const { signal } = stopping;
  let failures = 0;
  /** What was told of last, so that a trouble is told once. */
  let trouble: string | undefined;
  let fieldChecked = false;

  /** One round; returns how long to wait before the next, seconds. */
  async function attempt(): Promise<number> {
    const pages = follower.pages();
    try {
      const { outcome, again } = await follower.round(signal);
      metrics.pollRounds.inc({ source, outcome });
      failures = 0;
      if (outcome === "partial")
        tell("partial", "shards or clusters did not answer; the cursor waits for them");
      else if (trouble !== undefined) {
        log.info("poll goes on", { source });
        trouble = undefined;
      }
      await checkField();
      return again ? 0 : poll.every_seconds;
    } catch (error) {
      if (signal.aborted) return 0;
      const outcome = error instanceof PollFault ? error.kind : "not_stored";
      metrics.pollRounds.inc({ source, outcome });
      tell(outcome, messageOf(error));
      if (follower.pages() > pages) failures = 0;
      return waitAfter(error instanceof PollFault ? (error.retryAfterSeconds ?? 0) : 0);
    }
  }

  function tell(outcome: FaultKind | "not_stored" | "partial", because: string): void {
    if (trouble === outcome) return;
    trouble = outcome;
    const lasting = outcome !== "partial" && LASTING.has(outcome);
    if (outcome === "malformed") parts.taker.quarantine(source, "malformed_answer", because, "");
    log[lasting ? "error" : "warn"]("poll does not get everything", { source, outcome, because });
  }

  /** Twice as long after each failure, up to a bound, less up to half of it. */
  function waitAfter(atLeast: number): number {
    const longest = Math.max(LONGEST_WAIT, poll.every_seconds);
    const wait = Math.min(longest, poll.every_seconds * 2 ** Math.min(failures, 16));
    failures++;
    return Math.max(wait * (0.5 + parts.random() / 2), Math.min(atLeast, longest));
  }

  /** A field that no document has would be a silence that nobody notices. */
  async function checkField(): Promise<void> {
    if (fieldChecked) return;
    fieldChecked = true;
    if (await index.hasTimeField(signal)) return;
    log.error("poll finds no document: the index has no such date field", { source, field: poll.time_field });
  }

  async function run(): Promise<void> {
    while (!signal.aborted) {
      const wait = await attempt();
      const lag = follower.lagSeconds();
      if (lag !== undefined) metrics.pollLag.set({ source }, lag);
      if (wait > 0) await sleep(wait * 1000, signal);
    }
  }

  const running = run();
  return {
    async stop() {
      stopping.abort();
      await running;
      parts.way.close();
    },
  };
}
