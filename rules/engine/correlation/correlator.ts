import { counts, type LoadedCorrelation } from "./correlation.ts";
import { combinations, keyOf, numberOf, type ReadTexts, type Subject, textsReader } from "./field-values.ts";
import { createWindows, type Found, type Held, type Windows } from "./windows.ts";

/** An alert or event with the rules that it matched. */
export interface Matched extends Subject {
  /** Its identity: matches of one alert that come apart still count once. */
  id: string;
  /** When it happened, µs; `now` when it does not say. */
  at: number;
  /** When it came, µs; windows are forgotten by this clock, which never goes back. */
  now: number;
  /** A number by which the caller finds it again; numbers only grow. */
  ref: number;
  rules: readonly string[];
}

/** A correlation that holds in a group, once. */
export interface Fired {
  correlation: LoadedCorrelation;
  group: { field: string; value: string }[];
  /** Identity of the group: what differs in case only is one. */
  key: string;
  /** The first event of the window, µs. */
  from: number;
  /** The end of the window, µs. */
  at: number;
  /** The count, sum, average or percentile; the number of rules for what is temporal. */
  value: number;
  /** References of the first and last events in the window, at most 20. */
  refs: number[];
}

export interface CorrelatorOptions {
  /** How far behind the latest event of its group an event still counts exactly, µs. (Default: 5 minutes.) */
  lateness?: number | undefined;
  /** Groups open at once, over all correlations. (Default: 200,000.) */
  mostKeys?: number | undefined;
  /** Events of one group. (Default: 10,000; fewer where order or rank is asked, more where the condition asks it.) */
  mostEvents?: number | undefined;
  /** Events held in all. (Default: 4,000,000.) */
  mostEventsInAll?: number | undefined;
}

/** The windows of all correlations; no clock inside. */
export interface Correlator {
  /** Counts an alert for every correlation that refers to one of its rules; says which fire. */
  feed(matched: Matched): Fired[];
  /** Says what the passing of time decides: what did not come. */
  advance(now: number): Fired[];
  /**
   * Decides the `not` of conditions as if nothing more came: the end of a recording. Until `end` nothing more came
   * indeed: absences that were due by then are decided too. (Default: absences stay undecided.)
   */
  finish(end?: number): Fired[];
  /** Correlations of which groups still wait for what may come, and how many. */
  waiting(): { correlation: LoadedCorrelation; groups: number }[];
  /**
   * Rebuilds windows: until it is called with false, what is fed again only counts, and only `noteFired` says what
   * fired. What would have and did not, under other rules, then fires with the next event.
   */
  restore(restoring: boolean): void;
  /** Notes that a correlation fired for a group, as the record says. */
  noteFired(id: string, fired: { group: readonly string[]; at: number; now: number }): void;
  stats(): CorrelatorStats;
}

export interface CorrelatorStats extends Held {
  /** Events that lack a field that their correlation groups by or looks at. */
  fieldless: number;
  /** Bytes of the typed arrays. */
  bytes: number;
}

export const DEFAULT_LATENESS = 5 * 60 * 1_000_000;
const MOST_KEYS = 200_000;
const MOST_EVENTS = 10_000;
const MOST_EVENTS_IN_ALL = 4_000_000;
/** Groups given up at once when there are too many. */
const EVICTED_AT_ONCE = 16;
const LOW_32 = 2 ** 32;
const NOTHING: Fired[] = [];

/** How one correlation looks at what one of its rules matched. */
interface Link {
  node: Node;
  /** Place of the rule in the correlation's list. */
  place: number;
  group: FieldOf[];
  fields: FieldOf[];
}

/** A field under the name that the events of one rule have for it. */
interface FieldOf {
  name: string;
  read: ReadTexts;
}

interface Node {
  correlation: LoadedCorrelation;
  windows: Windows;
  /** The correlations that refer to it. */
  parents: Link[];
  counts: boolean;
  numeric: boolean;
  /** The alert counted last. */
  last: string;
  /** Values of the open groups as written; kept only where a group may fire without an event. */
  shown: Map<string, string[]> | undefined;
}

/** What a correlation that holds is for those that refer to it. */
interface Occurrence {
  at: number;
  now: number;
  ref: number;
  id: string;
  subject: Subject | undefined;
  known: ReadonlyMap<string, string[]>;
}

