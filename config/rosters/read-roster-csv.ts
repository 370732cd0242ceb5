import type { Problem } from "../../agent/core/errors.ts";
import type { Roster, RosterRole, Shift } from "../../agent/core/roster.ts";
import { utcFromLocal } from "../../connectors/shared/utc-from-local.ts";
import { readCsv } from "../inventory/read-csv.ts";

/** Names of the columns, French and English. */
const COLUMNS = {
  from: ["debut", "début", "from", "start"],
  until: ["fin", "until", "end"],
  who: ["personne", "nom", "login", "person", "name"],
  rank: ["rang", "rank"],
} as const;

/** Lines read of one file. */
const MOST_LINES = 20_000;
/** Words of the rank that are no number. */
const RANKS: Readonly<Record<string, number>> = {
  "": 1,
  titulaire: 1,
  suppleant: 2,
  suppléant: 2,
  suppléante: 2,
  absent: 0,
  absente: 0,
  absence: 0,
};

/** Reads shifts of a CSV file with `debut;fin;personne;rang`; instants without zone are of the facility's. */
export function readRosterCsv(
  text: string,
  { file, role, zone }: { file: string; role: RosterRole; zone: string },
): { roster: Roster; problems: Problem[] } {
  const { header, rows, problems: faults } = readCsv(text, file);
  const problems: Problem[] = [...faults];
  const tell = (where: string, message: string, remedy: string) =>
    problems.push({ code: "roster_invalid", where, message, remedy });
  const names = header.map((name) => name.trim().toLowerCase());
  const place = (column: keyof typeof COLUMNS) =>
    names.findIndex((name) => (COLUMNS[column] as readonly string[]).includes(name));
  const at = { from: place("from"), until: place("until"), who: place("who"), rank: place("rank") };
  for (const column of ["from", "until", "who"] as const)
    if (at[column] < 0)
      tell(`${file}:1`, `no column ${COLUMNS[column][0]}`, "the header is debut;fin;personne;rang");
  const shifts: Shift[] = [];
  const people = new Map<string, string>();
  if (rows.length > MOST_LINES) tell(file, `more than ${MOST_LINES} lines`, "keep what is over elsewhere");
  if (problems.length === 0)
    for (const row of rows.slice(0, MOST_LINES)) {
      const cell = (column: number) => (row.cells[column] ?? "").trim();
      const from = instantOf(cell(at.from), zone);
      const until = instantOf(cell(at.until), zone);
      const rank = rankOf(cell(at.rank));
      const who = cell(at.who);
      if (from === undefined || until === undefined)
        tell(
          row.whereOf(from === undefined ? at.from : at.until),
          "not a date and time",
          "write 2026-11-16 08:00 or 16/11/2026 08:00",
        );
      else if (until <= from) tell(row.whereOf(at.until), "it ends before it begins", "correct the dates");
      else if (rank === undefined)
        tell(row.whereOf(at.rank), "not a rank", "write 1 (called first), 2 (deputy)… or absent");
      else if (who === "") tell(row.whereOf(at.who), "nobody is named", "write the login of the person");
      else {
        shifts.push({ who, from, until, rank });
        if (!people.has(who)) people.set(who, row.whereOf(at.who));
      }
    }
  shifts.sort((a, b) => a.from - b.from);
  return {
    roster: {
      role,
      people: [...people].map(([who, where]) => ({ who, where })),
      shiftsWithin: (from, until) => shifts.filter((each) => each.from < until && each.until > from),
    },
    problems,
  };
}

function rankOf(text: string): number | undefined {
  const word = RANKS[text.toLowerCase()];
  if (word !== undefined) return word;
  return /^[1-9]$/.test(text) ? Number(text) : undefined;
}

const LOCAL = /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{1,2})[:h](\d{2})(?::(\d{2}))?)?$/;
const FRENCH = /^(\d{1,2})\/(\d{1,2})\/(\d{4})(?: (\d{1,2})[:h](\d{2})(?::(\d{2}))?)?$/;

function instantOf(text: string, zone: string): number | undefined {
  const iso = LOCAL.exec(text);
  const french = FRENCH.exec(text);
  const [year, month, day] =
    iso !== null ? iso.slice(1, 4) : french !== null ? [french[3], french[2], french[1]] : [];
  if (year === undefined) return undefined;
  const [hour = "0", minute = "0", second = "0"] = (iso ?? french)?.slice(4, 7) ?? [];
  return localInstant([year, month, day, hour, minute, second].map(Number), zone);
}

/** The instant of a local date and time, by its six parts; undefined when there is no such day or hour. */
export function localInstant(parts: readonly number[], zone: string): number | undefined {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts;
  const local = Date.UTC(year, month - 1, day, hour, minute, second);
  const back = new Date(local);
  if (back.getUTCFullYear() !== year || back.getUTCMonth() !== month - 1 || back.getUTCDate() !== day)
    return undefined;
  if (hour > 24 || minute > 59 || second > 59) return undefined;
  return utcFromLocal(local, zone) * 1000;
}
