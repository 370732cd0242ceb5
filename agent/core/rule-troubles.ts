import type { Instant } from "./clock.ts";
import type { Problem } from "./errors.ts";

/** A rule that threw: it runs no more until the rules change. */
export interface DisabledRule {
  rule: string;
  title: string;
  fault: string;
  at: Instant;
}

/** A list of which so many are given; `count` says how many there are in all. */
export interface Listed<T> {
  count: number;
  first: T[];
}

/** What of the rules, their filters and meanings, and of the mappings does not run as it stands. */
export interface RuleTroubles {
  refused: Listed<Problem>;
  /** Rules that are read and do not run, such as those whose placeholders have no value. */
  inactive: Listed<Problem>;
  /** What is in force in its last good version, since it is refused now. */
  kept: Listed<string>;
  disabled: Listed<DisabledRule>;
}

/** Troubles of one kind that are given with their particulars. */
const LISTED = 1000;

/** The first of a list, and how many there are. */
export function listed<T>(all: readonly T[]): Listed<T> {
  return { count: all.length, first: all.slice(0, LISTED) };
}
