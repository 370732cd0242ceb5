import type { LoadedCorrelation } from "../../rules/engine/correlation/correlation.ts";
import {
  type Correlator,
  type CorrelatorOptions,
  type CorrelatorStats,
  createCorrelator,
  DEFAULT_LATENESS,
  type Fired,
} from "../../rules/engine/correlation/correlator.ts";
import { type Instant, MICROSECONDS } from "../core/clock.ts";
import type { NewId } from "../core/id.ts";
import type { Reads, Write } from "../store/store.ts";
import { breather } from "./breather.ts";
import { combinedAlert, groupOf } from "./combined-alert.ts";
import type { Arrival } from "./correlate.ts";

/** Detections read in one turn when windows are rebuilt. */
const PAGE = 100;
/** Detections read back at most: beyond, windows are rebuilt in part, and it is told. */
const MOST_READ = 500_000;
/** Alerts of several sources are committed nearly in the order of their receipt. */
const DISORDER = MICROSECONDS.minute;
/** An event dated so far back carries a clock that was never set. */
const PAST = 90 * MICROSECONDS.day;

/** Feeds detections to the correlations, and makes alerts of our own of what fires. */
export interface Combiner {
  /** Puts correlations in force in place of others; their windows are rebuilt from the record. */
  use(correlations: readonly LoadedCorrelation[]): void;
  /**
   * Feeds detections that follow `from` in the order of arrival and says what to write: what fired since the last
   * `written`. Detections fed once are not fed again, so that a commit that failed may be tried again.
   */
  take(arrivals: readonly Arrival[], from: number, now: Instant): Promise<Write[]>;
  /** Decides what waits as far as a recording that ends at `end` tells: what fires is told by the next `take`. */
  finish(end: Instant): Promise<void>;
  /** Correlations of which groups still wait for what may come. */
  waiting(): ReturnType<Correlator["waiting"]>;
  /** What `take` said is in the record. */
  written(): void;
  stats(): CorrelatorStats | undefined;
}

