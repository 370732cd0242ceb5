import type { Instant } from "../core/clock.ts";
import type { Incident } from "../core/incident.ts";
import { absorb } from "./grouping/absorb.ts";
import { type Grouping, isDecided, type Place } from "./grouping/grouping.ts";
import { locateOnce } from "./grouping/locate-once.ts";
import { mergeWorks } from "./grouping/merge-works.ts";
import { moveByAlert } from "./grouping/move-beginning.ts";
import { openIncident } from "./grouping/open-incident.ts";
import { type Arrival, opens, readTraits, type Traits } from "./grouping/read-traits.ts";
import { stateFacts, unionOf } from "./grouping/state-facts.ts";
import { tellTie } from "./grouping/tell-tie.ts";
import { newWork, type Setup, type Work } from "./work.ts";

export type { Arrival } from "./grouping/read-traits.ts";

/** Incidents linked by one without a person's answer, at most. */
const MOST_LINKED = 20;

/** The incidents that detections are placed in. */
export interface Shelf {
  grouping: Grouping;
  setup: Setup;
  now: Instant;
  /** The last detection placed before. */
  seq: number;
  /** The next free reference. */
  reference(): string;
  peek(incident: string): Work | undefined;
  /** The copy of a work that may be changed. */
  own(work: Work): Work;
  add(work: Work): void;
  /** One that was made one with another: it takes nothing any more. */
  gone(work: Work, into: Work): void;
  /** Remembers where a detection was placed. */
  placed(arrival: Arrival, work: Work): void;
}

/** Joins one detection to the incident it belongs to, or opens one; undefined when it matters to none. */
export function correlate(arrival: Arrival, shelf: Shelf): Work | undefined {
  const { recoveries } = shelf.grouping;
  const place = shelf.grouping.place(arrival);
  const work = opens(arrival) ? homeOf(arrival, place, shelf) : nearest(arrival, place, shelf);
  recoveries.note(arrival, work !== undefined);
  if (work === undefined) return undefined;
  const [traits, ...parts] = place.traits;
  for (const each of [arrival, ...(arrival.base ?? [])]) moveByAlert(work, each);
  if (traits !== undefined) absorb(work, arrival, traits);
  if (!recoveries.isOvertaken(arrival)) stateFacts(work, arrival, shelf.setup);
  const base = arrival.base ?? [];
  // What was counted belongs to the incident: its machines and addresses, and when it began.
  for (const [i, part] of base.entries()) {
    const named = parts[i];
    if (named !== undefined) absorb(work, part, { ...named, system: null });
  }
  const seqs = [...base.map((part) => part.detection.seq), arrival.detection.seq];
  for (const recovery of recoveries.overtaking(arrival)) {
    // What was read first ended nothing then.
    stateFacts(work, recovery.arrival, shelf.setup);
    if (recovery.placed) continue;
    recovery.placed = true;
    absorb(work, recovery.arrival, readTraits(recovery.arrival, shelf.setup));
    seqs.push(recovery.arrival.detection.seq);
    shelf.placed(recovery.arrival, work);
  }
  const last = work.beside.at(-1);
  if (last?.write === "join" && last.of === undefined) last.detections.push(...seqs);
  else work.beside.push({ write: "join", incident: work.incident.id, detections: seqs });
  return work;
}

/**
 * What only informs goes where it fits best and ties nothing, so that it does not matter when it comes: a recovery
 * where what it ends still lasts, however long ago that began.
 */
function nearest(arrival: Arrival, { found, traits }: Place, shelf: Shelf): Work | undefined {
  const near = known(found, shelf);
  const [about] = traits;
  const awaiting = about === undefined ? [] : awaitingOf(arrival, about, shelf);
  const ended = awaiting.find((work) => near.some((each) => each.work === work)) ?? awaiting[0];
  if (ended !== undefined) {
    // It is well again for all that say otherwise, whatever became of an earlier recovery.
    if (!shelf.grouping.recoveries.isOvertaken(arrival))
      for (const work of awaiting) if (work !== ended) stateFacts(shelf.own(work), arrival, shelf.setup);
    return shelf.own(ended);
  }
  const [best] = near.sort((a, b) => b.shared - a.shared || earlier(a.work, b.work));
  return best && shelf.own(best.work);
}

