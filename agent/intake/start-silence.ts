import type { Clock } from "../core/clock.ts";
import { messageOf } from "../core/errors.ts";
import type { Receipt, Unit } from "../store/store.ts";
import type { Log } from "../telemetry/log.ts";
import { seldom } from "../telemetry/seldom.ts";
import type { IntakeMetrics } from "./metrics.ts";
import { openSilence, UntoldSilence } from "./silence.ts";
import type { Taker } from "./taker.ts";
import type { IntakeData } from "./thread.ts";

const SWEEP_EVERY_MS = 1000;

/** Starts the watch over the sources that say how long they may be silent; what it knows is kept in bookmarks. */
export async function startSilence(parts: {
  data: Pick<IntakeData, "facility" | "sources">;
  taker: Taker;
  metrics: IntakeMetrics;
  commit: (unit: Unit) => Promise<Receipt>;
  bookmark: (facility: string, name: string) => Promise<string | undefined>;
  clock: Clock;
  log: Pick<Log, "warn">;
}): Promise<{ stop(): Promise<void> }> {
  const { data, taker, metrics, clock } = parts;
  const { facility } = data;
  const name = (source: string) => `silence:${source}`;
  const warn = seldom(parts.log);
  const watch = await openSilence({
    sources: data.sources.flatMap(({ id, connector, zone, silentAfter: after }) =>
      after === undefined ? [] : [{ id, connector, zone, after }],
    ),
    seen: metrics.lastSeen.of,
    take: taker.take,
    show: (source, silent) => metrics.silent.set({ source }, silent ? 1 : 0),
    notes: {
      read: (source) => parts.bookmark(facility, name(source)),
      async write(notes) {
        const writes = notes.map(({ source, content }) => ({
          write: "bookmark" as const,
          name: name(source),
          content,
        }));
        await parts.commit({ facility, at: clock.now(), writes });
      },
    },
    now: clock.now(),
  });
  const failed = (error: unknown) =>
    warn("silence of a source not told; tried again", {
      ...(error instanceof UntoldSilence ? { sources: error.sources.join(", ") } : {}),
      error: messageOf(error),
    });
  let underWay: Promise<void> | undefined;
  const timer = setInterval(() => {
    underWay ??= watch
      .sweep(clock.now())
      .catch(failed)
      .finally(() => {
        underWay = undefined;
      });
  }, SWEEP_EVERY_MS);
  return {
    async stop() {
      clearInterval(timer);
      await underWay;
      await watch.close().catch(failed);
    },
  };
}
