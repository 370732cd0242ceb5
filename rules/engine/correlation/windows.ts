import { counts, type LoadedCorrelation, leastOf } from "./correlation.ts";
import { createDeadlines } from "./deadlines.ts";
import { ownKey } from "./field-values.ts";
import { createGroups } from "./groups.ts";
import { type Finding, judgeOf } from "./judges.ts";
import { beginnersOf, type LateFinding, lateJudgeOf } from "./late-judges.ts";
import { createRings } from "./rings.ts";
import { createValueNames } from "./value-names.ts";

/** What the windows of all correlations hold together, and what they let go. */
export interface Held {
  keys: number;
  events: number;
  /** Groups given up for others, because too many were open. */
  groupsEvicted: number;
  /** Events given up for newer ones of their group. */
  eventsEvicted: number;
  /** Events older than everything that is still looked at. */
  late: number;
}

/** One event of a group. */
export interface Placed {
  key: string;
  /** µs, the event's clock. */
  at: number;
  /** µs, the clock of arrival. */
  now: number;
  ref: number;
  /** The text counted, the number summed, or the place of the rule in the list. */
  value: string | number;
}

/** A window found to hold: `fresh` unless the group fired within the timespan before. */
export interface Found {
  key: string;
  from: number;
  at: number;
  value: number;
  fresh: boolean;
  /** Low 32 bits of the references of its first and last events. */
  refs: number[];
}

/** Groups and windows of one correlation. */
export interface Windows {
  correlation: LoadedCorrelation;
  /** Takes an event in; says what holds now that it is there. */
  place(event: Placed): Found[];
  /** What time alone has decided. */
  settle(now: number): Found[];
  /** Decides all that still waits, as if nothing more would come. */
  finish(): Found[];
  /** Groups that still wait for what may come. */
  waiting(): number;
  /** Notes that a group fired, as the record says. */
  setFired(key: string, at: number, now: number): void;
  /** From now on, or no more, what fires does so only once the record says it: at the end the rest has not fired. */
  restore(restoring: boolean): void;
  /** Forgets groups whose windows are over. */
  expire(now: number): void;
  /** Gives up the group that was heard of longest ago; false when there is none. */
  evictStalest(): boolean;
  size(): number;
  bytes(): number;
}

/** Events of one group, where a condition does not itself ask for more; order and rank cost more than counting. */
const MOST = { counting: 10_000, ranking: 2_048, ordering: 1_024 } as const;
const CITED = 10;
const NOTHING: Found[] = [];

function mostOf({ type, condition }: LoadedCorrelation, asked: number): number {
  if (type === "value_percentile" || type === "value_median") return Math.min(asked, MOST.ranking);
  if (!counts(type)) return Math.min(asked, MOST.ordering);
  const least = condition.kind === "bounds" && type.endsWith("_count") ? (leastOf(condition.bounds) ?? 0) : 0;
  return Math.max(Math.min(asked, MOST.counting), least + 1);
}

