import type { Problem } from "../../agent/core/errors.ts";
import type { Roster, RosterRole, Shift } from "../../agent/core/roster.ts";
import { isKnownZone, utcFromLocal } from "../../connectors/shared/utc-from-local.ts";
import { occurrences, type Recurrence, readRule } from "./recurrence.ts";

/*
 * What is read of RFC 5545: VEVENT with DTSTART and DTEND or DURATION, in UTC, in a zone of the IANA, floating or whole
 * days; RRULE daily and weekly (INTERVAL, BYDAY, COUNT, UNTIL), EXDATE, and single occurrences put in place of others
 * (RECURRENCE-ID, STATUS:CANCELLED). VTIMEZONE is not: a zone that is not of the IANA counts as the facility's. An
 * event with another rule is told as a problem: a shift that is not read would leave nobody on call.
 */

const LIMITS = { characters: 4_000_000, lines: 200_000, events: 5000 } as const;
const DAY = 86_400_000;

/** One VEVENT. Milliseconds, wall-clock, counted as if they were UTC. */
interface Event {
  uid: string;
  line: number;
  who: string;
  rank: number;
  start: number;
  duration: number;
  zone: string;
  rule: Recurrence | undefined;
  /** Starts that do not take place. */
  without: Set<number>;
  /** The start that it takes the place of. */
  instead: number | undefined;
  cancelled: boolean;
}

interface Property {
  name: string;
  params: Record<string, string>;
  value: string;
  line: number;
}

/** Reads shifts of an iCalendar text; all that is wrong with it is told, with its line. */
export function readCalendar(
  text: string,
  { file, role, zone }: { file: string; role: RosterRole; zone: string },
): { roster: Roster; problems: Problem[] } {
  const problems: Problem[] = [];
  const tell = (line: number, message: string, remedy: string) =>
    problems.push({ code: "roster_invalid", where: `${file}:${line}`, message, remedy });
  if (text.length > LIMITS.characters) tell(1, "over 4 MB", "export a shorter stretch of time");
  const events: Event[] = [];
  let open: Property[] | undefined;
  let depth = 0;
  for (const property of problems.length > 0 ? [] : propertiesOf(text)) {
    const { name, value, line } = property;
    if (name === "BEGIN" && value.toUpperCase() === "VEVENT" && open === undefined) {
      open = [];
      depth = 0;
    } else if (open !== undefined && name === "BEGIN") depth++;
    else if (open !== undefined && name === "END" && depth > 0) depth--;
    else if (open !== undefined && name === "END") {
      if (events.length >= LIMITS.events) {
        tell(line, `more than ${LIMITS.events} events`, "export a shorter stretch of time");
        break;
      }
      const event = eventOf(open, { line, zone });
      if (typeof event === "string")
        tell(open[0]?.line ?? line, event, "correct the event, or write this roster as CSV");
      else events.push(event);
      open = undefined;
    } else if (open !== undefined && depth === 0) open.push(property);
  }
  if (events.length === 0 && problems.length === 0)
    tell(1, "no event", "export the calendar as iCalendar (.ics)");
  for (const moved of events.filter(({ instead }) => instead !== undefined))
    for (const series of events)
      if (series !== moved && series.uid === moved.uid && series.instead === undefined)
        series.without.add(moved.instead as number);
  const standing = events.filter(({ cancelled }) => !cancelled);
  const people = new Map<string, string>();
  for (const { who, line } of standing) if (!people.has(who)) people.set(who, `${file}:${line}`);
  return {
    roster: {
      role,
      people: [...people].map(([who, where]) => ({ who, where })),
      shiftsWithin: (from, until) => standing.flatMap((event) => shiftsOf(event, from, until)),
    },
    problems,
  };
}

function shiftsOf(event: Event, from: number, until: number): Shift[] {
  const { who, rank, zone, duration } = event;
  // A zone is within a day of UTC.
  const window = { from: from / 1000 - duration - DAY, until: until / 1000 + DAY };
  return occurrences(event.start, event.rule, window).flatMap((start) => {
    if (event.without.has(start)) return [];
    const shift = {
      who,
      rank,
      from: utcFromLocal(start, zone) * 1000,
      until: utcFromLocal(start + duration, zone) * 1000,
    };
    return shift.from < until && shift.until > from ? [shift] : [];
  });
}

function eventOf(properties: readonly Property[], given: { line: number; zone: string }): Event | string {
  const one = (name: string) => properties.find((each) => each.name === name);
  const begin = one("DTSTART");
  const start = begin && momentOf(begin, given.zone);
  if (begin === undefined || start === undefined) return "no DTSTART that can be read";
  const end = one("DTEND");
  const until = end && momentOf(end, start.zone);
  const length = one("DURATION")?.value;
  const wholeDay = begin.value.length === 8;
  const duration =
    until !== undefined
      ? // Wall-clock where both are of one zone: a night of the spring is shorter, not its end later.
        until.local - start.local
      : length !== undefined
        ? durationOf(length)
        : wholeDay
          ? DAY
          : undefined;
  if (duration === undefined || duration <= 0 || duration > 62 * DAY)
    return "no DTEND or DURATION that can be read, of 62 days at most";
  if (until !== undefined && until.zone !== start.zone) return "DTSTART and DTEND are of different zones";
  const repeats = one("RRULE");
  const rule = repeats && readRule(repeats.value);
  if (typeof rule === "string") return `RRULE: ${rule}`;
  if (one("RDATE") !== undefined) return "RDATE is not read";
  const named = personOf(one("SUMMARY")?.value ?? "", one("ATTENDEE")?.value);
  if (named.who === "") return "nobody is named, neither by ATTENDEE nor by SUMMARY";
  const without = properties
    .filter(({ name }) => name === "EXDATE")
    .flatMap((each) =>
      each.value.split(",").flatMap((value) => momentOf({ ...each, value }, start.zone)?.local ?? []),
    );
  const replaces = one("RECURRENCE-ID");
  return {
    uid: one("UID")?.value ?? `line ${given.line}`,
    line: begin.line,
    ...named,
    start: start.local,
    duration,
    zone: start.zone,
    rule,
    without: new Set(without),
    instead: replaces && momentOf(replaces, start.zone)?.local,
    cancelled: one("STATUS")?.value.toUpperCase() === "CANCELLED",
  };
}

