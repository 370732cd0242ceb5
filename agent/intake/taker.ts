import type { Parsed } from "../../connectors/contract.ts";
import type { RuleSet } from "../../rules/engine/rule-set.ts";
import { matchAlert } from "../../rules/engine/rule-set.ts";
import type { Alert } from "../core/alert.ts";
import { type Clock, type Instant, instantFromIso } from "../core/clock.ts";
import type { NewId } from "../core/id.ts";
import type { QuarantineEntry, Receipt, Unit, Write } from "../store/store.ts";
import type { IntakeMetrics } from "./metrics.ts";

/** What became of one record. */
export type Taken = "stored" | "duplicate" | "irrelevant";

/** Writes in one unit: a large batch becomes several, each whole. */
const UNIT = 500;
/** Refused records kept per source between two writes of the quarantine. */
const QUARANTINE_HELD = 20;
/** Refused records written at most every so often. */
const QUARANTINE_EVERY_MS = 1000;

export interface Taker {
  /** Matches read records and keeps those that matter; resolves once they are durable, in order. */
  take(source: string, records: readonly { alert: Alert; eventId?: string | undefined }[]): Promise<Taken[]>;
  /** Keeps what could not be read, with its reason, within bounds. */
  quarantine(source: string, code: string, message: string, sample: string): void;
  /** Waits for what is under way, then writes what is still held. */
  close(): Promise<void>;
}

/** Builds what stands between the listeners and the store. */
export function openTaker(parts: {
  facility: string;
  rules: RuleSet;
  commit: (unit: Unit) => Promise<Receipt>;
  clock: Clock;
  newId: NewId;
  metrics: IntakeMetrics;
  /** Told how many detections became durable. */
  detected: (count: number) => void;
  failed: (error: unknown) => void;
}): Taker {
  const { facility, rules, commit, clock, newId, metrics } = parts;
  const held = new Map<string, QuarantineEntry[]>();
  const timer = setInterval(() => void flush().catch(parts.failed), QUARANTINE_EVERY_MS);
  timer.unref();

  async function take(
    source: string,
    records: readonly { alert: Alert; eventId?: string | undefined }[],
  ): Promise<Taken[]> {
    const taken = new Array<Taken>(records.length).fill("irrelevant");
    const received = clock.now();
    const units: { writes: Write[]; places: number[] }[] = [];
    for (const [place, record] of records.entries()) {
      const matches = matchAlert(rules, record.alert);
      if (matches.length === 0) continue;
      let unit = units.at(-1);
      if (unit === undefined || unit.writes.length >= UNIT) {
        unit = { writes: [], places: [] };
        units.push(unit);
      }
      const id = newId();
      unit.places.push(place);
      unit.writes.push({
        write: "alert",
        alert: {
          id,
          source,
          received,
          occurred: occurredOf(record.alert, received),
          eventId: record.eventId ?? null,
          alert: record.alert,
        },
        detections: matches.map(({ rule, because }) => ({ id: newId(), alert: id, rule, because })),
      });
    }
    await Promise.all(
      units.map(async ({ writes, places }) => {
        const receipt = await commit({ facility, at: received, writes });
        if (receipt.outcome === "conflict")
          throw new Error(`alerts refused by the store: ${receipt.because}`);
        let stored = 0;
        for (const [i, outcome] of receipt.alerts.entries()) {
          const place = places[i];
          if (place === undefined) continue;
          taken[place] = outcome;
          if (outcome === "stored") stored++;
        }
        if (stored > 0) parts.detected(stored);
      }),
    );
    for (const outcome of taken) metrics.records.inc({ source, outcome });
    return taken;
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
  return {
    take(source, records) {
      const taking = take(source, records);
      underWay.add(taking);
      const over = () => underWay.delete(taking);
      taking.then(over, over);
      return taking;
    },
    quarantine(source, code, message, sample) {
      metrics.records.inc({ source, outcome: "refused" });
      metrics.refused.inc({ source, code });
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