/** Opens the windows of one correlation. */
export function createWindows(
  correlation: LoadedCorrelation,
  options: {
    lateness: number;
    mostEvents: number;
    held: Held;
    /** Others look at whether it still holds, though it fired. */
    watched: boolean;
    /** Told when a group is forgotten. */
    closed: (key: string) => void;
  },
): Windows {
  const { type, timespan, condition } = correlation;
  const { held, lateness } = options;
  const valued = type !== "event_count";
  const late = beginnersOf(correlation);
  const waits = late.includes(true);
  const rings = createRings({ values: valued, dues: waits, ordered: type === "temporal_ordered" });
  const groups = createGroups();
  const judge = judgeOf(correlation, rings);
  const lateJudge = lateJudgeOf(correlation, rings);
  const deadlines = createDeadlines();
  const armed = new Set<number>();
  const names = type === "value_count" ? createValueNames() : undefined;
  const most = mostOf(correlation, options.mostEvents);
  const least = type === "event_count" && condition.kind === "bounds" ? leastOf(condition.bounds) : undefined;
  const horizon = timespan + lateness;
  /** While windows are rebuilt: groups that fired here and not yet in the record, with when they had before. */
  let unsure: Map<number, number> | undefined;

  function letGo(slot: number, howMany: number): void {
    if (names !== undefined)
      for (let index = 0; index < howMany; index += 1) names.release(rings.value(slot, index));
    rings.dropOldest(slot, howMany);
    held.events -= howMany;
  }

  function close(slot: number): void {
    letGo(slot, rings.count(slot));
    rings.clear(slot);
    options.closed(groups.key(slot));
    unsure?.delete(slot);
    groups.close(slot);
    held.keys -= 1;
  }

  function open(key: string): number {
    held.keys += 1;
    return groups.open(ownKey(key));
  }

  /** Drops what no window can reach any more; what still waits is decided first. */
  function prune(slot: number, latest: number, found: Found[]): Found[] {
    let old = 0;
    const count = rings.count(slot);
    let all = found;
    while (old < count && rings.time(slot, old) < latest - horizon) {
      if (waits && rings.due(slot, old) > 0) all = decide(slot, old, all);
      old += 1;
    }
    if (old > 0) letGo(slot, old);
    return all;
  }

  /** Makes room in a group that holds all it may. */
  function thin(slot: number): void {
    const count = rings.count(slot);
    if (least !== undefined) {
      // Of a run that fired, the oldest is needed by no window that could still fire.
      const rest = count - Math.max(least, 1);
      if (rest > 0 && rings.time(slot, count - rest) - rings.time(slot, 1) <= timespan) letGo(slot, 1);
    }
    if (rings.count(slot) < most) return;
    if (names !== undefined || !counts(type)) squeeze(slot);
    const over = rings.count(slot) - (counts(type) ? most - 1 : Math.floor(most * 0.75));
    if (over <= 0) return;
    letGo(slot, over);
    held.eventsEvicted += over;
  }

  /** Drops events that others of the same value make idle: of values the newest is kept, of runs both ends. */
  function squeeze(slot: number): void {
    const count = rings.count(slot);
    const keep = new Uint8Array(count);
    if (names === undefined) {
      for (let index = 0; index < count; index += 1) {
        const value = rings.value(slot, index);
        const inner =
          index > 0 &&
          index < count - 1 &&
          rings.value(slot, index - 1) === value &&
          rings.value(slot, index + 1) === value;
        keep[index] = inner ? 0 : 1;
      }
    } else {
      const seen = new Set<number>();
      for (let index = count - 1; index >= 0; index -= 1) {
        const value = rings.value(slot, index);
        if (!seen.has(value)) keep[index] = 1;
        else names.release(value);
        seen.add(value);
      }
    }
    held.events -= rings.retain(slot, (index) => keep[index] === 1);
  }

  function foundOf(slot: number, { first, end, value }: Finding, at: number): Found {
    const from = rings.time(slot, first);
    const before = groups.fired(slot);
    const fresh = at >= before + timespan;
    if (fresh) groups.setFired(slot, at);
    if (fresh && unsure?.has(slot) === false) unsure.set(slot, before);
    const refs: number[] = [];
    for (let index = first; index <= end; index += 1) {
      if (index >= first + CITED && index <= end - CITED) continue;
      refs.push(rings.ref(slot, index));
    }
    return { key: groups.key(slot), from, at, value, fresh, refs };
  }

  function decide(slot: number, index: number, found: Found[]): Found[] {
    rings.setDue(slot, index, 0);
    const finding: LateFinding | undefined = lateJudge?.(slot, index);
    if (finding === undefined) return found;
    const one = foundOf(slot, finding, finding.at);
    return one.fresh || options.watched ? [...found, one] : found;
  }

  /** Decides what is due in a group, and asks to be reminded of the rest. */
  function decideDue(slot: number, now: number, found: Found[]): Found[] {
    let all = found;
    let next = Number.POSITIVE_INFINITY;
    for (let index = 0; index < rings.count(slot); index += 1) {
      const due = rings.due(slot, index);
      if (due === 0) continue;
      if (due <= now) all = decide(slot, index, all);
      else next = Math.min(next, due);
    }
    if (next < Number.POSITIVE_INFINITY) arm(slot, next);
    return all;
  }

  function arm(slot: number, due: number): void {
    if (armed.has(slot)) return;
    armed.add(slot);
    deadlines.add(due, slot);
  }

  function settle(now: number): Found[] {
    let found = NOTHING;
    for (let next = deadlines.take(now); next !== undefined; next = deadlines.take(now)) {
      armed.delete(next.slot);
      found = decideDue(next.slot, now, found);
    }
    return found;
  }

  /** What comes at the awaited time answers: nothing is left to decide. */
  function answer(slot: number, index: number): void {
    const time = rings.time(slot, index);
    for (let at = index - 1; at >= 0 && rings.time(slot, at) >= time - timespan; at -= 1)
      if (rings.due(slot, at) > 0) rings.setDue(slot, at, 0);
  }

  function place({ key, at, now, ref, value }: Placed): Found[] {
    const slot = groups.find(key) ?? open(key);
    const count = rings.count(slot);
    const latest = count === 0 ? at : rings.time(slot, count - 1);
    if (at < latest - horizon) {
      held.late += 1;
      return NOTHING;
    }
    let found = count === 0 ? NOTHING : prune(slot, Math.max(latest, at), NOTHING);
    groups.touch(slot, now);
    if (rings.count(slot) > 0) thin(slot);
    const number = typeof value === "number" ? value : (names?.take(value) ?? 0);
    const waiting = waits && late[number] === true;
    const due = waiting ? now + horizon : 0;
    const index = rings.insert(slot, { time: at, ref, value: number, due });
    held.events += 1;
    if (type === "absence" && number === correlation.rules.length - 1) answer(slot, index);
    if (waiting) arm(slot, due);
    const quiet = groups.fired(slot) + timespan;
    const finding =
      judge(slot, index, quiet) ??
      (options.watched && quiet > Number.NEGATIVE_INFINITY
        ? judge(slot, index, Number.NEGATIVE_INFINITY)
        : undefined);
    if (finding !== undefined) found = [...found, foundOf(slot, finding, rings.time(slot, finding.end))];
    return found;
  }

  return {
    correlation,
    place,
    settle,
    finish() {
      // A recording that ends says nothing of what would have come after it: an absence stays undecided.
      return type === "absence" ? NOTHING : settle(Number.POSITIVE_INFINITY);
    },
    waiting() {
      let groups = 0;
      for (const slot of armed) {
        let index = rings.count(slot) - 1;
        while (index >= 0 && rings.due(slot, index) === 0) index -= 1;
        if (index >= 0) groups += 1;
      }
      return groups;
    },
    setFired(key, at, now) {
      const slot = groups.find(key) ?? open(key);
      groups.touch(slot, now);
      // What fired here within the timespan after it was begun in the middle; later, it is the next one.
      if (at <= groups.fired(slot) - timespan) return;
      groups.setFired(slot, at);
      unsure?.delete(slot);
    },
    restore(restoring) {
      for (const [slot, before] of unsure ?? []) groups.setFired(slot, before);
      unsure = restoring ? new Map() : undefined;
    },
    expire(now) {
      for (let slot = groups.stalest(); slot !== -1; slot = groups.stalest()) {
        if (groups.heard(slot) + horizon >= now || armed.has(slot)) return;
        close(slot);
      }
    },
    evictStalest() {
      const slot = groups.stalest();
      if (slot === -1) return false;
      held.eventsEvicted += rings.count(slot);
      held.groupsEvicted += 1;
      close(slot);
      return true;
    },
    size: () => groups.size(),
    bytes: () => groups.bytes() + rings.bytes(),
  };
}
