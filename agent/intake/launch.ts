import { Worker } from "node:worker_threads";
import { THREAD_LIMITS } from "../core/thread-limits.ts";

/** Has the intake thread load its program; `startIntake` then tells it what to do. */
export function launchIntake(): Worker {
  return new Worker(new URL("../threads/intake.ts", import.meta.url), { resourceLimits: THREAD_LIMITS });
}
