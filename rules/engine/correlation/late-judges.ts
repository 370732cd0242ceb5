import type { Alternative, LoadedCorrelation } from "./correlation.ts";
import type { Finding } from "./judges.ts";
import type { Rings } from "./rings.ts";

/** What only time can tell: that something did not come. */
export interface LateFinding extends Finding {
  /** The moment at which it is so, on the events' clock. */
  at: number;
}

/** Looks at one event that may begin such a finding, once whatever could speak against it must have come. */
export type LateJudge = (slot: number, index: number) => LateFinding | undefined;

/** Makes the judge of what must not come; undefined when a correlation waits for nothing. */
export function lateJudgeOf(correlation: LoadedCorrelation, rings: Rings): LateJudge | undefined {
  const { type, condition, timespan, rules } = correlation;
  if (type === "absence") return absence(rings, timespan, rules.length - 1);
  if (condition.kind !== "alternatives") return undefined;
  const waiting = condition.alternatives.filter((one) => one.without.length > 0);
  if (waiting.length === 0) return undefined;
  const ordered = type === "temporal_ordered";
  return (slot, index) => {
    for (const alternative of waiting) {
      const found = alone(rings, { slot, index, timespan, ordered, alternative });
      if (found !== undefined) return found;
    }
    return undefined;
  };
}

/** Rules that may begin a finding, by their place in the list. */
export function beginnersOf({ type, condition, rules }: LoadedCorrelation): boolean[] {
  return rules.map((_, rule) => {
    if (type === "absence") return rule === 0;
    return (
      condition.kind === "alternatives" &&
      condition.alternatives.some((one) => one.without.length > 0 && one.with.includes(rule))
    );
  });
}

/** Nothing of the awaited rule within a timespan after the first. */
function absence(rings: Rings, timespan: number, awaited: number): LateJudge {
  return (slot, index) => {
    const from = rings.time(slot, index);
    // A rule that must come again is not answered by itself; another may come in the same instant.
    const start = awaited === 0 ? index + 1 : rings.since(slot, from);
    const count = rings.count(slot);
    for (let at = start; at < count && rings.time(slot, at) <= from + timespan; at += 1)
      if (rings.value(slot, at) === awaited) return undefined;
    return { end: index, first: index, value: 0, at: from + timespan };
  };
}

/** All that must be within a timespan from this event on, and no window of that length around them with what must not. */
function alone(
  rings: Rings,
  asked: { slot: number; index: number; timespan: number; ordered: boolean; alternative: Alternative },
): LateFinding | undefined {
  const { slot, index, timespan, ordered, alternative } = asked;
  const rule = rings.value(slot, index);
  const wanted = alternative.with;
  if (ordered ? wanted[0] !== rule : !wanted.includes(rule)) return undefined;
  const first = rings.time(slot, index);
  const count = rings.count(slot);
  const next = (value: number, from: number): number => {
    for (let at = from; at < count && rings.time(slot, at) <= first + timespan; at += 1)
      if (rings.value(slot, at) === value) return at;
    return -1;
  };
  const start = rings.since(slot, first);
  let end = index;
  for (const value of wanted) {
    if (value === rule) continue;
    const found = next(value, ordered ? end + 1 : start);
    if (found === -1) return undefined;
    end = Math.max(end, found);
  }
  const last = rings.time(slot, end);
  for (
    let at = rings.since(slot, last - timespan);
    at < count && rings.time(slot, at) <= first + timespan;
    at += 1
  )
    if (alternative.without.includes(rings.value(slot, at))) return undefined;
  return { end, first: index, value: wanted.length, at: last };
}
