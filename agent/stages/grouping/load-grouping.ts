import { MICROSECONDS } from "../../core/clock.ts";
import type { Links } from "../../core/grouping.ts";
import type { Reads } from "../../store/store.ts";
import { breather } from "../breather.ts";
import type { Work } from "../work.ts";
import type { Grouping } from "./grouping.ts";
import type { Span } from "./link-index.ts";
import { arrivalsOf } from "./read-lightly.ts";

/** Closed incidents read again, that what follows may cite. */
const MOST_CLOSED = 2_000;
/** Detections read again to count with whom each key comes, and how far back. */
const MOST_RECALLED = 20_000;
const RECALL = 12 * MICROSECONDS.hour;
/** Detections read again of an incident that has more keys than its record keeps. */
const MOST_REREAD = 20_000;
const PAGE = 200;

/** Rebuilds what ties detections to incidents from the record, bounded. */
export async function loadGrouping(
  grouping: Grouping,
  active: Iterable<Work>,
  { reads, facility, position }: { reads: Reads; facility: string; position: number },
): Promise<void> {
  grouping.clear();
  for (
    let to = position, latest: number | undefined;
    to > Math.max(0, position - MOST_RECALLED);
    to -= PAGE
  ) {
    const page = await reads.detectionsAfter(facility, Math.max(0, to - PAGE), Math.min(PAGE, to));
    for (const arrival of page) if (arrival.detection.seq <= position) grouping.recall(arrival);
    const received = page.map(({ alert }) => alert.received);
    latest ??= Math.max(...received);
    if (received.every((each) => each < (latest ?? 0) - RECALL)) break;
  }
  const breathe = breather();
  for (const work of active) {
    grouping.load(work.incident, spansOf(work));
    await breathe();
    if (work.links?.cut !== true) continue;
    const arrivals = await arrivalsOf(reads, facility, [work.incident.id], MOST_REREAD);
    for (const arrival of arrivals ?? [])
      if (arrival.alert.hunted === undefined) grouping.tie(work.incident.id, grouping.tiesOf(arrival).adds);
  }
  const closed = await reads.byState(facility, "incident", ["closed"], { limit: MOST_CLOSED });
  for (const { content } of closed.reverse()) {
    const [links] = await reads.ofIncident(facility, "links", content.id);
    grouping.load(content, links?.content.spans ?? []);
  }
}

/** The keys of an incident as they are on record; those of its entities for one that was opened before keys were kept. */
export function spansOf({
  incident,
  links,
  facts,
}: Pick<Work, "incident" | "facts"> & { links: Links | undefined }): Span[] {
  const spoken = facts.flatMap(({ origin, system, since, stated, withdrawn }): Span[] => {
    if (origin.by !== "person" || system === null || withdrawn !== null) return [];
    const [from, to] = [Math.min(since, stated), Math.max(since, stated)];
    return [[`touched:${system}`, from, to]];
  });
  if (links !== undefined) return [...links.spans, ...spoken];
  const { entities, occurred, last_alert } = incident;
  if (incident.opened_by === "person") return spoken;
  return [...entities.map(({ kind, value }): Span => [`${kind}:${value}`, occurred, last_alert]), ...spoken];
}
