import type { Parsed } from "../../connectors/contract.ts";
import { type Match, matchAlert, type RuleSet } from "../../rules/engine/rule-set.ts";
import type { CanaryHeed } from "../canary/heed-canary.ts";
import { CANARY_SOURCE } from "../canary/mark.ts";
import type { Alert } from "../core/alert.ts";
import { type Clock, type Instant, instantFromIso, MICROSECONDS } from "../core/clock.ts";
import type { NewId } from "../core/id.ts";
import type { QuarantineEntry, Receipt, Unit, Write } from "../store/store.ts";
import type { IntakeMetrics } from "./metrics.ts";

/** What became of one record. */
export type Taken = "stored" | "duplicate" | "irrelevant" | "refused";

/** Writes in one unit: a large batch becomes several, each whole. */
const UNIT = 500;
/** Refused records kept per source between two writes of the quarantine. */
const QUARANTINE_HELD = 20;
/** Refused records written at most every so often. */
const QUARANTINE_EVERY_MS = 1000;
/** Unrecognised records listed at once per source, then one more every so often. */
const UNRECOGNISED_HELD = 10;
const UNRECOGNISED_EVERY = 10 * MICROSECONDS.second;

export interface Taker {
  /** Knows canaries, where they fly. */
  canary?: CanaryHeed | undefined;
  /** Matches read records and keeps those that matter; resolves once they are durable, in order. */
  take(source: string, records: readonly { alert: Alert; eventId?: string | undefined }[]): Promise<Taken[]>;
  /** The rules that an alert of a source matches: none when it does not matter, undefined when it was refused, and counted. */
  matches(source: string, alert: Alert): Match[] | undefined;
  /** Keeps alerts that matter and writes `also` with the last of them; resolves once all is durable. */
  keep(
    source: string,
    records: readonly { alert: Alert; matches: readonly Match[] }[],
    also: readonly Write[],
  ): Promise<void>;
  /** The keeping of alerts that matter: each call tries anew, and what is stored after all is stored once. */
  keeping(
    source: string,
    records: readonly { alert: Alert; matches: readonly Match[] }[],
  ): () => Promise<void>;
  /** Keeps what could not be read, with its reason, within bounds. */
  quarantine(source: string, code: string, message: string, sample: string): void;
  /** Lists a record that was read but that no format recognised, within bounds: it is not refused. */
  unrecognised(source: string, sample: string): void;
  /** Waits for what is under way, then writes what is still held. */
  close(): Promise<void>;
}

