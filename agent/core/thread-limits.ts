import type { ResourceLimits } from "node:worker_threads";

/** What a thread beside the main one may take for values that live shortly: V8 gives a busy one several times as much. */
export const THREAD_LIMITS: ResourceLimits = { maxYoungGenerationSizeMb: 24 };
