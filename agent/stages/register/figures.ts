import type { Instant } from "../../core/clock.ts";
import type { OutsideDeclaration } from "../../core/outside-declaration.ts";
import { eachInTurn } from "../breather.ts";
import { monthIn, type Year } from "./calendar.ts";
import type { Noted, RegisterEntry } from "./entry.ts";
import { filedAt } from "./find-entries.ts";
import { type OutsideLine, outsideLines } from "./outside-lines.ts";

/** What became of an incident, for the figures: each one counts once. */
export const OUTCOMES = {
  declared: "Déclarés",
  set_aside: "Non déclarés (motivé)",
  running: "En cours",
  watched: "Surveillés, clos sans suite",
} as const;
export type Outcome = keyof typeof OUTCOMES;

/** A year in figures, by the month in which incidents began. */
export interface Figures {
  year: number;
  /** January first. */
  months: Record<Outcome | "outside", number>[];
  total: Record<Outcome | "outside", number>;
  /** Microseconds; null when there is none. */
  delays: Record<DelayKind, Delay>;
}

export const DELAYS = {
  found_to_approved: "Du constat à la validation",
  approved_to_filed: "De la validation au dépôt",
  found_to_filed: "Du constat au dépôt",
} as const;
export type DelayKind = keyof typeof DELAYS;

export interface Delay {
  count: number;
  median: number | null;
  longest: number | null;
}

/** The instants of the first declaration of an incident. */
export interface Steps {
  found: Instant | null;
  approved: Instant | null;
  filed: Instant | null;
}

type Outside = readonly Noted<OutsideDeclaration & { revision: number }>[];

/** Counts a year; incidents that were merged into others count there. */
export function figuresOf({
  year,
  entries,
  outside,
}: {
  year: Year;
  entries: readonly RegisterEntry[];
  outside: Outside;
}): Figures {
  const { add, figures } = tallyYear(year);
  for (const entry of entries) add(entry);
  return figures(outside);
}

/** The same while others have their turn. */
export async function figuresInTurn(parts: Parameters<typeof figuresOf>[0]): Promise<Figures> {
  const { add, figures } = tallyYear(parts.year);
  await eachInTurn(parts.entries, add);
  return figures(parts.outside);
}

function tallyYear(year: Year): { add(entry: RegisterEntry): void; figures(outside: Outside): Figures } {
  const none = (): Record<Outcome | "outside", number> => ({
    declared: 0,
    set_aside: 0,
    running: 0,
    watched: 0,
    outside: 0,
  });
  const months = Array.from({ length: 12 }, none);
  const total = none();
  const count = (at: Instant, what: Outcome | "outside") => {
    const month = months[monthIn(year, at) ?? -1];
    if (month === undefined) return;
    month[what] += 1;
    total[what] += 1;
  };
  const delays: Record<DelayKind, (number | null)[]> = {
    found_to_approved: [],
    approved_to_filed: [],
    found_to_filed: [],
  };
  // One walk: ten thousand incidents are counted while somebody waits for the page.
  const add = (entry: RegisterEntry) => {
    const { occurred } = entry.incident;
    if (!inYear(year, occurred)) return;
    const { outcome, steps } = counted(entry);
    if (outcome !== undefined) count(occurred, outcome);
    const { found, approved, filed } = steps;
    delays.found_to_approved.push(between(found, approved));
    delays.approved_to_filed.push(between(approved, filed));
    delays.found_to_filed.push(between(found, filed));
  };
  const figures = (outside: Outside): Figures => {
    for (const line of outsideLines(outside)) if (!line.void) count(beginningOf(line), "outside");
    return {
      year: year.year,
      months,
      total,
      delays: {
        found_to_approved: delayOf(delays.found_to_approved),
        approved_to_filed: delayOf(delays.approved_to_filed),
        found_to_filed: delayOf(delays.found_to_filed),
      },
    };
  };
  return { add, figures };
}

/** True for an instant of that year. */
export function inYear({ from, to }: Pick<Year, "from" | "to">, instant: Instant): boolean {
  return instant >= from && instant < to;
}

/** When what was declared outside began, or was declared when nobody says. */
export function beginningOf({ occurred, declared }: Pick<OutsideLine, "occurred" | "declared">): Instant {
  return occurred ?? declared;
}

/** What an entry counts as: entries are replaced, never changed, and most stay as they are for years. */
const COUNTED = new WeakMap<RegisterEntry, { outcome: Outcome | undefined; steps: Steps }>();

function counted(entry: RegisterEntry): { outcome: Outcome | undefined; steps: Steps } {
  let known = COUNTED.get(entry);
  if (known === undefined) {
    known = { outcome: outcomeOf(entry), steps: stepsOf(entry) };
    COUNTED.set(entry, known);
  }
  return known;
}

/** What became of an incident; undefined for one that is part of another. */
export function outcomeOf(entry: RegisterEntry): Outcome | undefined {
  const { state, closure } = entry.incident;
  if (state === "merged") return undefined;
  if (filedAt(entry) !== undefined) return "declared";
  if (state === "set_aside" || closure?.from === "set_aside") return "set_aside";
  return state === "closed" ? "watched" : "running";
}

/** Constat, first approval and first filing of an incident's declarations. */
export function stepsOf(entry: RegisterEntry): Steps {
  const approvals = entry.decisions
    .filter(({ decision, state }) => decision === "approved" && state !== "contested")
    .map(({ at }) => at);
  return {
    found: entry.incident.found,
    approved: approvals.length === 0 ? null : Math.min(...approvals),
    filed: filedAt(entry) ?? null,
  };
}

/** How long a step took; null when an end is missing. What was set straight afterwards is never negative. */
export function between(from: Instant | null, to: Instant | null): number | null {
  return from === null || to === null ? null : Math.max(0, to - from);
}

/** Median and longest of delays; those that are null do not count. */
export function delayOf(all: readonly (number | null)[]): Delay {
  const known = all.filter((each) => each !== null).sort((a, b) => a - b);
  const [low, high] = [known[Math.floor((known.length - 1) / 2)], known[Math.floor(known.length / 2)]];
  return {
    count: known.length,
    median: low === undefined || high === undefined ? null : Math.round((low + high) / 2),
    longest: known.at(-1) ?? null,
  };
}
