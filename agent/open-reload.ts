import type { LoadedConfig, loadConfig } from "../config/load.ts";
import { type Clock, MICROSECONDS } from "./core/clock.ts";
import { messageOf, type Problem, problemSentence, TocsinError } from "./core/errors.ts";
import type { RefusedSettings } from "./core/house-view.ts";
import { needsRestart } from "./needs-restart.ts";
import type { Log } from "./telemetry/log.ts";
import type { MainMetrics } from "./telemetry/metrics.ts";

/** Problems of one file that are kept to be shown. */
const SHOWN = 100;

/** What came of a reload. */
export type Reloaded = { outcome: "taken" } | { outcome: "refused"; problems: Problem[] };

/** Reads the configuration anew while the daemon runs; the last good one stays in force. */
export interface Reload {
  /** One after the other; whatever asks while one waits is answered by that one. */
  run(because: string): Promise<Reloaded>;
  /** The configuration that was refused last; null once a good one was taken. */
  refused(): RefusedSettings | null;
  /** Resolves when none is under way. */
  settled(): Promise<unknown>;
}

/** Opens the reload; `use` puts settings in force, or rejects and leaves all as it was. */
export function openReload(parts: {
  loaded: () => LoadedConfig;
  read: () => ReturnType<typeof loadConfig>;
  use: (next: LoadedConfig, because: string) => Promise<void>;
  clock: Clock;
  metrics: Pick<MainMetrics, "configReloads" | "configGood" | "configRead">;
  log: Pick<Log, "info" | "error">;
}): Reload {
  const { loaded, clock, metrics, log } = parts;
  let refused: RefusedSettings | null = null;
  let underWay: Promise<unknown> = Promise.resolve();
  let queued: Promise<Reloaded> | undefined;
  metrics.configGood.set(1);
  metrics.configRead.set(Math.floor(clock.now() / MICROSECONDS.second));

  async function attempt(because: string): Promise<Problem[]> {
    const { loaded: next, problems } = parts.read();
    if (next === undefined) return problems;
    const lasting = needsRestart(loaded(), next);
    if (lasting.length > 0) return lasting;
    try {
      await parts.use(next, because);
      return [];
    } catch (error) {
      if (error instanceof TocsinError)
        // Its message is already the whole sentence.
        return [{ code: error.code, message: error.message }];
      return [{ code: "settings_not_taken", where: next.file, message: messageOf(error) }];
    }
  }

  async function reload(because: string): Promise<Reloaded> {
    const began = clock.now();
    const problems = await attempt(because);
    const took = Math.round((clock.now() - began) / 1000);
    if (problems.length === 0) {
      refused = null;
      metrics.configReloads.inc({ outcome: "taken" });
      metrics.configGood.set(1);
      metrics.configRead.set(Math.floor(clock.now() / MICROSECONDS.second));
      log.info("configuration read anew", { because, milliseconds: took });
      return { outcome: "taken" };
    }
    refused = { at: clock.now(), count: problems.length, problems: problems.slice(0, SHOWN) };
    metrics.configReloads.inc({ outcome: "refused" });
    metrics.configGood.set(0);
    for (const problem of problems.slice(0, SHOWN))
      log.error("configuration refused: the last good one stays", { problem: problemSentence(problem) });
    return { outcome: "refused", problems };
  }

  return {
    run(because) {
      if (queued !== undefined) return queued;
      const next = underWay.then(() => {
        queued = undefined;
        return reload(because);
      });
      queued = next;
      underWay = next;
      return next;
    },
    refused: () => refused,
    settled: () => underWay,
  };
}
