import type { Instant } from "./clock.ts";
import { onCallAt, type RosterBook, type RosterRole } from "./roster.ts";

/** Instants looked at: a shift that changes every half an hour for a month has fewer. */
const MOST_CHANGES = 5000;

/** The first stretch within two instants in which nobody of a roster is on call; undefined when there is none. */
export function firstHole(
  book: RosterBook,
  role: RosterRole,
  { from, until }: { from: Instant; until: Instant },
): { from: Instant; until: Instant } | undefined {
  const changes = book.rosters
    .flatMap((roster) => roster.shiftsWithin(from, until).flatMap((shift) => [shift.from, shift.until]))
    .filter((at) => at > from && at < until);
  const instants = [from, ...new Set(changes)].sort((a, b) => a - b).slice(0, MOST_CHANGES);
  const empty = instants.map((at) => onCallAt(book, role, at).length === 0);
  const first = empty.indexOf(true);
  if (first < 0) return undefined;
  const next = empty.indexOf(false, first);
  return { from: instants[first] ?? from, until: next < 0 ? until : (instants[next] ?? until) };
}
