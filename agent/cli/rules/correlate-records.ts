import { instantFromEpoch, readWholeDate } from "../../../connectors/shared/read-date.ts";
import type { LoadedCorrelation } from "../../../rules/engine/correlation/correlation.ts";
import { createCorrelator, type Fired } from "../../../rules/engine/correlation/correlator.ts";
import type { Subject } from "../../../rules/engine/correlation/field-values.ts";
import type { Match } from "../../../rules/engine/rule-set.ts";
import { eventReader } from "../../../rules/engine/taxonomy.ts";
import { type Alert, AlertTag } from "../../core/alert.ts";
import { type Instant, instantFromIso, MICROSECONDS } from "../../core/clock.ts";

/** A record with the rules it satisfies. */
export interface Recorded extends Subject {
  matches: readonly Match[];
}

/** Where JSON events say when, under names of many tools; the first that is a date counts. */
const TIME_FIELDS = [
  "@timestamp",
  "timestamp",
  "Timestamp",
  "_time",
  "time",
  "EventTime",
  "eventTime",
  "event_time",
  "UtcTime",
  "TimeCreated_SystemTime",
  "TimeCreated",
  "SystemTime",
  "datetime",
  "ts",
].map(eventReader);

/** Runs correlations over a stream of records, by the clock of the records. */
export interface RecordCorrelator {
  /** Says which correlations the record completes. */
  take(line: number, record: Recorded | undefined): Fired[];
  /** Says which hold since nothing more comes. */
  finish(): Fired[];
}

/** A record that does not say when is taken to follow the one before it; `received` serves for the first. */
export function correlateRecords(
  correlations: readonly LoadedCorrelation[],
  context: { received: Instant; zone: string },
): RecordCorrelator {
  const correlator = createCorrelator(correlations);
  let latest: Instant | undefined;
  return {
    take(line, record) {
      if (record === undefined) return [];
      const at = timeOf(record, context) ?? latest ?? context.received;
      latest = Math.max(latest ?? at, at);
      return correlator.feed({
        kind: record.kind,
        event: record.event,
        id: String(line),
        at,
        now: latest,
        ref: line,
        rules: record.matches.map(({ rule }) => rule.id),
      });
    },
    finish: correlator.finish,
  };
}

function timeOf({ kind, event }: Subject, context: { received: Instant; zone: string }): Instant | undefined {
  if (kind === "alert") {
    const alert = event as Alert;
    const stated = alert["@timestamp"];
    return stated === undefined || alert.tags?.includes(AlertTag.noTime) ? undefined : instantFromIso(stated);
  }
  for (const read of TIME_FIELDS) {
    const value = read(event as Record<string, unknown>);
    const found = typeof value === "string" ? readWholeDate(value, context) : readNumber(value);
    if (found !== undefined) return found;
  }
  return undefined;
}

function readNumber(value: unknown): Instant | undefined {
  if (typeof value !== "number" || !Number.isFinite(value) || value < 0) return undefined;
  // Small numbers are seconds of a clock that a test began anew.
  return instantFromEpoch(value) ?? (value < 1e9 ? Math.round(value * MICROSECONDS.second) : undefined);
}
