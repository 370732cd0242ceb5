import type { Parsed } from "../../connectors/contract.ts";
import { INBOUND } from "../../connectors/registry.ts";
import { CANARY_SOURCE } from "../canary/mark.ts";
import { type Alert, AlertTag } from "../core/alert.ts";
import { type Clock, type Instant, MICROSECONDS } from "../core/clock.ts";
import type { UnderstoodRecord } from "../core/house-view.ts";
import type { IntakeMetrics, Tally } from "./metrics.ts";
import { type Origins, openOrigins } from "./origins.ts";
import type { TextSource } from "./sources.ts";
import { openUnderstood } from "./understood.ts";

/** Records of a source that the gate refused; the one that makes `tally` reach `due` is a sample. */
export interface Watch {
  tally: Tally;
  due: number;
  /** Records from one look at the clock to the next. */
  step: number;
  since: Instant;
}

/** Looks at about one record a second of those that the gate refuses unread: is their format known? */
export interface Sampler {
  /** What all listeners of a source count by. */
  watch(source: TextSource): Watch;
  /** Reads a record that was due, if a second has passed; nothing is kept of it. */
  sample(watch: Watch, source: TextSource, read: () => Parsed): void;
  /** Told of a record that was read, to show what was understood last. */
  heard(source: string, alert: Alert): void;
  /** What was understood last, for pages that are only read. */
  understood(): UnderstoodRecord[];
  /** Rules that are written for log sources of which nothing was read. */
  unfed: Origins["unfed"];
}

/** What a sample may be told to be: a record says itself of which module it is, and may say anything. */
const FORMATS: ReadonlySet<string> = new Set(INBOUND.map(({ name }) => name));

/** Records after which the clock is looked at, at most. */
const LONGEST_STEP = 1024;

/** Opens the sampler of one thread. */
export function openSampler({ clock, metrics }: { clock: Clock; metrics: IntakeMetrics }): Sampler {
  const watches = new Map<TextSource, Watch>();
  const understood = openUnderstood(clock);
  const origins = openOrigins();
  const heard = (source: string, alert: Alert) => {
    // A canary feeds no rule, and nobody waits to read it.
    if (source === CANARY_SOURCE) return;
    origins.note(alert);
    understood.note(source, alert);
  };
  return {
    watch(source) {
      let watch = watches.get(source);
      if (watch === undefined) {
        watch = { tally: metrics.gated.of({ source: source.id }), due: 1, step: 1, since: 0 };
        watches.set(source, watch);
      }
      return watch;
    },
    sample(watch, source, read) {
      const now = clock.now();
      const passed = now - watch.since;
      const due = passed >= MICROSECONDS.second || passed < 0;
      // The step follows the pace of the source, so that neither a slow nor a fast one is looked at too seldom.
      watch.step = due ? Math.max(1, watch.step >> 1) : Math.min(LONGEST_STEP, watch.step * 2);
      watch.due = watch.tally.count + watch.step;
      if (!due) return;
      watch.since = now;
      const { alert, error } = read();
      if (alert !== undefined && error === undefined) heard(source.id, alert);
      const recognised = error === undefined && !alert?.tags?.includes(AlertTag.unrecognised);
      metrics.sampled.inc({
        source: source.id,
        outcome: recognised ? "recognised" : "unrecognised",
        format: recognised ? formatOf(alert) : "",
      });
    },
    heard,
    understood: understood.last,
    unfed: origins.unfed,
  };
}

function formatOf(alert: Alert | undefined): string {
  const module = alert?.event?.module ?? "";
  return module === "" || FORMATS.has(module) ? module : "other";
}
