import { standsAlone } from "../../core/detection.ts";
import type { Reads } from "../../store/store.ts";
import { areApart, mergeByMachine } from "../correlate.ts";
import type { Work } from "../work.ts";
import { divideWork } from "./divide-work.ts";
import { isDecided, isTouched } from "./grouping.ts";
import { partition } from "./partition.ts";
import type { Arrival } from "./read-traits.ts";
import type { OpenShelf } from "./shelf.ts";

/** Detections read again at most to take one incident apart; a larger one stays as it is. */
export const MOST_REREAD = 5_000;
const PAGE = 200;

/** All detections of an incident, with what each correlation counted; undefined when there are more than `most`. */
export async function arrivalsOf(
  reads: Pick<Reads, "detectionsOf">,
  facility: string,
  incidents: readonly string[],
  most: number,
): Promise<Arrival[] | undefined> {
  const found: Arrival[] = [];
  for (const incident of incidents) {
    for (let after: { occurred: number; seq: number } | undefined; ; ) {
      const page = await reads.detectionsOf(facility, incident, PAGE, after);
      found.push(...page);
      if (found.length > most) return undefined;
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) break;
      after = { occurred: last.detection.occurred, seq: last.detection.seq };
    }
  }
  return withBase(found);
}

function withBase(found: readonly Arrival[]): Arrival[] {
  const bySeq = new Map(found.map((each) => [each.detection.seq, each]));
  return [...bySeq.values()]
    .filter(({ detection }) => standsAlone(detection.rule))
    .map((each) => ({
      ...each,
      base: (each.detection.based_on ?? []).flatMap((seq) => {
        const part = bySeq.get(seq);
        return part === undefined || standsAlone(part.detection.rule) ? [] : [part];
      }),
    }));
}

/** Takes apart what only a key had tied that turned out to come with everyone, unless a person has to do with it. */
export async function takeApart(shelf: OpenShelf, reads: Pick<Reads, "detectionsOf">): Promise<void> {
  const { grouping, setup } = shelf;
  const done = new Set<string>();
  for (const { incidents } of grouping.turned()) {
    for (const each of incidents) {
      const id = shelf.now_in(each);
      const work = shelf.peek(id);
      if (done.has(id) || work === undefined || isTouched(work)) continue;
      done.add(id);
      const { arrivals, merged } = shelf.recent(id);
      const onRecord = [...(work.base.size > 0 ? [id] : []), ...merged];
      const known =
        work.incident.alerts > MOST_REREAD
          ? undefined
          : await arrivalsOf(reads, setup.facility.id, onRecord, MOST_REREAD);
      if (known === undefined) continue;
      const seqs = new Set(known.map(({ detection }) => detection.seq));
      const all = [...known, ...arrivals.filter(({ detection }) => !seqs.has(detection.seq))];
      const parts = partition(all, grouping);
      grouping.drop(id);
      const own = shelf.own(work);
      const works =
        parts.length > 1
          ? divideWork(own, parts, {
              setup,
              reference: shelf.reference,
              because: "Ce qui le reliait à un autre incident y mène tout le monde.",
            })
          : [own];
      settle(works, parts, shelf);
    }
  }
}

/** Ties each part anew, and joins it to what it belongs with now. */
function settle(works: readonly Work[], parts: readonly (readonly Arrival[])[], shelf: OpenShelf): void {
  const { grouping } = shelf;
  for (const [i, work] of works.entries()) {
    shelf.add(work);
    const others = new Map<string, string>();
    for (const arrival of parts[i] ?? []) {
      const { adds, looks } = grouping.tiesOf(arrival);
      for (const tie of looks)
        grouping.find([tie], (id) => {
          if (id !== work.incident.id && !others.has(id)) others.set(id, tie[0]);
        });
      grouping.tie(work.incident.id, adds);
    }
    for (const [id, by] of others) {
      const other = shelf.peek(id);
      const home = shelf.peek(shelf.now_in(work.incident.id));
      if (other === undefined || home === undefined || other === home) continue;
      if (isDecided(other) || areApart(home, other)) continue;
      // What is on record takes in what is new.
      if (home.base.size === 0 && other.base.size > 0) mergeByMachine(shelf.own(other), home, by, shelf);
      else mergeByMachine(home, other, by, shelf);
    }
  }
}