export function openCombiner(parts: {
  reads: Pick<Reads, "detectionsAfter">;
  facility: string;
  zone: string;
  newId: NewId;
  correlations?: readonly LoadedCorrelation[] | undefined;
  options?: CorrelatorOptions | undefined;
  /** Told when windows were rebuilt, and whether the record held more than was read. */
  rebuilt?: ((told: { detections: number; whole: boolean }) => void) | undefined;
}): Combiner {
  const { reads, facility, options = {} } = parts;
  let correlations = parts.correlations ?? [];
  let correlator: Correlator | undefined;
  /** The last detection that was fed. */
  let fed = 0;
  let pending: Write[] = [];

  async function at(seq: number): Promise<Arrival | undefined> {
    const [found] = await reads.detectionsAfter(facility, seq - 1, 1);
    return found?.detection.seq === seq ? found : undefined;
  }

  function feed(into: Correlator, detected: readonly Arrival[]): Fired[] {
    const [first] = detected as [Arrival];
    const { alert } = first;
    return into.feed({
      kind: "alert",
      event: alert.alert,
      id: alert.id,
      at: countedAt(alert),
      now: alert.received,
      ref: first.detection.seq,
      rules: detected.map(({ detection }) => detection.rule.id),
    });
  }

  /** Fills new windows with what the record holds of the longest of them; what fired is what the record says. */
  async function rebuild(until: number): Promise<Correlator> {
    const fresh = createCorrelator(correlations, options);
    const { from, whole } = until === 0 ? { from: 0, whole: true } : await beginning(until);
    let detections = 0;
    const breathe = breather();
    fresh.restore(true);
    // What fired stands behind what it was made of, maybe after detections that were not fed yet.
    for (let after = from; ; ) {
      const page = await reads.detectionsAfter(facility, after, PAGE);
      for (const detected of byAlert(page)) {
        const [{ detection, alert }] = detected as [Arrival];
        // A search of old records correlates its own.
        if (alert.hunted !== undefined) continue;
        if (detection.rule.role === "correlation")
          fresh.noteFired(detection.rule.id, {
            group: groupOf(detection),
            at: alert.occurred,
            now: alert.received,
          });
        else if (detection.seq <= until)
          feed(
            fresh,
            detected.filter((each) => each.detection.seq <= until),
          );
      }
      detections += page.length;
      const last = page.at(-1);
      if (last === undefined || page.length < PAGE) break;
      after = last.detection.seq;
      await breathe();
    }
    fresh.restore(false);
    if (detections > 0) parts.rebuilt?.({ detections, whole });
    return fresh;
  }

  /** The detection after which the windows that are open at another begin. */
  async function beginning(until: number): Promise<{ from: number; whole: boolean }> {
    const last = await at(until);
    if (last === undefined) return { from: Math.max(0, until - MOST_READ), whole: true };
    const earliest = last.alert.received - reachOf(correlations, options.lateness) - DISORDER;
    const least = Math.max(0, until - MOST_READ);
    let low = least;
    let high = until;
    while (low < high) {
      const middle = (low + high) >> 1;
      const [next] = await reads.detectionsAfter(facility, middle, 1);
      if (next !== undefined && next.alert.received < earliest) low = middle + 1;
      else high = middle;
    }
    return { from: low, whole: least === 0 || low > least };
  }

  async function alertsOf(
    fired: readonly Fired[],
    arrivals: readonly Arrival[],
    now: Instant,
  ): Promise<Write[]> {
    const known = new Map(arrivals.map((arrival) => [arrival.detection.seq, arrival]));
    const writes: Write[] = [];
    for (const one of fired) {
      const cited: Arrival[] = [];
      for (const seq of one.refs) {
        const arrival = known.get(seq) ?? (await at(seq));
        if (arrival !== undefined) cited.push(arrival);
      }
      writes.push(combinedAlert(one, { cited, received: now, zone: parts.zone, newId: parts.newId }));
    }
    return writes;
  }

  return {
    use(others) {
      correlations = others;
      correlator = undefined;
    },
    async take(arrivals, from, now) {
      if (correlations.length === 0) return pending;
      // What another process took in meanwhile was not fed here.
      if (correlator === undefined || fed < from) {
        if (fed < from) pending = [];
        correlator = await rebuild(Math.max(fed, from));
        fed = Math.max(fed, from);
      }
      // Others may be put in force while this batch is taken in.
      const windows = correlator;
      const fired: Fired[] = [];
      const fresh = arrivals.filter(({ detection }) => detection.seq > fed);
      const breathe = breather();
      for (const detected of byAlert(fresh)) {
        const [first] = detected as [Arrival];
        if (first.alert.hunted === undefined && first.detection.rule.role !== "correlation")
          fired.push(...feed(windows, detected));
        await breathe();
      }
      fed = fresh.at(-1)?.detection.seq ?? fed;
      fired.push(...windows.advance(now));
      pending = [...pending, ...(await alertsOf(fired, arrivals, now))];
      return pending;
    },
    async finish(end) {
      if (correlator !== undefined) pending.push(...(await alertsOf(correlator.finish(end), [], end)));
    },
    waiting: () => correlator?.waiting() ?? [],
    written() {
      pending = [];
    },
    stats: () => correlator?.stats(),
  };
}

/** Detections that follow each other and are of one alert. */
function byAlert(arrivals: readonly Arrival[]): Arrival[][] {
  const found: Arrival[][] = [];
  for (const arrival of arrivals) {
    const last = found.at(-1);
    if (last?.[0]?.alert.id === arrival.alert.id) last.push(arrival);
    else found.push([arrival]);
  }
  return found;
}

/** An event never counts after its receipt: a clock that is ahead would drag its group along. */
function countedAt({ occurred, received }: Arrival["alert"]): Instant {
  return occurred < received - PAST ? received : Math.min(occurred, received);
}

/** How far back what is open may begin: the longest chain of timespans, and how late its events may be. */
function reachOf(correlations: readonly LoadedCorrelation[], lateness = DEFAULT_LATENESS): number {
  const reach = new Map<string, number>();
  for (const { rule, rules, timespan } of correlations)
    reach.set(rule.id, timespan + lateness + Math.max(0, ...rules.map((id) => reach.get(id) ?? 0)));
  return Math.max(0, ...reach.values());
}
