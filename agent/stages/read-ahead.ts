import type { Arrival } from "./correlate.ts";

/** Detections taken in one turn, and read at once at first. */
const TURN = 20;
/** Those read at once at most, and for how long a read may hold this thread to be followed by a longer one, ms. */
const MOST_READ = 640;
const HOLDS = 1;

/** Detections in their order, a turn at a time. */
export interface ReadAhead {
  /** Those after a number; `last` when there are no more now. */
  next(after: number): Promise<{ page: Arrival[]; last: boolean }>;
}

/**
 * Reads detections ahead of who takes them, more at once the longer they last: in a shared record each question is a
 * journey, which a storm must not wait for every few detections.
 */
export function readAhead(read: (after: number, limit: number) => Promise<Arrival[]>): ReadAhead {
  /** Of the last read; 0 when nothing was left. */
  let limit = 0;
  let quick = true;
  let held: Arrival[] = [];
  /** Where who takes them stands, when all that is held follows it. */
  let place: number | undefined;
  let more: Promise<Arrival[]> | undefined;
  let short = true;

  async function fill(after: number): Promise<void> {
    // What was begun before others came may be short of them.
    const begun = more;
    more = undefined;
    held = (await begun) ?? [];
    if (held.length === 0) held = await asked(after);
    short = held.length < limit;
    const end = held.at(-1)?.detection.seq;
    if (short || end === undefined) {
      limit = 0;
      return;
    }
    more = asked(end);
    // Heard by who takes it; else nobody needs it.
    more.catch(() => undefined);
  }

  /** Asks for twice as many as before; a record that answers at once is parsed meanwhile, and holds this thread. */
  function asked(after: number): Promise<Arrival[]> {
    const since = performance.now();
    limit = Math.max(TURN, Math.min(MOST_READ, quick ? limit * 2 : limit));
    const reading = read(after, limit);
    quick = performance.now() - since < HOLDS;
    return reading;
  }

  return {
    async next(after) {
      if (after !== place) {
        held = [];
        more = undefined;
      }
      place = undefined;
      if (held.length === 0) await fill(after);
      const page = held.splice(0, TURN);
      place = page.at(-1)?.detection.seq ?? after;
      return { page, last: held.length === 0 && short };
    },
  };
}
