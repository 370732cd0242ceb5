import { type Instant, MICROSECONDS } from "../core/clock.ts";

/** Quarters of an hour remembered of one format. */
const MOST_QUARTERS = 20_000;
const QUARTER = 15 * MICROSECONDS.minute;
/** Since then every clock on earth differs from UTC by whole quarters of an hour, and changes at their ends. */
const QUARTERLY = Date.UTC(1973, 0) * 1000;

/** How instants and durations are written for people of one facility. */
export interface FrenchTime {
  /** `dim. 15 nov. 02:14`; with the year when it is not the year of `now`. */
  when(instant: Instant, now?: Instant): string;
  /** `02:14`. */
  time(instant: Instant): string;
  /** `2026-11-15`, as a date field wants it. */
  date(instant: Instant): string;
  /** The instant of a local date and time; undefined when the clock skipped it or the text is no time. */
  instantOf(date: string, time: string): Instant | undefined;
}

export function frenchTime(zone: string): FrenchTime {
  const format = new Intl.DateTimeFormat("fr-FR", {
    timeZone: zone,
    weekday: "short",
    day: "numeric",
    month: "short",
    year: "numeric",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  const numeric = new Intl.DateTimeFormat("en-CA", {
    timeZone: zone,
    year: "numeric",
    month: "2-digit",
    day: "2-digit",
    hour: "2-digit",
    minute: "2-digit",
    hourCycle: "h23",
  });
  const words = remembered(format);
  const numbers = remembered(numeric);
  const local = (instant: Instant) => {
    const { year, month, day, hour, minute } = numbers(instant);
    return { date: `${year}-${month}-${day}`, time: `${hour}:${minute}` };
  };

  return {
    when(instant, now) {
      const { weekday, day, month, year, hour, minute } = words(instant);
      const otherYear = now !== undefined && words(now).year !== year;
      return `${weekday} ${day} ${month} ${otherYear ? `${year} ` : ""}${hour}:${minute}`;
    },
    time: (instant) => local(instant).time,
    date: (instant) => local(instant).date,
    instantOf(date, time) {
      const naive = Date.parse(`${date}T${time}:00Z`) * 1000;
      if (Number.isNaN(naive)) return undefined;
      // An offset is at most 14 hours: those in force a day before and after cover every case, autumn's twice.
      const found = [-1, 1].flatMap((side) => {
        const near = naive + side * MICROSECONDS.day;
        const shown = local(near);
        const offset = Date.parse(`${shown.date}T${shown.time}:00Z`) * 1000 - near;
        const candidate = naive - offset;
        const back = local(candidate);
        return back.date === date && back.time === time ? [candidate] : [];
      });
      return found.length === 0 ? undefined : Math.min(...found);
    },
  };
}

type Parts = Readonly<Record<string, string>>;

/** The parts of an instant; asked once for each quarter of an hour, since a list has hundreds of instants. */
function remembered(format: Intl.DateTimeFormat): (instant: Instant) => Parts {
  const known = new Map<number, Parts>();
  const partsAt = (instant: Instant): Parts =>
    Object.fromEntries(
      format.formatToParts(Math.floor(instant / 1000)).map((each) => [each.type, each.value]),
    );
  return (instant) => {
    if (instant < QUARTERLY) return partsAt(instant);
    const quarter = Math.floor(instant / QUARTER);
    let parts = known.get(quarter);
    if (parts === undefined) {
      parts = partsAt(quarter * QUARTER);
      if (known.size >= MOST_QUARTERS) known.clear();
      known.set(quarter, parts);
    }
    const minute = Number(parts.minute) + Math.floor((instant - quarter * QUARTER) / MICROSECONDS.minute);
    return { ...parts, minute: String(minute).padStart(2, "0") };
  };
}
