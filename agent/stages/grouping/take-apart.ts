import type { Reads } from "../../store/store.ts";
import { breather } from "../breather.ts";
import { areApart, mergeByMachine } from "../correlate.ts";
import type { Work } from "../work.ts";
import { divideWork } from "./divide-work.ts";
import { isDecided, isTouched } from "./grouping.ts";
import { partition } from "./partition.ts";
import { arrivalsOf } from "./read-lightly.ts";
import type { Arrival } from "./read-traits.ts";
import type { OpenShelf } from "./shelf.ts";

/** Detections read again at most to take incidents apart. */
export const MOST_REREAD = 100_000;
/** With more than this, one that only a key had tied is looked at once nothing else is left to sort. */
const AT_ONCE = 5_000;

/**
 * Takes apart what only a key had tied that turned out to come with everyone, unless a person has to do with it. Large
 * incidents are added to `later`, and taken from there when there is time: a storm is not read again at each turn.
 */
export async function takeApart(
  shelf: OpenShelf,
  reads: Pick<Reads, "detectionsOf">,
  { later, hasTime = false }: { later: Set<string>; hasTime?: boolean },
): Promise<void> {
  const { grouping } = shelf;
  const turned = grouping.turned().flatMap(({ incidents }) => incidents);
  const [first] = hasTime ? later : [];
  if (first !== undefined) {
    later.delete(first);
    turned.push(first);
  }
  const done = new Set<string>();
  for (const each of turned) {
    // One that was taken apart just now may have gone into another.
    const id = shelf.now_in(each);
    const work = shelf.peek(id);
    if (done.has(id) || work === undefined || isTouched(work)) continue;
    done.add(id);
    if (work.incident.alerts > AT_ONCE && !hasTime) later.add(id);
    else await divide(id, work, shelf, reads);
  }
}

async function divide(
  id: string,
  work: Work,
  shelf: OpenShelf,
  reads: Pick<Reads, "detectionsOf">,
): Promise<void> {
  const { grouping, setup } = shelf;
  const { arrivals, merged } = shelf.recent(id);
  const onRecord = [...(work.base.size > 0 ? [id] : []), ...merged];
  const known =
    work.incident.alerts > MOST_REREAD
      ? undefined
      : await arrivalsOf(reads, setup.facility.id, onRecord, MOST_REREAD);
  if (known === undefined) {
    const own = shelf.own(work);
    own.incident = { ...own.incident, undivided: true };
    return;
  }
  const seqs = new Set(known.map(({ detection }) => detection.seq));
  const all = [...known, ...arrivals.filter(({ detection }) => !seqs.has(detection.seq))];
  const parts = await partition(all, grouping);
  grouping.drop(id);
  const own = shelf.own(work);
  const works =
    parts.length > 1
      ? await divideWork(own, parts, {
          setup,
          reference: shelf.reference,
          because: "Ce qui le reliait à un autre incident y mène tout le monde.",
        })
      : [own];
  await settle(works, parts, shelf);
}

/** Ties each part anew, and joins it to what it belongs with now. */
async function settle(
  works: readonly Work[],
  parts: readonly (readonly Arrival[])[],
  shelf: OpenShelf,
): Promise<void> {
  const breathe = breather();
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
      await breathe();
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
