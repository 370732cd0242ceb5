import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PerformanceObserver } from "node:perf_hooks";
import { setTimeout } from "node:timers/promises";
import type { FactKind } from "../../agent/core/fact.ts";
import { uuidv7 } from "../../agent/core/id.ts";
import { openPipeline } from "../../agent/stages/open-pipeline.ts";
import { storeClient } from "../../agent/store/client.ts";
import { makeSigningKey } from "../../agent/store/keys.ts";
import { openSqliteReads } from "../../agent/store/sqlite/reads.ts";
import { startStoreThread } from "../../agent/store/thread.ts";
import { BEGINS, facilityOf, rule } from "./grouping.ts";
import type { BenchOptions } from "./options.ts";
import type { Measure } from "./report.ts";

const SIZES = { incidents: 5_000, storm: 50_000, systems: 5_000 };
const TINY = { incidents: 60, storm: 300, systems: 50 };
/** ms for which the main thread may do nothing else. */
const GOAL = 10;
const BATCH = 500;

/** For how long at once what is correlated keeps pages waiting: the record is in a thread of its own, as in the daemon. */
export async function benchHolds({ tiny }: BenchOptions): Promise<Measure[]> {
  const { incidents, storm, systems } = tiny ? TINY : SIZES;
  const folder = mkdtempSync(join(tmpdir(), "tocsin-holds-"));
  const place = { file: join(folder, "bench.sqlite"), keyFile: join(folder, "key.pem") };
  makeSigningKey(place.keyFile);
  const thread = await startStoreThread({
    record: { engine: "sqlite", file: place.file },
    keyFile: place.keyFile,
  });
  const store = storeClient(thread.connect(), openSqliteReads(place.file));
  try {
    const clock = { now: () => BEGINS + (2 * incidents + storm) * 1000 };
    const newId = uuidv7(clock);
    const setup = { ...facilityOf(systems), newId };
    const pipeline = await openPipeline({ store, setup, clock });
    let at = BEGINS;
    async function detect(count: number, fact: FactKind, host: (i: number) => string): Promise<void> {
      for (let from = 0; from < count; from += BATCH) {
        const writes = Array.from({ length: Math.min(BATCH, count - from) }, (_, i) => {
          at += 1000;
          const id = newId();
          const alert = { host: { name: host(from + i) }, message: "bench", fields: {} };
          return {
            write: "alert" as const,
            alert: { id, source: "bench", received: at, occurred: at, eventId: null, alert },
            detections: [{ id: newId(), alert: id, because: [], rule: rule([fact]) }],
          };
        });
        await store.commit({ facility: setup.facility.id, at: clock.now(), writes });
      }
    }
    async function measured(what: string): Promise<Measure[]> {
      const turns = watchTurns();
      while ((await pipeline.advance()) > 0);
      const { longest, usual, work } = await turns.end();
      const measure = (which: string, value: number, goal?: number): Measure => ({
        what: `${what}: ${which}`,
        own: { value },
        goal: tiny ? undefined : goal,
        against: "",
        peer: undefined,
      });
      return [
        measure("longest turn", longest, GOAL),
        measure("longest but for V8's collections", work, GOAL),
        measure("99 % of the time in turns of at most", usual),
      ];
    }
    const each = (i: number) => `poste-${i % incidents}`;
    await detect(incidents, "malicious_action_suspected", each);
    const opened = await measured(`${incidents} incidents open`);
    await detect(incidents, "data_disclosed", each);
    const changed = await measured(`${incidents} incidents change`);
    await detect(storm, "data_altered", () => "poste-1");
    return [...opened, ...changed, ...(await measured(`${storm} alerts of one incident`))];
  } finally {
    await store.close();
    await thread.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Turns shorter than this are only counted together, ms: a list of millions would be what takes the longest. */
const SHORT = 0.5;
/** Within this time the last collections are told, ms. */
const TOLD = 50;

interface Span {
  from: number;
  to: number;
}
const lengthOf = ({ from, to }: Span) => to - from;

interface Turns {
  longest: number;
  /** The longest when what V8 collected within is taken off. */
  work: number;
  /** The length below which 99 % of the time is spent. */
  usual: number;
}

/** Measures the turns of the event loop until its end, ms. */
function watchTurns(): { end(): Promise<Turns> } {
  const turns: Span[] = [];
  const collections: Span[] = [];
  const observer = new PerformanceObserver((list) => {
    for (const { startTime, duration } of list.getEntries())
      collections.push({ from: startTime, to: startTime + duration });
  });
  observer.observe({ entryTypes: ["gc"] });
  const began = performance.now();
  let last = began;
  let ended = false;
  const turn = () => {
    const now = performance.now();
    if (now - last > SHORT) turns.push({ from: last, to: now });
    last = now;
    if (!ended) setImmediate(turn);
  };
  setImmediate(turn);
  return {
    async end() {
      ended = true;
      await setTimeout(TOLD);
      observer.disconnect();
      const sorted = turns.map(lengthOf).toSorted((a, b) => b - a);
      const hundredth = (last - began) / 100;
      let over = 0;
      let at = 0;
      while (at < sorted.length && over < hundredth) over += sorted[at++] ?? 0;
      const works = turns.map((one) => lengthOf(one) - within(one, collections));
      return {
        longest: sorted[0] ?? 0,
        work: Math.max(0, ...works),
        usual: sorted[Math.max(0, at - 1)] ?? 0,
      };
    },
  };
}

/** How much of a span others take. */
function within({ from, to }: Span, others: readonly Span[]): number {
  return others.reduce(
    (sum, other) => sum + Math.max(0, Math.min(to, other.to) - Math.max(from, other.from)),
    0,
  );
}
