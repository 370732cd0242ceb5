import type { Clock } from "../../core/clock.ts";
import { problemSentence, TocsinError } from "../../core/errors.ts";
import type { Store } from "../../store/store.ts";
import type { Setup } from "../work.ts";
import { checkPeople } from "./check-people.ts";
import { planHandover } from "./handover.ts";
import { openReach } from "./open-reach.ts";

/** Where the record keeps the SHA-256 of the rosters that it knows of. */
const BOOKMARK = "rosters";

/**
 * Begins calling people: refuses to when a roster names someone who cannot be reached, journals rosters that are others
 * than before, and plans the morning's summary.
 */
export async function startCalls(parts: {
  store: Store;
  setup: Setup;
  clock: Clock;
  log: { info(message: string, fields: Record<string, unknown>): void };
}): Promise<void> {
  const { store, setup, clock, log } = parts;
  const facility = setup.facility.id;
  const { calls } = setup;
  if (calls !== undefined) {
    const book = calls.rosters.current();
    const none = { incidents: () => [], known: () => undefined };
    const accounts = await openReach({ store, pipeline: none, setup, clock }).accounts();
    const [problem, ...others] = checkPeople(setup, { book, accounts });
    if (problem !== undefined)
      throw new TocsinError({
        ...problem,
        message: [problem, ...others].map(problemSentence).join("\n"),
      });
    const before = await store.reads.bookmark(facility, BOOKMARK);
    if (before !== book.sha256) {
      const content = { sha256: book.sha256, before: before ?? null };
      await store.commit({
        facility,
        at: clock.now(),
        writes: [
          { write: "note", what: "rosters_changed", incident: null, content },
          { write: "bookmark", name: BOOKMARK, content: book.sha256 },
        ],
      });
      log.info("other rosters in force", content);
    }
  }
  const planned = planHandover(setup, clock.now());
  if (planned.length > 0) await store.commit({ facility, at: clock.now(), writes: planned });
}
