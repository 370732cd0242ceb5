import type { CorrelatorStats } from "../../rules/engine/correlation/correlator.ts";
import type { Log } from "./log.ts";
import type { MainMetrics } from "./metrics.ts";
import { seldom } from "./seldom.ts";

/** Shows what the windows of correlations hold, counts what they lost, and says when they had to give something up. */
export function windowMetrics(
  metrics: Pick<MainMetrics, "windows" | "windowsLost">,
  log: Pick<Log, "warn">,
): (stats: CorrelatorStats | undefined) => void {
  const before = { groups: 0, events: 0, late: 0, fieldless: 0 };
  const tell = seldom(log);
  return (stats) => {
    if (stats === undefined) return;
    const { keys, events, groupsEvicted, eventsEvicted, late, fieldless } = stats;
    metrics.windows.set({ what: "groups" }, keys);
    metrics.windows.set({ what: "events" }, events);
    const now = { groups: groupsEvicted, events: eventsEvicted, late, fieldless };
    for (const what of Object.keys(now) as (keyof typeof now)[]) {
      // Windows that were rebuilt count from the beginning.
      const lost = now[what] - (now[what] < before[what] ? 0 : before[what]);
      if (lost > 0) metrics.windowsLost.inc({ what }, lost);
      before[what] = now[what];
      if (lost > 0 && (what === "groups" || what === "events"))
        tell("windows of correlations are full: the oldest were given up", { what, count: lost });
    }
  };
}
