import { z } from "zod";
import { type Alert, AlertTag } from "../../../agent/core/alert.ts";
import { instantFromIso } from "../../../agent/core/clock.ts";
import { matchAlert, type RuleSet } from "../rule-set.ts";
import type { LoadedCorrelation } from "./correlation.ts";
import { createCorrelator } from "./correlator.ts";
import { readTimespan } from "./timespan.ts";

const Span = z.string().refine((text) => readTimespan(text) !== undefined, "write such as 30s or 5m");

/** Records that come one after the other, for a correlation. */
export const Series = z.strictObject({
  records: z
    .array(
      z.strictObject({
        as: z.string(),
        /** `{n}` stands for the number of the repeat, from 1. */
        record: z.string(),
        times: z.int().min(1).max(100_000).default(1),
        /** Time between two repeats, added to the record's own. */
        every: Span.default("1s"),
      }),
    )
    .min(1),
  /** Time that passes after the last of them. */
  wait: Span.optional(),
  why: z.string().optional(),
});
export type Series = z.infer<typeof Series>;

/** Plays a series of records to the correlations; says whether one of them fires, or why a record is not read. */
export function playSeries(
  parts: {
    set: RuleSet;
    correlations: readonly LoadedCorrelation[];
    read: (
      as: string,
      record: string,
    ) => { alert?: Alert | undefined; error?: { message: string } | undefined };
  },
  series: Series,
  id: string,
): { fired: boolean } | { unread: string } {
  const correlator = createCorrelator(
    parts.correlations.map((one) => (one.rule.id === id ? { ...one, alone: true } : one)),
  );
  let line = 0;
  let latest = 0;
  let fired = false;
  const note = (found: ReturnType<typeof correlator.feed>) => {
    fired ||= found.some((one) => one.correlation.rule.id === id);
  };
  for (const { as, record, times, every } of series.records) {
    for (let turn = 0; turn < times; turn += 1) {
      line += 1;
      const { alert, error } = parts.read(as, record.replaceAll("{n}", String(turn + 1)));
      if (alert === undefined) return { unread: error?.message ?? "no alert" };
      const stated = alert.tags?.includes(AlertTag.noTime) ? undefined : alert["@timestamp"];
      const at =
        ((stated === undefined ? undefined : instantFromIso(stated)) ?? latest) +
        turn * (readTimespan(every) ?? 0);
      latest = Math.max(latest, at);
      const rules = matchAlert(parts.set, alert).map((match) => match.rule.id);
      note(
        correlator.feed({ kind: "alert", event: alert, id: String(line), at, now: latest, ref: line, rules }),
      );
    }
  }
  if (series.wait !== undefined) note(correlator.advance(latest + (readTimespan(series.wait) ?? 0)));
  note(correlator.finish());
  return { fired };
}