/** Incidents with a state that lasts and that this detection ends, the earliest first. */
function awaitingOf({ detection, alert }: Arrival, about: Traits, shelf: Shelf): Work[] {
  const { name } = detection.rule;
  const { subject } = locateOnce(shelf.setup.locate, alert.alert);
  if (name === undefined || subject === null) return [];
  return [...shelf.grouping.everAbout(about)]
    .flatMap((id) => shelf.peek(id) ?? [])
    .filter(({ facts }) =>
      facts.some(
        ({ until, since, ended_by, subjects }) =>
          until === null && since <= about.at && ended_by.includes(name) && subjects.includes(subject),
      ),
    )
    .sort(earlier);
}

function homeOf(arrival: Arrival, { found, adds, closed }: Place, shelf: Shelf): Work {
  const near = known(found, shelf);
  const [alone] = near;
  if (near.length === 1 && alone !== undefined) {
    // What mostly happens: it is one more of an incident that nothing else touches.
    const home = shelf.own(alone.work);
    cite(home, closed);
    shelf.grouping.tie(home.incident.id, adds);
    return home;
  }
  const free = near.filter(({ work }) => !isDecided(work));
  const kept = near.filter(({ work }) => isDecided(work));
  const estranged = free.some(({ work }, i) => free.slice(i + 1).some((each) => areApart(work, each.work)));
  free.sort(
    (a, b) =>
      (estranged ? b.shared - a.shared : 0) || standing(b.work) - standing(a.work) || earlier(a.work, b.work),
  );
  kept.sort((a, b) => b.shared - a.shared || earlier(a.work, b.work));

  const [first] = free.length > 0 ? free : kept;
  const home =
    first === undefined
      ? newWork(openIncident(arrival.alert, shelf.setup, shelf.reference()))
      : shelf.own(first.work);
  if (first === undefined) shelf.add(home);
  for (const { work, by } of free.slice(1)) if (!areApart(home, work)) mergeByMachine(home, work, by, shelf);
  for (const { work, by } of kept) if (work.incident.id !== home.incident.id) link(home, work, by, shelf);
  cite(home, closed);
  shelf.grouping.tie(home.incident.id, adds);
  return home;
}

/** A closed incident takes nothing in: what follows cites it. */
function cite(home: Work, closed: readonly string[]): void {
  const { follows = [] } = home.incident;
  if (closed.every((id) => follows.includes(id)) || follows.length >= MOST_LINKED) return;
  home.incident = { ...home.incident, follows: unionOf(follows, closed, MOST_LINKED) };
}

function known(found: Place["found"], shelf: Shelf) {
  return found.flatMap((each) => {
    const work = shelf.peek(each.id);
    return work === undefined ? [] : [{ ...each, work }];
  });
}

export function mergeByMachine(home: Work, work: Work, by: string, shelf: Shelf): void {
  const other = shelf.own(work);
  mergeWorks(home, other, {
    id: shelf.setup.newId(),
    by: null,
    because: `Une alerte les relie : ${tellTie(by, shelf.setup.systems)}.`,
    now: shelf.now,
    seq: shelf.seq,
  });
  shelf.grouping.merge(other.incident.id, home.incident.id);
  shelf.gone(other, home);
}

/** A decided incident is never merged by the machine: both name each other, and a person is asked. */
function link(home: Work, work: Work, by: string, shelf: Shelf): void {
  if (areApart(home, work)) return;
  const because = `Une alerte les relie : ${tellTie(by, shelf.setup.systems)}.`;
  const name = (one: Work, other: Incident) => {
    const linked = one.incident.linked ?? [];
    if (linked.length >= MOST_LINKED || linked.some(({ incident }) => incident === other.id)) return;
    one.incident = { ...one.incident, linked: [...linked, { incident: other.id, because }] };
  };
  if (work.incident.linked?.some(({ incident }) => incident === home.incident.id) === true) return;
  const other = shelf.own(work);
  name(home, other.incident);
  name(other, home.incident);
}

export function areApart({ incident: one }: Work, { incident: other }: Work): boolean {
  return (one.apart?.includes(other.id) ?? false) || (other.apart?.includes(one.id) ?? false);
}

/** What a person took note of stays rather than what nobody saw, and what is on record rather than what is new. */
function standing({ incident, base }: Work): number {
  return (incident.found === null ? 0 : 2) + (base.size > 0 ? 1 : 0);
}

function earlier({ incident: a }: Work, { incident: b }: Work): number {
  return (
    a.first_alert - b.first_alert ||
    a.reference.length - b.reference.length ||
    (a.reference < b.reference ? -1 : 1)
  );
}
