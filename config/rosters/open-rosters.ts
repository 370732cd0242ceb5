import { createHash } from "node:crypto";
import { readFileSync, statSync } from "node:fs";
import { messageOf, type Problem } from "../../agent/core/errors.ts";
import type { Roster, RosterBook, RosterRole, Rosters } from "../../agent/core/roster.ts";
import { readCalendar } from "./read-calendar.ts";
import { readRosterCsv } from "./read-roster-csv.ts";

export interface RosterFile {
  /** Absolute. */
  file: string;
  role: RosterRole;
}

const LARGEST = 4_000_000;

/** Reads rosters once: what is wrong with any file is told. */
export function readRosters(files: readonly RosterFile[], zone: string): RosterBook {
  const rosters: Roster[] = [];
  const problems: Problem[] = [];
  const sha256 = createHash("sha256");
  for (const { file, role } of files) {
    try {
      if (statSync(file).size > LARGEST) throw new Error("over 4 MB");
      const text = readFileSync(file, "utf8");
      sha256.update(`${role}\n${text.length}\n${text}\n`);
      const read = /\.ics$/i.test(file) ? readCalendar : readRosterCsv;
      const { roster, problems: found } = read(text, { file, role, zone });
      rosters.push(roster);
      problems.push(...found);
    } catch (error) {
      const remedy = "give a .csv or .ics file that the service may read";
      problems.push({ code: "roster_unreadable", where: file, message: messageOf(error), remedy });
    }
  }
  return { rosters, problems, sha256: sha256.digest("hex") };
}

/**
 * Opens rosters whose files are looked at whenever they are asked for, and read anew when one has changed.
 *
 * A file that became wrong changes nothing of who is called: what stood before goes on, with the problems told.
 */
export function openRosters(files: readonly RosterFile[], zone: string): Rosters {
  let marks = marksOf(files);
  let book = readRosters(files, zone);
  return {
    current() {
      const now = marksOf(files);
      if (now === marks) return book;
      marks = now;
      const read = readRosters(files, zone);
      book = read.problems.length === 0 ? read : { ...book, problems: read.problems };
      return book;
    },
  };
}

function marksOf(files: readonly RosterFile[]): string {
  return files
    .map(({ file }) => {
      const found = statSync(file, { throwIfNoEntry: false });
      return found === undefined ? "none" : `${found.mtimeMs}/${found.size}/${found.ino}`;
    })
    .join(" ");
}
