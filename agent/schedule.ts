import { schedule as cron } from "node-cron";

/** Wakes the sweep of due effects every second; what is due stays in the store until it is done. */
export function schedule(sweep: () => Promise<void>): { stop(): Promise<void> } {
  const task = cron("* * * * * *", sweep, { noOverlap: true, suppressMissedWarning: true });
  return {
    async stop() {
      await task.destroy();
    },
  };
}
