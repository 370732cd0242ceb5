import type { Clock } from "../../core/clock.ts";
import { messageOf, problemSentence, TocsinError } from "../../core/errors.ts";
import type { RosterBook } from "../../core/roster.ts";
import type { Store } from "../../store/store.ts";
import type { Setup } from "../work.ts";
import { checkPeople } from "./check-people.ts";
import { planHandover } from "./handover.ts";
import { noteRosters } from "./note-rosters.ts";
import { openReach } from "./open-reach.ts";
import { planReviews } from "./remind-reviews.ts";
import { vacanciesOf } from "./vacancies.ts";

/** Between two looks at whether the rosters changed, ms: they are read anew at each call. */
const LOOK_EVERY = 60_000;

/** Throws when a roster names someone who cannot be reached, with everyone of whom that is true. */
export async function checkCalls({
  store,
  setup,
  clock,
}: {
  store: Store;
  setup: Setup;
  clock: Clock;
}): Promise<void> {
  if (setup.calls === undefined) return;
  const book = setup.calls.rosters.current();
  const none = { incidents: () => [], known: () => undefined };
  const accounts = await openReach({ store, pipeline: none, setup, clock }).accounts();
  const [problem, ...others] = checkPeople(setup, { book, accounts });
  if (problem !== undefined)
    throw new TocsinError({
      ...problem,
      message: [problem, ...others].map(problemSentence).join("\n"),
    });
}

/**
 * Begins calling people: refuses to when a roster names someone who cannot be reached, journals rosters that are others
 * than before, now and while it runs, and plans the morning's summary and the month's reminder of reviews.
 */
export async function startCalls(parts: {
  store: Store;
  setup: Setup;
  clock: Clock;
  log: Record<"info" | "warn", (message: string, fields: Record<string, unknown>) => void>;
}): Promise<{ stop(): Promise<void> }> {
  const { store, setup, clock, log } = parts;
  const facility = setup.facility.id;
  const { calls } = setup;
  const none = { incidents: () => [], known: () => undefined };
  const reach = openReach({ store, pipeline: none, setup, clock });
  let noting = Promise.resolve();
  let vacant = "";
  /** Told once, for as long as it lasts. */
  const tellVacancies = async (book: RosterBook) => {
    const found = vacanciesOf(setup, { book, accounts: await reach.accounts(), at: clock.now() });
    for (const { role, instead } of found)
      if (!vacant.includes(`${role};`))
        log.warn("nobody on call can be reached", { role, told_instead: instead.join(", ") || "nobody" });
    vacant = found.map(({ role }) => `${role};`).join("");
  };
  const note = async () => {
    if (calls === undefined) return;
    await tellVacancies(calls.rosters.current());
    const changed = await noteRosters(calls.rosters.current(), { store, facility, now: clock.now() });
    if (changed !== undefined) log.info("other rosters in force", changed);
  };
  await checkCalls(parts);
  await note();
  const planned = [...planHandover(setup, clock.now()), ...planReviews(clock.now(), setup)];
  if (planned.length > 0) await store.commit({ facility, at: clock.now(), writes: planned });
  const looking = setInterval(() => {
    noting = note().catch((error: unknown) => log.warn("rosters not noted", { error: messageOf(error) }));
  }, LOOK_EVERY);
  looking.unref();
  return {
    async stop() {
      clearInterval(looking);
      await noting;
    },
  };
}
