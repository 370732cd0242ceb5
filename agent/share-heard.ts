import { z } from "zod";
import { type Clock, type Instant, MICROSECONDS } from "./core/clock.ts";
import { messageOf } from "./core/errors.ts";
import type { SourceView } from "./core/house-view.ts";
import type { Store } from "./store/store.ts";
import type { Log } from "./telemetry/log.ts";

/** What is known of a source beyond one process. */
export type Heard = Pick<SourceView, "lastSeen" | "silent">;

/** The name under which the process that correlates says it. */
const HEARD = "heard";
const EVERY_MS = 10_000;

const Said = z.record(z.string(), z.strictObject({ lastSeen: z.number().nullable(), silent: z.boolean() }));

/** Says in the record what was heard of each source, for the processes that serve pages. */
export function shareHeard(parts: {
  store: Pick<Store, "commit">;
  facility: string;
  sources: () => Promise<SourceView[]>;
  clock: Clock;
  log: Pick<Log, "warn">;
}): { stop(): Promise<void> } {
  const { store, facility, sources, clock, log } = parts;
  let said = "";
  let underWay: Promise<void> | undefined;

  async function say(): Promise<void> {
    const known = await sources();
    const now = known.map(({ id, lastSeen, silent }) => [id, { lastSeen: rounded(lastSeen), silent }]);
    const content = JSON.stringify(Object.fromEntries(now));
    if (content === said) return;
    await store.commit({
      facility,
      at: clock.now(),
      writes: [{ write: "bookmark", name: HEARD, content }],
    });
    said = content;
  }

  const timer = setInterval(() => {
    underWay ??= say()
      .catch((error: unknown) => log.warn("what was heard is not shared", { error: messageOf(error) }))
      .finally(() => {
        underWay = undefined;
      });
  }, EVERY_MS);
  timer.unref();
  return {
    async stop() {
      clearInterval(timer);
      await underWay;
    },
  };
}

/** What the process that correlates said last; nothing when it never did. */
export async function heardElsewhere(
  reads: Pick<Store["reads"], "bookmark">,
  facility: string,
): Promise<Map<string, Heard>> {
  const said = await reads.bookmark(facility, HEARD);
  return new Map(said === undefined ? [] : Object.entries(Said.parse(JSON.parse(said))));
}

/** A source that never rests makes no write of its own each time. */
const rounded = (instant: Instant | null) =>
  instant === null ? null : instant - (instant % (30 * MICROSECONDS.second));
