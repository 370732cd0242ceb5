import type { Store } from "../store/store.ts";
import { Counter, Gauge, Histogram, type Registry } from "./prometheus.ts";

/** Measures what a thread has committed: both threads count under the same names, and are shown as one. */
export function measureStore(store: Store, registry: Registry): Store {
  const registers = [registry];
  const seconds = new Histogram({
    name: "tocsin_store_commit_duration_seconds",
    help: "Time from when a unit is handed in until it is durable, or refused",
    buckets: [0.005, 0.02, 0.1, 0.5, 2, 10],
    registers,
  });
  const waiting = new Gauge({
    name: "tocsin_store_commits_waiting",
    help: "Units handed in and not answered yet",
    registers,
  });
  const failed = new Counter({
    name: "tocsin_store_commit_failures_total",
    help: "Units that the store could not write",
    registers,
  });
  return {
    ...store,
    async commit(unit) {
      waiting.inc();
      const end = seconds.startTimer();
      try {
        return await store.commit(unit);
      } catch (error) {
        failed.inc();
        throw error;
      } finally {
        end();
        waiting.dec();
      }
    },
  };
}
