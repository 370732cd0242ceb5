import { type Alert, AlertTag } from "../core/alert.ts";
import { type Clock, type Instant, MICROSECONDS } from "../core/clock.ts";
import type { UnderstoodRecord } from "../core/house-view.ts";

/** Readers kept of a source: a document names its own, so that one sender could make up any number. */
const MOST_READERS = 4;
/** Characters of a record, and of a reader's name, that are kept. */
const SAMPLE = 2000;
const NAME = 80;
/** Least time between two records kept of a source, µs: what comes fast costs a look at the clock. */
const EVERY = MICROSECONDS.second;

/** Remembers what was understood last of each source, in memory alone. */
export interface Understood {
  note(source: string, alert: Alert): void;
  /** The latest first. */
  last(): UnderstoodRecord[];
}

/** Opens an empty memory. */
export function openUnderstood(clock: Clock): Understood {
  const sources = new Map<string, { noted: Instant; readers: Map<string, UnderstoodRecord> }>();
  return {
    note(source, alert) {
      const now = clock.now();
      const known = sources.get(source);
      if (known !== undefined && now >= known.noted && now < known.noted + EVERY) return;
      if (alert.tags?.includes(AlertTag.unrecognised) === true) return;
      const { noted: _, readers } = known ?? { noted: now, readers: new Map<string, UnderstoodRecord>() };
      const reader = (alert.event?.dataset ?? alert.event?.module ?? "").slice(0, NAME);
      const sample = (alert.event?.original ?? alert.message ?? "").slice(0, SAMPLE);
      // The last to speak stands last; the first of them goes when there are too many.
      readers.delete(reader);
      readers.set(reader, { source, reader, at: now, sample });
      const [oldest] = readers.keys();
      if (readers.size > MOST_READERS && oldest !== undefined) readers.delete(oldest);
      sources.set(source, { noted: now, readers });
    },
    last: () => [...sources.values()].flatMap(({ readers }) => [...readers.values()].reverse()),
  };
}
