import { type Alternative, type Bound, type LoadedCorrelation, leastOf, within } from "./correlation.ts";
import type { Rings } from "./rings.ts";

/** A window in which a condition holds: it ends at one event, its first counted one may be another. */
export interface Finding {
  /** Index of the event at which it ends. */
  end: number;
  /** Index of the first event in it. */
  first: number;
  value: number;
}

/**
 * Looks at every window of a group that an event which has just come belongs to: those that end at it or up to one
 * timespan later. Gives the first, ending not before `from`, in which the condition holds.
 */
export type Judge = (slot: number, index: number, from: number) => Finding | undefined;

/** Makes the judge of a correlation; alternatives that ask for an absence are left out: they are decided later. */
export function judgeOf(correlation: LoadedCorrelation, rings: Rings): Judge {
  const { type, timespan, condition, rules } = correlation;
  const windows = windowsOf(rings, timespan);
  if (condition.kind === "alternatives") {
    const now = condition.alternatives.filter((one) => one.without.length === 0);
    if (now.length === 0) return () => undefined;
    return type === "temporal_ordered"
      ? windows(chains(now, timespan))
      : windows(together(now, rules.length));
  }
  const { bounds, percentile } = condition;
  switch (type) {
    case "event_count":
      return countJudge(bounds, { rings, timespan });
    case "value_count":
    case "temporal":
      return windows(distinct(bounds));
    case "temporal_ordered":
      return windows(longestChain(bounds, rules.length, timespan));
    case "value_sum":
      return windows(total(bounds, false));
    case "value_avg":
      return windows(total(bounds, true));
    case "value_percentile":
    case "value_median":
      return windows(ranked(bounds, percentile));
    case "absence":
      return () => undefined;
  }
}

/** What is kept of a window while it slides over the events of a group. */
interface Sliding {
  /** The fewest events in which it can hold. */
  least: number;
  reset(): void;
  enter(value: number, time: number): void;
  leave(value: number): void;
  /** The value of the window when it holds; undefined otherwise. */
  holds(end: number): number | undefined;
}

/** Slides a window over the ends that matter: every event enters and leaves once. */
function windowsOf(rings: Rings, timespan: number): (sliding: Sliding) => Judge {
  return (sliding) => (slot, index, from) => {
    const count = rings.count(slot);
    const time = rings.time(slot, index);
    let first = rings.since(slot, time - timespan);
    // In order of arrival, which is nearly always, there is one window to look at.
    if (index === count - 1 && (time < from || index - first + 1 < sliding.least)) return undefined;
    sliding.reset();
    for (let at = first; at < index; at += 1) sliding.enter(rings.value(slot, at), rings.time(slot, at));
    for (let end = index; end < count; end += 1) {
      const until = rings.time(slot, end);
      if (until > time + timespan) return undefined;
      sliding.enter(rings.value(slot, end), until);
      for (; rings.time(slot, first) < until - timespan; first += 1) sliding.leave(rings.value(slot, first));
      if (until < from) continue;
      const value = sliding.holds(until);
      if (value !== undefined) return { end, first, value };
    }
    return undefined;
  };
}

/** Counting needs no look inside the window. */
function countJudge(
  bounds: readonly Bound[],
  { rings, timespan }: { rings: Rings; timespan: number },
): Judge {
  const least = leastOf(bounds);
  return (slot, index, from) => {
    const count = rings.count(slot);
    const time = rings.time(slot, index);
    for (let end = index; end < count; end += 1) {
      const until = rings.time(slot, end);
      if (until > time + timespan) return undefined;
      if (until < from) continue;
      if (least !== undefined) {
        const nth = end - Math.max(least, 1) + 1;
        if (nth < 0 || rings.time(slot, nth) < until - timespan) continue;
      }
      const first = rings.since(slot, until - timespan);
      const value = end - first + 1;
      if (within(value, bounds)) return { end, first, value };
    }
    return undefined;
  };
}

/** Counts how often each whole number from 0 is inside. */
function tallies() {
  let tally = new Int32Array(64);
  const touched: number[] = [];
  return {
    of: (value: number) => tally[value] ?? 0,
    reset() {
      for (const value of touched) tally[value] = 0;
      touched.length = 0;
    },
    /** Whether it is the first of its value. */
    add(value: number): boolean {
      if (value >= tally.length) {
        const larger = new Int32Array(Math.max(value + 1, tally.length * 2));
        larger.set(tally);
        tally = larger;
      }
      touched.push(value);
      const before = tally[value] as number;
      tally[value] = before + 1;
      return before === 0;
    },
    /** Whether it was the last of its value. */
    remove(value: number): boolean {
      const after = (tally[value] as number) - 1;
      tally[value] = after;
      return after === 0;
    },
  };
}

