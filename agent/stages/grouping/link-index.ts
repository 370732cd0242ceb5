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

/** When an incident has a key within one slice of time as long as the key's window: nothing in between matters. */
interface Mark {
  incident: string;
  first: Instant;
  last: Instant;
}

export function openLinkIndex(): LinkIndex {
  const keys = new Map<string, Map<number, Mark[]>>();
  const incidents = new Map<string, Map<string, Set<number>>>();

  function mark(key: string, slice: number, incident: string, first: Instant, last: Instant): void {
    let slices = keys.get(key);
    if (slices === undefined) {
      slices = new Map();
      keys.set(key, slices);
    }
    let marks = slices.get(slice);
    if (marks === undefined) {
      marks = [];
      slices.set(slice, marks);
    }
    const known = marks.find((each) => each.incident === incident);
    if (known !== undefined) {
      if (first < known.first) known.first = first;
      if (last > known.last) known.last = last;
      return;
    }
    marks.push({ incident, first, last });
    let own = incidents.get(incident);
    if (own === undefined) {
      own = new Map();
      incidents.set(incident, own);
    }
    const at = own.get(key);
    if (at === undefined) own.set(key, new Set([slice]));
    else at.add(slice);
  }

  function unmark(key: string, slice: number, incident: string): Mark | undefined {
    const slices = keys.get(key);
    const marks = slices?.get(slice);
    const index = marks?.findIndex((each) => each.incident === incident) ?? -1;
    if (slices === undefined || marks === undefined || index < 0) return undefined;
    const [gone] = marks.splice(index, 1);
    if (marks.length === 0) slices.delete(slice);
    if (slices.size === 0) keys.delete(key);
    return gone;
  }

  function spansOf(incident: string): Span[] {
    const spans: Span[] = [];
    for (const [key, slices] of incidents.get(incident) ?? []) {
      const window = windowOf(key);
      let open: Span | undefined;
      for (const slice of [...slices].sort((a, b) => a - b)) {
        const found = keys
          .get(key)
          ?.get(slice)
          ?.find((each) => each.incident === incident);
        if (found === undefined) continue;
        if (open !== undefined && found.first - open[2] <= window) open[2] = found.last;
        else {
          open = [key, found.first, found.last];
          spans.push(open);
        }
      }
    }
    return spans;
  }

  function load(incident: string, spans: readonly Span[]): void {
    for (const [key, from, to] of spans) {
      const window = windowOf(key);
      const end = Math.floor(to / window);
      for (let slice = Math.floor(from / window); slice <= end; slice++) {
        const first = Math.max(from, slice * window);
        mark(key, slice, incident, first, Math.min(to, (slice + 1) * window - 1));
      }
    }
  }

  function drop(incident: string): void {
    for (const [key, slices] of incidents.get(incident) ?? [])
      for (const slice of slices) unmark(key, slice, incident);
    incidents.delete(incident);
  }

  return {
    add: (key, at, incident) => mark(key, Math.floor(at / windowOf(key)), incident, at, at),
    find(key, at, found) {
      const slices = keys.get(key);
      if (slices === undefined) return;
      const window = windowOf(key);
      const slice = Math.floor(at / window);
      for (const each of slices.get(slice) ?? []) found(each.incident);
      for (const each of slices.get(slice - 1) ?? []) if (each.last >= at - window) found(each.incident);
      for (const each of slices.get(slice + 1) ?? []) if (each.first <= at + window) found(each.incident);
    },
    within(key, from, to, found) {
      const window = windowOf(key);
      for (let slice = Math.floor(from / window); slice <= Math.floor(to / window); slice++)
        for (const each of keys.get(key)?.get(slice) ?? []) found(each.incident);
    },
    ever(key, found) {
      for (const marks of keys.get(key)?.values() ?? []) for (const { incident } of marks) found(incident);
    },
    keysOf: (incident) => incidents.get(incident)?.size ?? 0,
    spansOf,
    load,
    drop,
    move(from, into) {
      for (const [key, slices] of incidents.get(from) ?? []) {
        for (const slice of slices) {
          const gone = unmark(key, slice, from);
          if (gone !== undefined) mark(key, slice, into, gone.first, gone.last);
        }
      }
      incidents.delete(from);
    },
    forget(key, from, to) {
      const window = windowOf(key);
      for (let slice = Math.floor(from / window); slice <= Math.floor(to / window); slice++) {
        for (const { incident } of [...(keys.get(key)?.get(slice) ?? [])]) {
          unmark(key, slice, incident);
          const slices = incidents.get(incident)?.get(key);
          slices?.delete(slice);
          if (slices?.size === 0) incidents.get(incident)?.delete(key);
        }
      }
    },
    clear() {
      keys.clear();
      incidents.clear();
    },
  };
}
