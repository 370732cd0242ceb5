import type { Instant } from "./clock.ts";

/** Why the record cannot be written, as far as its error tells. */
export interface StoreTrouble {
  kind: "full" | "read_only" | "locked" | "other";
  /** The error's own words. */
  because: string;
  since: Instant;
}

/** Of each kind, what someone at night can do: for the log. */
const REMEDIES: Readonly<Record<StoreTrouble["kind"], string>> = {
  full: "make room on the disk of the state directory: it goes on by itself",
  read_only:
    "the disk takes no writes, mostly after an error of its own: look at dmesg, repair it, mount it again with write access: it goes on by itself",
  locked: "another program holds the database: end it, it goes on by itself",
  other: "look at the disk of the state directory, and that the database is where it was",
};

export function remedyOf(kind: StoreTrouble["kind"]): string {
  return REMEDIES[kind];
}

/** Tells by the words of SQLite and of the system: errors lose their codes on their way between threads. */
export function kindOfTrouble(because: string): StoreTrouble["kind"] {
  if (/disk is full|ENOSPC|no space left|EDQUOT|EFBIG/i.test(because)) return "full";
  if (/readonly database|read-only|EROFS/i.test(because)) return "read_only";
  if (/database is locked|SQLITE_BUSY/i.test(because)) return "locked";
  return "other";
}
