import type { Write } from "../../store/store.ts";
import type { Arrival } from "../grouping/read-traits.ts";

/** Joins what a search of old records found to the incident that it was for; `home` is where that went since. */
export async function joinFound(
  arrivals: readonly Arrival[],
  home: (incident: string) => Promise<string>,
): Promise<Write[]> {
  const joins = new Map<string, number[]>();
  for (const { alert, detection } of arrivals) {
    if (alert.hunted === undefined) continue;
    const list = joins.get(alert.hunted);
    if (list === undefined) joins.set(alert.hunted, [detection.seq]);
    else list.push(detection.seq);
  }
  const writes: Write[] = [];
  for (const [incident, detections] of joins)
    writes.push({ write: "join", incident: await home(incident), detections });
  return writes;
}
