import { isDeepStrictEqual } from "node:util";
import type { Regime } from "./regime.ts";

/** What of a list of a pack became other, by the ids in it. */
interface ListChange {
  added: string[];
  removed: string[];
  /** Which keys of each differ. */
  changed: { id: string; keys: string[] }[];
}

/** How one pack differs from another of its id. */
export interface RegimeChange {
  criteria: ListChange;
  questions: ListChange;
  clocks: ListChange;
  /** Other keys that differ: dates, sentences, form… */
  others: string[];
}

const LISTS = ["criteria", "questions", "clocks"] as const;
type List = (typeof LISTS)[number];

/** Says how a pack differs from the one before it, or from none. */
export function compareRegimes(before: Regime | undefined, after: Regime): RegimeChange {
  const lists = Object.fromEntries(
    LISTS.map((list) => [list, compareLists(before?.[list] ?? [], after[list])]),
  ) as Record<List, ListChange>;
  const keys = new Set([...Object.keys(before ?? {}), ...Object.keys(after)]);
  const others = [...keys].filter(
    (key) =>
      !(LISTS as readonly string[]).includes(key) &&
      before !== undefined &&
      !isDeepStrictEqual(before[key as keyof Regime], after[key as keyof Regime]),
  );
  return { ...lists, others };
}

function compareLists(before: readonly { id: string }[], after: readonly { id: string }[]): ListChange {
  const known = new Map(before.map((each) => [each.id, each]));
  const kept = new Set(after.map(({ id }) => id));
  return {
    added: after.filter(({ id }) => !known.has(id)).map(({ id }) => id),
    removed: before.filter(({ id }) => !kept.has(id)).map(({ id }) => id),
    changed: after.flatMap((each) => {
      const one = known.get(each.id);
      const keys = one === undefined ? [] : keysThatDiffer(one, each);
      return keys.length === 0 ? [] : [{ id: each.id, keys }];
    }),
  };
}

function keysThatDiffer(one: object, other: object): string[] {
  const [a, b] = [one, other] as Record<string, unknown>[];
  return [...new Set([...Object.keys(one), ...Object.keys(other)])].filter(
    (key) => !isDeepStrictEqual(a?.[key], b?.[key]),
  );
}
