import { type Instant, MICROSECONDS } from "../../core/clock.ts";
import type { Work } from "../work.ts";
import { type Arrival, eventTime } from "./read-traits.ts";

/** Records that are this little out of order need no reason. */
const JITTER = MICROSECONDS.minute;
const WHAT = "beginning_moved" as const;

/**
 * Moves the estimated beginning back to what happened earlier, and notes why, once a unit of work.
 * `because` is French, without a date; `fact` is the fact that tells it, if it is one.
 */
export function moveBeginning(
  work: Work,
  at: Instant,
  { because, fact }: { because: string; fact: string | null },
): void {
  const { occurred, beginning } = work.incident;
  if (at >= occurred) {
    // Hidden behind an older word of a person: it counts if that is withdrawn.
    if (fact === null && beginning?.fact != null && at < beginning.before)
      work.incident = { ...work.incident, beginning: { ...beginning, before: at } };
    return;
  }
  // What this very unit opened had no beginning that anyone knew, and alerts overtake each other by seconds.
  if (work.base.size === 0 || (fact === null && occurred - at < JITTER)) {
    work.incident = { ...work.incident, occurred: at };
    return;
  }
  note(work, { from: occurred, to: at, because, fact });
  // What stood before any person's word is what comes back when it is withdrawn.
  const before = fact !== null && beginning?.fact != null ? beginning.before : occurred;
  work.incident = { ...work.incident, occurred: at, beginning: { because, fact, before } };
}

/** The same for an alert, by its own date. */
export function moveByAlert(work: Work, { alert, detection }: Arrival): void {
  const { meaning, title } = detection.rule;
  const because = `Alerte reçue après coup : « ${meaning?.title_fr ?? title} ».`;
  moveBeginning(work, eventTime(alert), { because, fact: null });
}

/** Takes the beginning back to what the rest tells, when the fact that moved it was never true. */
export function restoreBeginning(work: Work, fact: string): void {
  const { incident } = work;
  if (incident.beginning?.fact !== fact) return;
  const standing = work.facts.filter(
    (each) => each.id !== fact && each.withdrawn === null && each.origin.by === "person",
  );
  const to = Math.min(incident.beginning.before, ...standing.map(({ since }) => since));
  const teller = standing.find(({ since }) => since === to);
  const because = "Le fait qui avait avancé ce début a été retiré.";
  note(work, { from: incident.occurred, to, because, fact });
  const beginning = { because, fact: teller?.id ?? null, before: incident.beginning.before };
  work.incident = { ...incident, occurred: to, beginning };
}

interface Moved {
  from: Instant;
  to: Instant;
  because: string;
  fact: string | null;
}

/** One note a unit: a storm that arrives the wrong way round is one move. */
function note(work: Work, moved: Moved): void {
  const index = work.beside.findIndex((each) => each.write === "note" && each.what === WHAT);
  const before = work.beside[index];
  const from = before?.write === "note" ? (before.content as Moved).from : moved.from;
  const write = {
    write: "note" as const,
    what: WHAT,
    incident: work.incident.id,
    content: { ...moved, from },
  };
  if (index < 0) work.beside.push(write);
  else work.beside[index] = write;
}
