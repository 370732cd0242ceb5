import type { Instant } from "../core/clock.ts";
import { Counter, Gauge, type Registry } from "./prometheus.ts";

/** Shows how it stands with the third parties that are given the journal's signed heads. */
export interface AnchorMetrics {
  /** Those of the configuration, with when the last head was signed that each was given. */
  stand(ways: readonly { to: string; at: Instant | undefined }[]): void;
  /** What became of one attempt, with when its head was signed. */
  told(outcome: { given: readonly string[]; at: Instant; failed: readonly { to: string }[] }): void;
}

export function anchorMetrics(registry: Registry): AnchorMetrics {
  const labelNames = ["to"] as const;
  const registers = [registry];
  const last = new Gauge({
    name: "tocsin_anchor_last_timestamp_seconds",
    help: "When the last head of the journal was signed that a third party was given, unix seconds; 0 when there is none",
    ...{ labelNames, registers },
  });
  const failing = new Gauge({
    name: "tocsin_anchor_failing",
    help: "1 while the last attempt to give a third party a head of the journal failed",
    ...{ labelNames, registers },
  });
  const failures = new Counter({
    name: "tocsin_anchor_failures_total",
    help: "Attempts to give a third party a head of the journal that failed",
    ...{ labelNames, registers },
  });
  const known = new Set<string>();
  return {
    stand(ways) {
      const gone = [...known].filter((to) => ways.every((way) => way.to !== to));
      for (const to of gone) {
        for (const each of [last, failing, failures]) each.remove({ to });
        known.delete(to);
      }
      for (const { to, at = 0 } of ways) {
        last.set({ to }, at / 1_000_000);
        if (known.has(to)) continue;
        known.add(to);
        failing.set({ to }, 0);
        failures.inc({ to }, 0);
      }
    },
    told({ given, at, failed }) {
      for (const to of given) {
        last.set({ to }, at / 1_000_000);
        failing.set({ to }, 0);
      }
      for (const { to } of failed) {
        failing.set({ to }, 1);
        failures.inc({ to });
      }
    },
  };
}
