import { type Instant, MICROSECONDS } from "../../core/clock.ts";

/** How far apart in event time two detections that share a key may be. */
export const WINDOW = 4 * MICROSECONDS.hour;
/** Two malicious acts of one kind this close together are one campaign, even with nothing else in common. */
export const CAMPAIGN_WINDOW = MICROSECONDS.hour;

export function windowOf(key: string): number {
  return key.startsWith("campaign:") ? CAMPAIGN_WINDOW : WINDOW;
}

/** A key, then the first and last instants of event time of a run without a gap longer than its window. */
export type Span = [key: string, from: Instant, to: Instant];

/** Which incidents have a key, and when: found by the instant, however many incidents there are. */
export interface LinkIndex {
  add(key: string, at: Instant, incident: string): void;
  /** Calls back with each incident that has the key within its window of the instant. */
  find(key: string, at: Instant, found: (incident: string) => void): void;
  /** Calls back with each incident that has the key between two instants. */
  within(key: string, from: Instant, to: Instant, found: (incident: string) => void): void;
  /** Calls back with each incident that has the key at any time. */
  ever(key: string, found: (incident: string) => void): void;
  keysOf(incident: string): number;
  spansOf(incident: string): Span[];
  load(incident: string, spans: readonly Span[]): void;
  drop(incident: string): void;
  /** Gives all keys of one incident to another. */
  move(from: string, into: string): void;
  /** Takes a key away from everyone between two instants: it ties nothing any more. */
  forget(key: string, from: Instant, to: Instant): void;
  clear(): void;
}

/** When an incident has a key within one slice of time: nothing in between matters, a slice is no longer than a window. */
interface Mark {
  incident: string;
  /** Slices of level n are `COARSER ** n` windows long: level 0 holds all but what lasts for days. */
  level: number;
  slice: number;
  first: Instant;
  last: Instant;
}

/** Slices that one span takes at most: what lasts longer takes coarser ones. */
const MOST_SLICES = 16;
const COARSER = 16;
/** Tells slices of different levels apart, in one number: there are fewer of one level. */
const LEVEL = 2 ** 32;

export function openLinkIndex(): LinkIndex {
  const keys = new Map<string, Map<number, Mark[]>>();
  const incidents = new Map<string, Map<string, Map<number, Mark>>>();
  /** Levels in use, 0 apart. */
  let levels = 0;

  function mark(key: string, level: number, incident: string, first: Instant, last: Instant): void {
    const slice = Math.floor(first / (windowOf(key) * COARSER ** level));
    const place = slice + level * LEVEL;
    let own = incidents.get(incident);
    if (own === undefined) {
      own = new Map();
      incidents.set(incident, own);
    }
    let ownMarks = own.get(key);
    const known = ownMarks?.get(place);
    if (known !== undefined) {
      if (first < known.first) known.first = first;
      if (last > known.last) known.last = last;
      return;
    }
    const made: Mark = { incident, level, slice, first, last };
    if (ownMarks === undefined) {
      ownMarks = new Map();
      own.set(key, ownMarks);
    }
    ownMarks.set(place, made);
    let slices = keys.get(key);
    if (slices === undefined) {
      slices = new Map();
      keys.set(key, slices);
    }
    const marks = slices.get(place);
    if (marks === undefined) slices.set(place, [made]);
    else marks.push(made);
    if (level > levels) levels = level;
  }

  /** Takes one mark away for everyone else; its incident's own list is the caller's. */
  function unmark(key: string, made: Mark): void {
    const place = made.slice + made.level * LEVEL;
    const slices = keys.get(key);
    const marks = slices?.get(place);
    if (slices === undefined || marks === undefined) return;
    marks.splice(marks.indexOf(made), 1);
    if (marks.length === 0) slices.delete(place);
    if (slices.size === 0) keys.delete(key);
  }

  function spansOf(incident: string): Span[] {
    const spans: Span[] = [];
    for (const [key, marks] of incidents.get(incident) ?? []) {
      const window = windowOf(key);
      let open: Span | undefined;
      for (const { first, last } of [...marks.values()].sort((a, b) => a.first - b.first)) {
        if (open !== undefined && first - open[2] <= window) open[2] = Math.max(open[2], last);
        else {
          open = [key, first, last];
          spans.push(open);
        }
      }
    }
    return spans;
  }

  function load(incident: string, spans: readonly Span[]): void {
    for (const [key, from, to] of spans) {
      let level = 0;
      let width = windowOf(key);
      for (; Math.floor(to / width) - Math.floor(from / width) >= MOST_SLICES; level++) width *= COARSER;
      const end = Math.floor(to / width);
      for (let slice = Math.floor(from / width); slice <= end; slice++) {
        const first = Math.max(from, slice * width);
        mark(key, level, incident, first, Math.min(to, (slice + 1) * width - 1));
      }
    }
  }

  /** Calls back with each mark of a key that touches a time. */
  function eachMark(key: string, from: Instant, to: Instant, found: (made: Mark) => void): void {
    const slices = keys.get(key);
    if (slices === undefined) return;
    let width = windowOf(key);
    for (let level = 0; level <= levels; level++, width *= COARSER) {
      const end = Math.floor(to / width);
      for (let slice = Math.floor(from / width); slice <= end; slice++)
        for (const made of slices.get(slice + level * LEVEL) ?? [])
          if (made.last >= from && made.first <= to) found(made);
    }
  }

  function drop(incident: string): void {
    for (const [key, marks] of incidents.get(incident) ?? [])
      for (const made of marks.values()) unmark(key, made);
    incidents.delete(incident);
  }

  return {
    add: (key, at, incident) => mark(key, 0, incident, at, at),
    find(key, at, found) {
      const window = windowOf(key);
      eachMark(key, at - window, at + window, ({ incident }) => found(incident));
    },
    within(key, from, to, found) {
      const window = windowOf(key);
      const end = Math.floor(to / window) * window + window - 1;
      eachMark(key, Math.floor(from / window) * window, end, ({ incident }) => found(incident));
    },
    ever(key, found) {
      for (const marks of keys.get(key)?.values() ?? []) for (const { incident } of marks) found(incident);
    },
    keysOf: (incident) => incidents.get(incident)?.size ?? 0,
    spansOf,
    load,
    drop,
    move(from, into) {
      for (const [key, marks] of incidents.get(from) ?? []) {
        for (const made of marks.values()) {
          unmark(key, made);
          mark(key, made.level, into, made.first, made.last);
        }
      }
      incidents.delete(from);
    },
    forget(key, since, until) {
      const window = windowOf(key);
      const from = Math.floor(since / window) * window;
      const to = Math.floor(until / window) * window + window - 1;
      const gone: Mark[] = [];
      eachMark(key, from, to, (made) => gone.push(made));
      for (const made of gone) {
        unmark(key, made);
        const own = incidents.get(made.incident);
        const marks = own?.get(key);
        marks?.delete(made.slice + made.level * LEVEL);
        if (marks?.size === 0) own?.delete(key);
        // What a coarse slice holds of before and after is not meant.
        if (made.first < from) load(made.incident, [[key, made.first, from - 1]]);
        if (made.last > to) load(made.incident, [[key, to + 1, made.last]]);
      }
    },
    clear() {
      keys.clear();
      incidents.clear();
      levels = 0;
    },
  };
}