/** Builds what stands between the listeners and the store. */
export function openTaker(parts: {
  facility: string;
  /** Read anew for each record: rules are replaced while records come. */
  readonly rules: RuleSet;
  commit: (unit: Unit) => Promise<Receipt>;
  clock: Clock;
  newId: NewId;
  metrics: IntakeMetrics;
  /** Knows the canary's records, of which no alert is made. */
  canary?: CanaryHeed | undefined;
  /** Told how many detections became durable. */
  detected: (count: number) => void;
  failed: (error: unknown) => void;
}): Taker {
  const { facility, commit, clock, newId, metrics } = parts;
  const held = new Map<string, QuarantineEntry[]>();
  const timer = setInterval(() => void flush().catch(parts.failed), QUARANTINE_EVERY_MS);
  timer.unref();

  async function take(
    source: string,
    records: readonly { alert: Alert; eventId?: string | undefined }[],
  ): Promise<Taken[]> {
    const taken = new Array<Taken>(records.length).fill("irrelevant");
    const received = clock.now();
    const writes: Write[] = [];
    const places: number[] = [];
    for (const [place, record] of records.entries()) {
      const matches = matchesOf(source, record.alert);
      if (matches === undefined) taken[place] = "refused";
      if (matches === undefined || matches.length === 0) continue;
      // Of a canary no alert comes back from the store.
      if (source !== CANARY_SOURCE) places.push(place);
      writes.push(writeOf(source, received, record, matches));
    }
    for (const [i, outcome] of (await commitAlerts(received, writes)).entries()) {
      const place = places[i];
      if (place !== undefined) taken[place] = outcome;
    }
    // What is refused was counted so when it was.
    for (const outcome of taken) if (outcome !== "refused") metrics.records.inc({ source, outcome });
    return taken;
  }

  /** The matches that count; undefined for what is refused, and counted, because it only pretends to be a canary. */
  function matchesOf(source: string, alert: Alert): Match[] | undefined {
    const matches = matchAlert(parts.rules, alert);
    if (parts.canary === undefined) return matches;
    const sorted = parts.canary.sort(source, alert, matches);
    if (sorted === undefined) {
      const message = "it came from the address of the canary and is none";
      quarantine(source, "not_the_canary", message, alert.event?.original ?? alert.message ?? "");
    }
    return sorted;
  }

  function quarantine(source: string, code: string, message: string, sample: string): void {
    metrics.records.inc({ source, outcome: "refused" });
    metrics.refused.inc({ source, code });
    hold(source, code, message, sample);
  }

  function writeOf(
    source: string,
    received: Instant,
    record: { alert: Alert; eventId?: string | undefined },
    matches: readonly Match[],
  ): Write {
    if (source === CANARY_SOURCE && parts.canary !== undefined) return parts.canary.landing(record.alert);
    return alertWrite(source, received, record, matches);
  }

  function alertWrite(
    source: string,
    received: Instant,
    { alert, eventId }: { alert: Alert; eventId?: string | undefined },
    matches: readonly Match[],
  ): Write {
    const id = newId();
    const occurred = occurredOf(alert, received);
    return {
      write: "alert",
      alert: { id, source, received, occurred, eventId: eventId ?? null, alert },
      detections: matches.map(({ rule, because }) => ({ id: newId(), alert: id, rule, because })),
    };
  }

  /** Commits alerts, the last unit of them with `also`. */
  async function commitAlerts(
    at: Instant,
    writes: readonly Write[],
    also: readonly Write[] = [],
  ): Promise<("stored" | "duplicate")[]> {
    const units: Write[][] = [];
    for (let from = 0; from < writes.length; from += UNIT) units.push(writes.slice(from, from + UNIT));
    if (also.length > 0) units.push([...(units.pop() ?? []), ...also]);
    return (await Promise.all(units.map((unit) => commitUnit(at, unit)))).flat();
  }

  async function commitUnit(at: Instant, writes: Write[]): Promise<("stored" | "duplicate")[]> {
    const receipt = await commit({ facility, at, writes });
    if (receipt.outcome === "conflict") throw new Error(`alerts refused by the store: ${receipt.because}`);
    const stored = receipt.alerts.filter((outcome) => outcome === "stored").length;
    if (stored > 0) parts.detected(stored);
    return receipt.alerts;
  }

  function keeping(
    source: string,
    records: readonly { alert: Alert; matches: readonly Match[] }[],
    also: readonly Write[] = [],
  ): () => Promise<void> {
    const received = clock.now();
    // Under the ids that they are given here: of two tries that both come through the second is a repeat.
    const writes = records.map((record) => writeOf(source, received, record, record.matches));
    return async () => {
      for (const outcome of await commitAlerts(clock.now(), writes, also))
        metrics.records.inc({ source, outcome });
    };
  }

  /** Samples of unrecognised records that may still be listed, by source. */
  const listable = new Map<string, { left: number; since: Instant }>();
  function mayList(source: string): boolean {
    const now = clock.now();
    const { left, since } = listable.get(source) ?? { left: UNRECOGNISED_HELD, since: now };
    const earned = Math.floor((now - since) / UNRECOGNISED_EVERY);
    const available = Math.min(UNRECOGNISED_HELD, left + earned);
    listable.set(source, {
      left: Math.max(0, available - 1),
      since: since + earned * UNRECOGNISED_EVERY,
    });
    return available > 0;
  }

  function hold(source: string, code: string, message: string, sample: string): void {
    const entries = held.get(source) ?? [];
    if (entries.length >= QUARANTINE_HELD) return;
    entries.push({
      source,
      received: clock.now(),
      code,
      message: message.slice(0, 500),
      sample: sample.slice(0, 2000),
    });
    held.set(source, entries);
  }

  async function flush(): Promise<void> {
    if (held.size === 0) return;
    const entries = [...held.values()].flat();
    held.clear();
    await commit({
      facility,
      at: clock.now(),
      writes: entries.map((entry): Write => ({ write: "quarantine", entry })),
    });
  }

  const underWay = new Set<Promise<unknown>>();
  function awaited<T>(work: Promise<T>): Promise<T> {
    underWay.add(work);
    const over = () => underWay.delete(work);
    work.then(over, over);
    return work;
  }

  return {
    canary: parts.canary,
    take: (source, records) => awaited(take(source, records)),
    matches: matchesOf,
    keep: (source, records, also) => awaited(keeping(source, records, also)()),
    keeping(source, records) {
      const attempt = keeping(source, records);
      return () => awaited(attempt());
    },
    quarantine,
    unrecognised(source, sample) {
      metrics.unrecognised.inc({ source });
      if (mayList(source)) hold(source, "unrecognised", "no format recognises it", sample);
    },
    async close() {
      clearInterval(timer);
      await Promise.allSettled(underWay);
      await flush().catch(parts.failed);
    },
  };
}

function occurredOf(alert: Alert, received: Instant): Instant {
  const stated = alert["@timestamp"];
  return (stated === undefined ? undefined : instantFromIso(stated)) ?? received;
}

/** The alert of what was read, when there is one. */
export function readable(parsed: Parsed): parsed is Parsed & { alert: Alert } {
  return parsed.alert !== undefined;
}