/** Makes the windows of linked correlations, given after those they refer to. */
export function createCorrelator(
  correlations: readonly LoadedCorrelation[],
  options: CorrelatorOptions = {},
): Correlator {
  const lateness = options.lateness ?? DEFAULT_LATENESS;
  const mostKeys = options.mostKeys ?? MOST_KEYS;
  const mostEvents = options.mostEvents ?? MOST_EVENTS;
  const mostInAll = options.mostEventsInAll ?? MOST_EVENTS_IN_ALL;
  const held: Held = { keys: 0, events: 0, groupsEvicted: 0, eventsEvicted: 0, late: 0 };
  let fieldless = 0;
  let clock = Number.NEGATIVE_INFINITY;
  let latestRef = 0;

  const watched = new Set(correlations.flatMap((one) => (counts(one.type) ? [] : one.rules)));
  const nodes = new Map<string, Node>();
  const links = new Map<string, Link[]>();
  for (const correlation of correlations) {
    const { type, condition, rule } = correlation;
    const waits =
      type === "absence" ||
      (condition.kind === "alternatives" && condition.alternatives.some((one) => one.without.length > 0));
    const shown = waits ? new Map<string, string[]>() : undefined;
    const windows = createWindows(correlation, {
      lateness,
      mostEvents,
      held,
      watched: watched.has(rule.id),
      closed: (key) => shown?.delete(key),
    });
    const node: Node = {
      correlation,
      windows,
      parents: [],
      counts: counts(type),
      numeric: type.startsWith("value_") && type !== "value_count",
      last: "",
      shown,
    };
    for (const [place, id] of correlation.rules.entries()) {
      const fieldOf = (name: string): FieldOf => {
        const own = correlation.aliases[name]?.[id] ?? name;
        return { name: own, read: textsReader(own) };
      };
      const link: Link = {
        node,
        place,
        group: correlation.groupBy.map(fieldOf),
        fields: condition.kind === "bounds" ? condition.fields.map(fieldOf) : [],
      };
      const child = nodes.get(id);
      if (child !== undefined) child.parents.push(link);
      else links.set(id, [...(links.get(id) ?? []), link]);
    }
    nodes.set(rule.id, node);
  }
  const waiting = [...nodes.values()].filter((node) => node.shown !== undefined);
  const all = [...nodes.values()];
  const none: ReadonlyMap<string, string[]> = new Map();

  function take(link: Link, occurrence: Occurrence, fired: Fired[]): Fired[] {
    const { node } = link;
    if (node.counts) {
      if (node.last === occurrence.id) return fired;
      node.last = occurrence.id;
    }
    const values = valuesOf(link, occurrence);
    const groups = readAll(link.group, occurrence);
    if (values === undefined || groups === undefined) {
      fieldless += 1;
      return fired;
    }
    let all = fired;
    for (const group of combinations(groups)) {
      const key = keyOf(group);
      node.shown?.set(key, group);
      for (const value of values) {
        const { at, now, ref } = occurrence;
        const found = node.windows.place({ key, at, now, ref: ref % LOW_32, value });
        if (found.length > 0) all = tell(node, found, { ...occurrence, group }, all);
      }
    }
    if (held.keys > mostKeys || held.events > mostInAll) evict();
    return all;
  }

  /** What is counted of an occurrence; undefined when it lacks the field. */
  function valuesOf(link: Link, occurrence: Occurrence): (string | number)[] | undefined {
    const { node, place, fields } = link;
    if (fields.length === 0) return [place];
    const texts = readAll(fields, occurrence);
    if (texts === undefined) return undefined;
    if (!node.numeric) return combinations(texts).map(keyOf);
    const number = numberOf(texts[0]?.[0]);
    return number === undefined ? undefined : [number];
  }

  /** Passes on what was found: to those that refer to it, and out when it is fresh and stands alone. */
  function tell(
    node: Node,
    found: readonly Found[],
    occurrence: Omit<Occurrence, "at"> & { group: string[] },
    fired: Fired[],
  ): Fired[] {
    const { correlation, parents } = node;
    const { now, ref, id, subject } = occurrence;
    let all = fired;
    for (const one of found) {
      // What is found of a group other than the one that was just heard of is told by its own values.
      const group = node.shown?.get(one.key) ?? occurrence.group;
      if (one.fresh && correlation.alone) {
        const whole: Fired = {
          correlation,
          group: correlation.groupBy.map((field, at) => ({ field, value: group[at] ?? "" })),
          key: one.key,
          from: one.from,
          at: one.at,
          value: one.value,
          refs: one.refs.map(wholeRef),
        };
        all = all.length === 0 ? [whole] : [...all, whole];
      }
      if (parents.length === 0) continue;
      const known = new Map(correlation.groupBy.map((field, at) => [field, [group[at] ?? ""]]));
      const next: Occurrence = { at: one.at, now, ref, id: `${id}\n${one.key}`, subject, known };
      for (const parent of parents) if (one.fresh || !parent.node.counts) all = take(parent, next, all);
    }
    return all;
  }

  function wholeRef(low: number): number {
    return latestRef - (((((latestRef % LOW_32) - low) % LOW_32) + LOW_32) % LOW_32);
  }

  /** Over the bound, the correlation with the most groups gives up those that were heard of longest ago. */
  function evict(): void {
    while (held.keys > mostKeys || held.events > mostInAll) {
      const largest = all.reduce((most, node) => (node.windows.size() > most.windows.size() ? node : most));
      for (let turn = 0; turn < EVICTED_AT_ONCE; turn += 1)
        if (largest.windows.size() <= 1 || !largest.windows.evictStalest()) return;
    }
  }

  function settle(now: number, fired: Fired[]): Fired[] {
    let all = fired;
    for (const node of waiting) {
      const found = node.windows.settle(now);
      if (found.length > 0) all = late(node, found, now, all);
    }
    return all;
  }

  function late(node: Node, found: readonly Found[], now: number, fired: Fired[]): Fired[] {
    let all = fired;
    for (const one of found) {
      const ref = wholeRef(one.refs.at(-1) ?? 0);
      const id = `${node.correlation.rule.id}\n${one.key}\n${one.at}`;
      all = tell(node, [one], { now, ref, id, subject: undefined, known: none, group: [] }, all);
    }
    return all;
  }

  function tick(now: number): void {
    clock = Math.max(clock, now);
    for (const node of all) node.windows.expire(clock);
  }

  return {
    feed(matched) {
      const { id, at, now, ref, rules } = matched;
      if (now > clock) tick(now);
      latestRef = ref;
      let fired = waiting.length === 0 ? NOTHING : settle(clock, NOTHING);
      const occurrence: Occurrence = { at, now: clock, ref, id, subject: matched, known: none };
      for (const rule of rules) {
        const own = links.get(rule);
        if (own === undefined) continue;
        for (const link of own) fired = take(link, occurrence, fired);
      }
      return fired;
    },
    advance(now) {
      const fired = settle(Math.max(clock, now), NOTHING);
      tick(now);
      return fired;
    },
    finish(end = Number.NEGATIVE_INFINITY) {
      // What happened by the end has come: nothing of it can be late any more.
      let fired = settle(Math.max(clock, end + lateness), NOTHING);
      for (const node of waiting) {
        const found = node.windows.finish();
        if (found.length > 0) fired = late(node, found, clock, fired);
      }
      return fired;
    },
    waiting: () =>
      waiting.flatMap(({ correlation, windows }) => {
        const groups = windows.waiting();
        return groups === 0 ? [] : [{ correlation, groups }];
      }),
    restore(restoring) {
      for (const node of all) if (node.correlation.alone) node.windows.restore(restoring);
    },
    noteFired(id, { group, at, now }) {
      nodes.get(id)?.windows.setFired(keyOf(group), at, now);
    },
    stats: () => ({ ...held, fieldless, bytes: all.reduce((sum, node) => sum + node.windows.bytes(), 0) }),
  };
}

/** The texts of each field; undefined when one is missing. */
function readAll(fields: readonly FieldOf[], { subject, known }: Occurrence): string[][] | undefined {
  const found: string[][] = [];
  for (const { name, read } of fields) {
    const texts = known.get(name) ?? (subject === undefined ? [] : read(subject));
    if (texts.length === 0) return undefined;
    found.push(texts);
  }
  return found;
}
