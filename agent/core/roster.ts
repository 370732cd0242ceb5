import { type Instant, MICROSECONDS } from "./clock.ts";
import type { Problem } from "./errors.ts";

/** Who a roster is of: IT is on call first, the delegate when a criterion is met or when IT does not answer. */
export const ROSTER_ROLES = {
  on_call: "Astreinte informatique",
  delegate: "Astreinte de direction (qui peut déclarer)",
} as const;
export type RosterRole = keyof typeof ROSTER_ROLES;

/** One stretch of time of one person, as a file says it. */
export interface Shift {
  /** The person as the file names them: login, e-mail or name of an account. */
  who: string;
  from: Instant;
  until: Instant;
  /** 1 is called first, 2 is the deputy; 0 says that the person is absent. */
  rank: number;
}

/** What a file of shifts says: those within a window, as repetitions are endless. */
export interface Roster {
  role: RosterRole;
  /** `file:line` of the first mention of each person. */
  people: readonly { who: string; where: string }[];
  shiftsWithin(from: Instant, until: Instant): Shift[];
}

/** The rosters as their files stand. */
export interface RosterBook {
  rosters: readonly Roster[];
  /** SHA-256 of the files, by which a change is noticed. */
  sha256: string;
  /** What is wrong with the files now: what stood before goes on. */
  problems: readonly Problem[];
}

/** Gives the rosters, read anew when a file has changed. */
export interface Rosters {
  current(): RosterBook;
}

/** How people on call are called, and called again. Durations in µs. */
export interface Calls {
  rosters: Rosters;
  /** Who has not answered is called a second time after this. */
  remindAfter: number;
  /** The next one is called this long after the reminder. */
  nextAfter: number;
  /** The delegate is called too when IT has not answered for this long. */
  delegateAfter: number;
  /** How often the whole ladder is gone through. */
  rounds: number;
}

/** What a way to tell people cannot do without. */
export interface Dependency {
  /** Any of them being touched is enough. */
  systems: readonly string[];
  /** In French, `la messagerie`. */
  label: string;
  feminine: boolean;
}

/** Longest stretch looked at around an instant: who has been on call for longer is not found. */
const REACH = 62 * MICROSECONDS.day;

/** Who is on call at an instant, in the order in which they are called; who is absent is left out. */
export function onCallAt(book: RosterBook, role: RosterRole, at: Instant): Shift[] {
  const all = book.rosters.flatMap((roster) =>
    roster.shiftsWithin(at - REACH, at + 1).map((shift) => ({ roster, shift })),
  );
  const now = all.filter(({ shift }) => shift.from <= at && at < shift.until);
  // An absence holds for every roster: who is away is away.
  const absent = new Set(now.filter(({ shift }) => shift.rank === 0).map(({ shift }) => nameKey(shift.who)));
  const found = now
    .filter(({ roster, shift }) => roster.role === role && shift.rank > 0 && !absent.has(nameKey(shift.who)))
    .map(({ shift }) => shift)
    // Of two of one rank the one whose turn began last: a swap is written over what it replaces.
    .toSorted((a, b) => a.rank - b.rank || b.from - a.from);
  return found.filter((shift, i) => found.findIndex(({ who }) => nameKey(who) === nameKey(shift.who)) === i);
}

/** When who is called first changes next, and to whom; undefined when nothing is known within a month. */
export function nextOnCall(
  book: RosterBook,
  role: RosterRole,
  at: Instant,
): { at: Instant; first: Shift | undefined } | undefined {
  const ahead = at + 31 * MICROSECONDS.day;
  const first = onCallAt(book, role, at)[0];
  const instants = book.rosters
    .flatMap((roster) => roster.shiftsWithin(at, ahead).flatMap(({ from, until }) => [from, until]))
    .filter((each) => each > at && each <= ahead);
  for (const instant of [...new Set(instants)].sort((a, b) => a - b).slice(0, MOST_CHANGES)) {
    const then = onCallAt(book, role, instant)[0];
    if (then === undefined || first === undefined ? then !== first : nameKey(then.who) !== nameKey(first.who))
      return { at: instant, first: then };
  }
  return undefined;
}

/** Changes looked through for the next one that matters. */
const MOST_CHANGES = 100;

/** A name as it is compared: without case, accents and spaces too many. */
export function nameKey(text: string): string {
  return text
    .normalize("NFD")
    .replace(/\p{Mn}/gu, "")
    .replace(/\s+/g, " ")
    .trim()
    .toLowerCase();
}

/** The account that a roster means: by login, e-mail or name; undefined when none is, or two are. */
export function personNamed<A extends { login: string; email: string; name: string; active: boolean }>(
  accounts: readonly A[],
  who: string,
): A | undefined {
  const key = nameKey(who);
  if (key === "") return undefined;
  const active = accounts.filter((account) => account.active);
  for (const field of ["login", "email", "name"] as const) {
    const found = active.filter((account) => nameKey(account[field]) === key);
    if (found.length > 0) return found.length === 1 ? found[0] : undefined;
  }
  return undefined;
}
