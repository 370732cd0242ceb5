import type { Instant } from "../../core/clock.ts";
import type { Masked, Masks, Tally } from "../../core/masked.ts";
import type { StoredAlert, StoredDetection } from "../../store/store.ts";

/** Characters of a raw line shown; the record keeps the rest. */
const RAW_SHOWN = 2000;
const VALUE_SHOWN = 200;
const REASONS_SHOWN = 10;

/** An alert as people see it: without patients, bounded. The stored alert is not part of it. */
export interface ShownAlert {
  /** Id of the stored alert, by which its original can be asked for. */
  alert: string;
  at: Instant;
  received: Instant;
  source: string;
  host: string | null;
  title: string;
  reason: string | null;
  rule: string;
  because: { field: string; pattern: string; value: string }[];
  /** The line received; `cut` is its whole length when it is longer than what is shown. */
  raw: { text: string; cut: number | null };
  /** Identities masked in it. */
  masked: number;
}

/** Makes alerts ready to be shown; what they say of patients is masked. */
export function showEvidence(
  found: readonly { detection: StoredDetection; alert: StoredAlert }[],
  masks: Masks,
  incident: string,
): Masked<ShownAlert>[] {
  return found.map(({ detection, alert }) => {
    const tally: Tally = new Map();
    const original = originalOf(alert);
    const raw = masks.text(original, { incident, tally, limit: RAW_SHOWN });
    const shown = masks.every(
      {
        source: alert.source,
        host: alert.alert.host?.name ?? alert.alert.host?.hostname ?? null,
        title: detection.rule.meaning?.title_fr ?? detection.rule.title,
        reason: detection.rule.meaning?.reason_fr ?? null,
        rule: `${detection.rule.id} (${detection.rule.version})`,
        because: detection.because.slice(0, REASONS_SHOWN).map(({ field, pattern, value }) => ({
          field: field ?? "texte",
          pattern: pattern.slice(0, VALUE_SHOWN),
          value: masks.text(value, { incident, tally, limit: VALUE_SHOWN }),
        })),
      },
      { incident, tally },
    );
    return {
      ...shown,
      alert: alert.id,
      at: detection.occurred,
      received: alert.received,
      raw: { text: raw, cut: original.length > RAW_SHOWN ? original.length : null },
      masked: [...tally.values()].reduce((sum, count) => sum + count, 0),
    };
  });
}

/** The text of an alert as its source sent it: only for those who may see patients. */
export function originalOf({ alert }: StoredAlert): string {
  return alert.event?.original ?? alert.message ?? "";
}
