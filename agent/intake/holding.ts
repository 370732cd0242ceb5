import { setTimeout } from "node:timers/promises";
import type { Clock, Instant } from "../core/clock.ts";
import { MICROSECONDS } from "../core/clock.ts";
import { messageOf, TocsinError } from "../core/errors.ts";
import type { Log } from "../telemetry/log.ts";
import type { IntakeMetrics } from "./metrics.ts";

/** Between two tries to store what was refused, ms. */
const TRY_EVERY = 1000;
/** How long what is held is still tried once the listeners have stopped, ms. */
const PATIENCE = 1500;
/** Batches that are tried at once, after one alone was taken. */
const MOST_AT_ONCE = 64;

/** Why alerts that were read are not in the record. */
export interface Loss {
  /** They themselves are refused; the store refuses whatever comes; the daemon ended before it took them. */
  reason: "refused" | "not_stored" | "stopped";
  error: unknown;
}

/**
 * Keeps what was read of senders that can be made to wait until what comes behind takes it: what is refused is tried
 * again, in order, and nothing more is read meanwhile.
 */
export interface Holding {
  /** Resolves once a batch of so many is stored, or will never be; `store` may be called again and stores it once. */
  keep(count: number, store: () => Promise<void>): Promise<Loss | undefined>;
  /** True while what comes behind refuses. */
  refused(): boolean;
  /** Resolves once it takes again. */
  taken(): Promise<void>;
  /** Calls whenever it begins to refuse; returns how to stop. */
  watch(begins: () => void): () => void;
  /** Tries what is held for a moment more, then gives it up, and says how much that is. */
  close(): Promise<void>;
}

interface Batch {
  /** Place in the order of arrival. */
  place: number;
  count: number;
  store: () => Promise<void>;
  over: (loss: Loss | undefined) => void;
  error: unknown;
}

/** Opens the holding of one thread. */
export function openHolding(parts: {
  metrics: IntakeMetrics;
  clock: Clock;
  log?: Pick<Log, "info" | "error"> | undefined;
  /** ms. (Default: a second.) */
  every?: number;
  /** ms. (Default: 1.5 s.) */
  patience?: number;
}): Holding {
  const { metrics, clock, log, every = TRY_EVERY, patience = PATIENCE } = parts;
  const watches = new Set<() => void>();
  /** First tries that are under way. */
  const first = new Set<Promise<unknown>>();
  const givenUp = new AbortController();
  let held: Batch[] = [];
  let waiters: (() => void)[] = [];
  let places = 0;
  let since: Instant | undefined;
  let trying: Promise<void> | undefined;

  function keep(count: number, store: () => Promise<void>): Promise<Loss | undefined> {
    const place = places++;
    return new Promise((over) => {
      const batch = { place, count, store, over, error: undefined };
      // Behind what is held already: the order stays.
      if (since !== undefined) {
        hold(batch);
        return;
      }
      const done = attempt(batch).then((outcome) => {
        first.delete(done);
        if (outcome === "held") hold(batch);
      });
      first.add(done);
    });
  }

  /** Tries one; what is refused with all else that comes is to be held. */
  async function attempt(batch: Batch): Promise<"over" | "held"> {
    try {
      await batch.store();
      batch.over(undefined);
    } catch (error) {
      batch.error = error;
      if (refusesAll(error) && !givenUp.signal.aborted) return "held";
      const reason = !refusesAll(error) ? "refused" : "stopped";
      batch.over({ reason, error });
    }
    return "over";
  }

  function hold(batch: Batch): void {
    if (givenUp.signal.aborted) {
      batch.over({ reason: "stopped", error: batch.error });
      return;
    }
    held.push(batch);
    held.sort((a, b) => a.place - b.place);
    show();
    if (since !== undefined) return;
    since = clock.now();
    metrics.heldBack.set(1);
    log?.error("plain TCP and TLS are not read: alerts cannot be stored", {
      because: messageOf(batch.error),
      remedy: "their senders wait, and it goes on by itself once /readyz names neither store nor bus",
    });
    for (const begins of watches) begins();
    trying = tryAgain();
  }

  const show = () => metrics.heldRecords.set(held.reduce((sum, { count }) => sum + count, 0));

  async function tryAgain(): Promise<void> {
    let records = 0;
    while (held.length > 0 && !givenUp.signal.aborted) {
      await setTimeout(every, undefined, { signal: givenUp.signal }).catch(() => undefined);
      // What was handed in before it refused comes before what was handed in after.
      await Promise.all(first);
      records += await tryHeld();
    }
    if (givenUp.signal.aborted) return;
    log?.info("plain TCP and TLS are read again", {
      after: Math.round((clock.now() - (since ?? 0)) / MICROSECONDS.second),
      records,
    });
    since = undefined;
    metrics.heldBack.set(0);
    for (const go of waiters.splice(0)) go();
  }

  /** Tries the oldest alone, then ever more at once, until one is refused or none is left; answers how many records. */
  async function tryHeld(): Promise<number> {
    let records = 0;
    for (let most = 1; held.length > 0; most = Math.min(MOST_AT_ONCE, most * 2)) {
      const batches = held.slice(0, most);
      const outcomes = await Promise.all(batches.map(attempt));
      const over = new Set(batches.filter((_, i) => outcomes[i] === "over"));
      held = held.filter((batch) => !over.has(batch));
      for (const { count } of over) records += count;
      show();
      if (over.size < batches.length) break;
    }
    return records;
  }

  return {
    keep,
    refused: () => since !== undefined,
    taken: () =>
      since === undefined ? Promise.resolve() : new Promise((go) => void waiters.push(() => go())),
    watch(begins) {
      watches.add(begins);
      return () => void watches.delete(begins);
    },
    async close() {
      const over = new AbortController();
      const settled = (async () => {
        await Promise.all(first);
        await trying;
      })();
      await Promise.race([settled, setTimeout(patience, undefined, { signal: over.signal })]);
      over.abort();
      givenUp.abort();
      const left = held;
      held = [];
      for (const batch of left) batch.over({ reason: "stopped", error: batch.error });
      waiters = [];
      show();
      if (left.length === 0) return;
      log?.error("relevant records lost: they could not be stored before the end", {
        count: left.reduce((sum, { count }) => sum + count, 0),
        because: messageOf(left[0]?.error),
      });
    },
  };
}

/** Codes of what comes behind, and those among them by which it refuses the records themselves. */
const BEHIND = /^(?:store|bus|spool|lease)_/;
const OF_RECORDS: ReadonlySet<string> = new Set(["bus_too_large", "bus_other_facility"]);

/** True of what would befall any other record too, and may be over later. */
export function refusesAll(error: unknown): boolean {
  return error instanceof TocsinError && BEHIND.test(error.code) && !OF_RECORDS.has(error.code);
}
