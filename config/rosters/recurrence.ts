const DAY = 86_400_000;
const WEEK = 7 * DAY;

/** A daily or weekly rule of RFC 5545 3.3.10. */
export interface Recurrence {
  frequency: "DAILY" | "WEEKLY";
  interval: number;
  /** Days of the week, 0 is Monday; empty for that of the start. */
  days: readonly number[];
  count: number | undefined;
  /** Wall-clock milliseconds as if UTC; a little late when it was written in UTC, which no shift begins in. */
  until: number | undefined;
}

const DAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"];
/** Occurrences counted one by one, where the rule says how many there are. */
const MOST_COUNTED = 5000;
/** Occurrences given for one window. */
const MOST_GIVEN = 2000;

/** Reads a rule; a sentence says what of it is not read. */
export function readRule(text: string): Recurrence | string {
  const parts = new Map<string, string>();
  for (const part of text.split(";", 20)) {
    const [name = "", value = ""] = part.split("=", 2);
    if (name !== "") parts.set(name.trim().toUpperCase(), value.trim().toUpperCase());
  }
  const {
    FREQ = "",
    INTERVAL = "1",
    BYDAY = "",
    COUNT,
    UNTIL,
    WKST: _,
    ...others
  } = Object.fromEntries(parts);
  const [unread] = Object.keys(others);
  if (unread !== undefined) return `${unread} is not read`;
  if (FREQ !== "DAILY" && FREQ !== "WEEKLY")
    return `FREQ=${FREQ.slice(0, 20)} is not read, only DAILY and WEEKLY`;
  if (!/^[1-9]\d{0,2}$/.test(INTERVAL)) return "INTERVAL is not a number from 1 to 999";
  if (COUNT !== undefined && !(/^[1-9]\d{0,3}$/.test(COUNT) && Number(COUNT) <= MOST_COUNTED))
    return `COUNT is not a number from 1 to ${MOST_COUNTED}`;
  const days = BYDAY === "" ? [] : BYDAY.split(",", 8).map((each) => DAYS.indexOf(each));
  if (days.includes(-1)) return "BYDAY is not days such as MO,TU";
  if (FREQ === "DAILY" && days.length > 0) return "BYDAY with FREQ=DAILY is not read";
  const until = UNTIL === undefined ? undefined : untilOf(UNTIL);
  if (UNTIL !== undefined && until === undefined) return "UNTIL is not a date";
  return {
    frequency: FREQ,
    interval: Number(INTERVAL),
    days: [...new Set(days)].sort((a, b) => a - b),
    count: COUNT === undefined ? undefined : Number(COUNT),
    until,
  };
}

function untilOf(text: string): number | undefined {
  const found = /^(\d{4})(\d{2})(\d{2})(?:T(\d{2})(\d{2})(\d{2})(Z?))?$/.exec(text);
  if (found === null) return undefined;
  const [year = 0, month = 0, day = 0, hour, minute = 0, second = 0] = found
    .slice(1, 7)
    .map((each) => (each === undefined ? undefined : Number(each)));
  // A whole day is meant to its end; UTC may be up to fourteen hours behind the wall.
  if (hour === undefined) return Date.UTC(year, month - 1, day) + DAY - 1;
  return Date.UTC(year, month - 1, day, hour, minute, second) + (found[7] === "Z" ? 2 * 3_600_000 : 0);
}

/** Starts of an event within a window, wall-clock milliseconds; bounded whatever the rule says. */
export function occurrences(
  start: number,
  rule: Recurrence | undefined,
  window: { from: number; until: number },
): number[] {
  if (rule === undefined) return start >= window.from && start < window.until ? [start] : [];
  const found: number[] = [];
  const last = Math.min(window.until, rule.until === undefined ? window.until : rule.until + 1);
  const weekly = rule.frequency === "WEEKLY";
  const step = rule.interval * (weekly ? WEEK : DAY);
  // Weeks begin on Monday; 1970-01-01 was a Thursday.
  const weekday = (((Math.floor(start / DAY) + 3) % 7) + 7) % 7;
  const days = weekly ? (rule.days.length === 0 ? [weekday] : rule.days) : [0];
  const base = weekly ? start - weekday * DAY : start;
  // What is counted is counted from its start; the rest is jumped to.
  const skipped = rule.count === undefined ? Math.max(0, Math.floor((window.from - base) / step) - 1) : 0;
  let counted = 0;
  for (let at = base + skipped * step; at < last && found.length < MOST_GIVEN; at += step) {
    for (const day of days) {
      const each = at + day * DAY;
      if (each < start) continue;
      if (rule.count !== undefined && ++counted > rule.count) return found;
      if (each >= window.from && each < last) found.push(each);
    }
  }
  return found;
}
