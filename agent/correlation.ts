import type { Clock, Instant } from "./core/clock.ts";
import { messageOf } from "./core/errors.ts";
import type { Duties } from "./roles.ts";
import { type Schedule, schedule } from "./schedule.ts";
import type { Pipeline } from "./stages/pipeline.ts";
import type { Log } from "./telemetry/log.ts";
import type { MainMetrics } from "./telemetry/metrics.ts";
import { within } from "./telemetry/span.ts";
import { windowMetrics } from "./telemetry/window-metrics.ts";

/** Between two batches of detections that come drop by drop, ms: each is a commit, and a draft of the incident. */
const REST = 25;
/** What a unit of work takes when they come in a stream: the next is not waited for. */
const STREAM = 1000;

/** What brings the pipeline on. */
export interface Correlation extends Schedule {
  /** When it last went through; undefined before the first time. */
  advanced(): Instant | undefined;
}

/** Has the pipeline take in what was detected, and what other processes wrote where they share the record. */
export function openCorrelation(parts: {
  pipeline: Pick<Pipeline, "advance" | "catchUp" | "windows">;
  duties: Pick<Duties, "correlates">;
  shared: boolean;
  causes: Set<string>;
  metrics: MainMetrics;
  /** Called when there may be effects to carry out. */
  woken: () => void;
  clock: Clock;
  log: Log;
}): Correlation {
  const { pipeline, duties, shared, causes, metrics, woken, clock, log } = parts;
  const showWindows = windowMetrics(metrics, log);
  let advanced: Instant | undefined;

  async function advance(): Promise<number> {
    if (shared) await pipeline.catchUp();
    if (!duties.correlates) return 0;
    return within("correlate", "internal", async (span) => {
      const taken = await pipeline.advance();
      if (taken === 0) span.drop();
      else span.set({ "tocsin.detections": taken });
      return taken;
    });
  }

  const runs = schedule(async () => {
    // Without the correlations a detection would be passed by uncounted.
    if (causes.has("starting")) return "nothing";
    try {
      const end = metrics.correlation.startTimer();
      const taken = await advance();
      advanced = clock.now();
      causes.delete("pipeline");
      showWindows(pipeline.windows());
      if (taken === 0) return "nothing";
      end();
      metrics.detections.inc(taken);
      woken();
      return taken < STREAM ? "some" : "much";
    } catch (error) {
      causes.add("pipeline");
      log.error("pipeline failed; tried again within a second", { error: messageOf(error) });
      return "nothing";
    }
  }, REST);
  return { ...runs, advanced: () => advanced };
}