const RANK_WORDS: readonly [RegExp, number][] = [
  [/^(absente?|absence|conges?|indisponible)$/, 0],
  [/^(titulaire|astreinte|garde)$/, 1],
  [/^(suppleante?|remplacante?|adjointe?|second)$/, 2],
];

/** The person, and whether they are first, deputy or absent: `Suppléant : Paul Durand`, `Paul Durand (absent)`. */
function personOf(summary: string, attendee: string | undefined): { who: string; rank: number } {
  const text = summary
    .replace(/\\([,;\\])/g, "$1")
    .replace(/\\[nN]/g, " ")
    .trim()
    .slice(0, 200);
  const colon = text.indexOf(":");
  const bracket = text.endsWith(")") ? text.lastIndexOf("(") : -1;
  let who = text;
  let rank = 1;
  for (const [word, rest] of [
    [text, ""],
    [colon < 0 ? "" : text.slice(0, colon), text.slice(colon + 1)],
    [bracket < 0 ? "" : text.slice(bracket + 1, -1), text.slice(0, Math.max(0, bracket))],
  ] as const) {
    const key = word
      .normalize("NFD")
      .replace(/\p{Mn}/gu, "")
      .trim()
      .toLowerCase();
    const found = RANK_WORDS.find(([pattern]) => pattern.test(key));
    if (found === undefined) continue;
    rank = found[1];
    who = rest.trim();
    break;
  }
  const mail = /^mailto:(.+)$/i.exec(attendee ?? "")?.[1];
  return { who: (mail ?? who).slice(0, 200), rank };
}

/** A DATE or DATE-TIME as wall-clock milliseconds and their zone. */
function momentOf({ value, params }: Property, zone: string): { local: number; zone: string } | undefined {
  const found = /^(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(\d{2})(Z?))?$/.exec(value.trim());
  if (found === null) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = found
    .slice(1, 7)
    .map((each) => Number(each ?? 0));
  const local = Date.UTC(year, month - 1, day, hour, minute, second);
  if (new Date(local).getUTCDate() !== day || month < 1 || month > 12 || hour > 23 || minute > 59)
    return undefined;
  const named = params.TZID ?? "";
  return { local, zone: found[7] === "Z" ? "UTC" : isKnownZone(named) ? named : zone };
}

function durationOf(text: string): number | undefined {
  const found =
    /^\+?P(?:(\d{1,3})W)?(?:(\d{1,3})D)?(?:T(?:(\d{1,4})H)?(?:(\d{1,5})M)?(?:(\d{1,6})S)?)?$/.exec(
      text.trim(),
    );
  if (found === null) return undefined;
  const [weeks = 0, days = 0, hours = 0, minutes = 0, seconds = 0] = found
    .slice(1)
    .map((each) => Number(each ?? 0));
  return (((weeks * 7 + days) * 24 + hours) * 60 + minutes) * 60_000 + seconds * 1000;
}

/** Content lines, unfolded (RFC 5545 3.1): a line that begins with a space or a tab goes on with the one before. */
function* propertiesOf(text: string): Generator<Property> {
  let held = "";
  let at = 0;
  let line = 0;
  for (const raw of text.split(/\r?\n/, LIMITS.lines)) {
    line++;
    if (raw.startsWith(" ") || raw.startsWith("\t")) {
      if (held.length < 8192) held += raw.slice(1);
      continue;
    }
    const property = propertyOf(held, at);
    if (property !== undefined) yield property;
    held = raw.slice(0, 8192);
    at = line;
  }
  const last = propertyOf(held, at);
  if (last !== undefined) yield last;
}

function propertyOf(text: string, line: number): Property | undefined {
  let quoted = false;
  let end = -1;
  for (let i = 0; i < text.length && end < 0; i++) {
    if (text[i] === '"') quoted = !quoted;
    else if (text[i] === ":" && !quoted) end = i;
  }
  if (end < 0) return undefined;
  const [name = "", ...given] = text.slice(0, end).split(";");
  const params: Record<string, string> = Object.create(null);
  for (const each of given) {
    const equals = each.indexOf("=");
    if (equals > 0)
      params[each.slice(0, equals).toUpperCase()] = each.slice(equals + 1).replace(/^"|"$/g, "");
  }
  return { name: name.trim().toUpperCase(), params, value: text.slice(end + 1), line };
}
