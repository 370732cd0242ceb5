import { breather } from "../breather.ts";
import type { Grouping } from "./grouping.ts";
import { openLinkIndex } from "./link-index.ts";
import { type Arrival, eventTime, opens } from "./read-traits.ts";

/**
 * Parts of detections that nothing ties to each other, as keys count now; the part of the earliest one is first. Others
 * have their turn in between.
 */
export async function partition(
  arrivals: readonly Arrival[],
  grouping: Pick<Grouping, "tiesOf">,
): Promise<Arrival[][]> {
  const breathe = breather();
  const index = openLinkIndex();
  const parts = new Map<string, Arrival[]>();
  const sorted = [...arrivals].sort(
    (a, b) => eventTime(a.alert) - eventTime(b.alert) || a.detection.seq - b.detection.seq,
  );
  const informing: Arrival[] = [];
  let made = 0;
  for (const arrival of sorted) {
    await breathe();
    if (!opens(arrival)) {
      informing.push(arrival);
      continue;
    }
    const { adds, looks } = grouping.tiesOf(arrival);
    const found = new Set<string>();
    for (const [key, at] of looks) index.find(key, at, (part) => found.add(part));
    const [home = String(++made), ...others] = found;
    const members = parts.get(home) ?? [];
    parts.set(home, members);
    members.push(arrival);
    for (const other of others) {
      for (const each of parts.get(other) ?? []) members.push(each);
      parts.delete(other);
      index.move(other, home);
    }
    for (const [key, at] of adds) index.add(key, at, home);
  }
  for (const arrival of informing) {
    await breathe();
    let home: string | undefined;
    for (const [key, at] of grouping.tiesOf(arrival).looks)
      index.find(key, at, (part) => {
        home ??= part;
      });
    const list = parts.get(home ?? "") ?? parts.values().next().value;
    if (list === undefined) parts.set("", [arrival]);
    else list.push(arrival);
  }
  const first = (part: readonly Arrival[]) =>
    part.reduce((least, { alert }) => Math.min(least, eventTime(alert)), Number.MAX_SAFE_INTEGER);
  return [...parts.values()].sort((a, b) => first(a) - first(b));
}