function distinct(bounds: readonly Bound[]): Sliding {
  const inside = tallies();
  let different = 0;
  return {
    least: leastOf(bounds) ?? 0,
    reset() {
      inside.reset();
      different = 0;
    },
    enter(value) {
      if (inside.add(value)) different += 1;
    },
    leave(value) {
      if (inside.remove(value)) different -= 1;
    },
    holds: () => (within(different, bounds) ? different : undefined),
  };
}

/** Rules that occur together, in any order. */
function together(alternatives: readonly Alternative[], rules: number): Sliding {
  const inside = new Int32Array(rules);
  return {
    least: Math.min(...alternatives.map((one) => one.with.length)),
    reset: () => inside.fill(0),
    enter(value) {
      inside[value] = (inside[value] as number) + 1;
    },
    leave(value) {
      inside[value] = (inside[value] as number) - 1;
    },
    holds() {
      const met = alternatives.find((one) => one.with.every((rule) => (inside[rule] as number) > 0));
      return met?.with.length;
    },
  };
}

/** Rules that occur in order: of each alternative, the latest beginning of a chain up to each of its rules. */
function chains(alternatives: readonly Alternative[], timespan: number): Sliding {
  const begun = alternatives.map((one) => new Float64Array(one.with.length));
  return {
    least: Math.min(...alternatives.map((one) => one.with.length)),
    reset() {
      for (const each of begun) each.fill(Number.NEGATIVE_INFINITY);
    },
    enter(value, time) {
      for (const [at, one] of alternatives.entries()) {
        const step = one.with.indexOf(value);
        const from = begun[at] as Float64Array;
        if (step >= 0)
          from[step] = step === 0 ? time : Math.max(from[step] as number, from[step - 1] as number);
      }
    },
    leave: () => undefined,
    holds(end) {
      const met = begun.findIndex((from) => (from.at(-1) as number) >= end - timespan);
      return met === -1 ? undefined : alternatives[met]?.with.length;
    },
  };
}

/**
 * The most rules that occur in the order of the list: `begun[length][rule]` is the latest beginning of a chain of so
 * many rules that ends with one.
 */
function longestChain(bounds: readonly Bound[], rules: number, timespan: number): Sliding {
  const begun = new Float64Array((rules + 1) * rules);
  const before = (length: number, rule: number): number => {
    let latest = Number.NEGATIVE_INFINITY;
    for (let at = (length - 1) * rules; at < (length - 1) * rules + rule; at += 1)
      latest = Math.max(latest, begun[at] as number);
    return latest;
  };
  return {
    least: leastOf(bounds) ?? 0,
    reset: () => begun.fill(Number.NEGATIVE_INFINITY),
    enter(rule, time) {
      for (let length = rule + 1; length > 1; length -= 1) {
        const at = length * rules + rule;
        begun[at] = Math.max(begun[at] as number, before(length, rule));
      }
      begun[rules + rule] = time;
    },
    leave: () => undefined,
    holds(end) {
      for (let length = rules; length > 0; length -= 1) {
        if (before(length + 1, rules) < end - timespan) continue;
        return within(length, bounds) ? length : undefined;
      }
      return undefined;
    },
  };
}

function total(bounds: readonly Bound[], mean: boolean): Sliding {
  let sum = 0;
  let count = 0;
  return {
    least: 0,
    reset() {
      sum = 0;
      count = 0;
    },
    enter(value) {
      sum += value;
      count += 1;
    },
    leave(value) {
      sum -= value;
      count -= 1;
    },
    holds() {
      const value = mean ? sum / count : sum;
      return within(value, bounds) ? value : undefined;
    },
  };
}

/** The value below which so many percent lie, between two values in proportion. */
function ranked(bounds: readonly Bound[], percentile: number): Sliding {
  let sorted = new Float64Array(64);
  let count = 0;
  const placeOf = (value: number): number => {
    let low = 0;
    let high = count;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sorted[middle] as number) < value) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return {
    least: 0,
    reset() {
      count = 0;
    },
    enter(value) {
      if (count === sorted.length) {
        const larger = new Float64Array(count * 2);
        larger.set(sorted);
        sorted = larger;
      }
      const at = placeOf(value);
      sorted.copyWithin(at + 1, at, count);
      sorted[at] = value;
      count += 1;
    },
    leave(value) {
      const at = placeOf(value);
      sorted.copyWithin(at, at + 1, count);
      count -= 1;
    },
    holds() {
      const rank = (percentile / 100) * (count - 1);
      const below = sorted[Math.floor(rank)] as number;
      const above = sorted[Math.ceil(rank)] as number;
      const value = below + (above - below) * (rank - Math.floor(rank));
      return within(value, bounds) ? value : undefined;
    },
  };
}
