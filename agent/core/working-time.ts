import { z } from "zod";
import type { Instant } from "./clock.ts";
import { enumOf } from "./enum-of.ts";

/** Days on which the abolition of slavery is a public holiday, month and day, by territory. */
const ABOLITION = {
  mayotte: [4, 27],
  martinique: [5, 22],
  guadeloupe: [5, 27],
  guyane: [6, 10],
  la_reunion: [12, 20],
} as const;

/** Which holidays a place has beside the eleven of the whole country. */
export const HolidaySettings = z
  .strictObject({
    /** 26 December, in Bas-Rhin, Haut-Rhin and Moselle. */
    alsace_moselle: z.boolean().default(false),
    /** Good Friday too, in the communes of Alsace-Moselle that keep it. */
    good_friday: z.boolean().default(false),
    /** Overseas, where the abolition of slavery has its day. */
    territory: enumOf(ABOLITION).optional(),
  })
  .refine((given) => !given.good_friday || given.alsace_moselle, {
    path: ["good_friday"],
    error: "Good Friday is a holiday in Alsace-Moselle only: set alsace_moselle too, or remove it",
  })
  .refine((given) => given.territory === undefined || !given.alsace_moselle, {
    path: ["territory"],
    error: "a place is overseas or in Alsace-Moselle: keep one of them",
  });
export type HolidaySettings = z.infer<typeof HolidaySettings>;

/** The holidays of the whole country, and no other: those of who receives declarations. */
export const NATIONAL: HolidaySettings = { alsace_moselle: false, good_friday: false };

/** When somebody works: Monday to Friday but on holidays, from a minute of the day to another, metropolitan time. */
export interface WorkingHours {
  /** Minutes since midnight; `to` is the first that is no working time any more. */
  from: number;
  to: number;
  holidays: HolidaySettings;
}

/** When declarations are processed (procedure page of 2017): Monday to Friday, 9 h to 18 h. */
export const PROCESSING_HOURS: WorkingHours = { from: 9 * 60, to: 18 * 60, holidays: NATIONAL };

const DAY = 86_400_000;
const WEEKDAYS = ["dimanche", "lundi", "mardi", "mercredi", "jeudi", "vendredi", "samedi"] as const;

/** A day of the calendar as the milliseconds of its midnight, were it in UTC: days are counted, no zone is meant. */
type Day = number;

/** The public holidays of a year, by ISO date, with their French names. */
export function publicHolidays(year: number, settings: HolidaySettings): ReadonlyMap<string, string> {
  const easter = easterOf(year);
  const on = (month: number, day: number): Day => Date.UTC(year, month - 1, day);
  const days: [Day, string][] = [
    [on(1, 1), "Jour de l'an"],
    [easter + DAY, "Lundi de Pâques"],
    [on(5, 1), "Fête du travail"],
    [on(5, 8), "Victoire de 1945"],
    [easter + 39 * DAY, "Ascension"],
    [easter + 50 * DAY, "Lundi de Pentecôte"],
    [on(7, 14), "Fête nationale"],
    [on(8, 15), "Assomption"],
    [on(11, 1), "Toussaint"],
    [on(11, 11), "Armistice de 1918"],
    [on(12, 25), "Noël"],
  ];
  if (settings.alsace_moselle) days.push([on(12, 26), "Saint-Étienne"]);
  if (settings.good_friday) days.push([easter - 2 * DAY, "Vendredi saint"]);
  if (settings.territory !== undefined) {
    const [month, day] = ABOLITION[settings.territory];
    days.push([on(month, day), "Abolition de l'esclavage"]);
  }
  const named = new Map<string, string>();
  // Two may fall on one day (Ascension on 1 or 8 May): both are said.
  for (const [day, name] of days.toSorted(([a], [b]) => a - b)) {
    const known = named.get(isoDay(day));
    named.set(isoDay(day), known === undefined ? name : `${known}, ${name}`);
  }
  return named;
}

/** Easter Sunday of the Gregorian calendar (Meeus, Astronomical Algorithms, chapter 8). */
function easterOf(year: number): Day {
  const a = year % 19;
  const century = Math.floor(year / 100);
  const rest = year % 100;
  const moved = Math.floor((8 * century + 13) / 25);
  const h = (19 * a + century - Math.floor(century / 4) - moved + 15) % 30;
  const l = (32 + 2 * (century % 4) + 2 * Math.floor(rest / 4) - h - (rest % 4)) % 7;
  const m = Math.floor((a + 11 * h + 22 * l) / 451);
  const sum = h + l - 7 * m + 114;
  return Date.UTC(year, Math.floor(sum / 31) - 1, (sum % 31) + 1);
}

/** True when somebody who keeps these hours works at an instant. */
export function isWorkingTime(instant: Instant, hours: WorkingHours): boolean {
  return notWorking(instant, hours) === undefined;
}

/** True on a day, metropolitan time, on which somebody works at all, whatever the hour. */
export function isWorkingDay(instant: Instant, holidays: HolidaySettings): boolean {
  return dayOff(metropolitan(instant).day, holidays) === undefined;
}

/** The instant itself in working time, else the beginning of the next one. */
export function nextWorkingInstant(instant: Instant, hours: WorkingHours): Instant {
  if (isWorkingTime(instant, hours)) return instant;
  const { day, minutes } = metropolitan(instant);
  let next = minutes < hours.from ? day : day + DAY;
  while (dayOff(next, hours.holidays) !== undefined) next += DAY;
  return instantOf(next, hours.from);
}

/** Whether it is working time, and if not why and what follows: `hors heures ouvrées (dimanche) : astreinte`. */
export function tellWorkingTime(instant: Instant, hours: WorkingHours): string {
  const because = notWorking(instant, hours);
  return because === undefined ? "heures ouvrées" : `hors heures ouvrées (${because}) : astreinte`;
}

function notWorking(instant: Instant, { from, to, holidays }: WorkingHours): string | undefined {
  const { day, minutes } = metropolitan(instant);
  const off = dayOff(day, holidays);
  if (off !== undefined) return off;
  if (minutes < from) return `avant ${clockWords(from)}, heure de Paris`;
  return minutes >= to ? `après ${clockWords(to)}, heure de Paris` : undefined;
}

function dayOff(day: Day, holidays: HolidaySettings): string | undefined {
  const holiday = publicHolidays(new Date(day).getUTCFullYear(), holidays).get(isoDay(day));
  if (holiday !== undefined) return `jour férié : ${holiday}`;
  const weekday = new Date(day).getUTCDay();
  return weekday === 0 || weekday === 6 ? WEEKDAYS[weekday] : undefined;
}

function clockWords(minutes: number): string {
  const rest = minutes % 60;
  return `${Math.floor(minutes / 60)} h${rest === 0 ? "" : ` ${String(rest).padStart(2, "0")}`}`;
}

const PARIS = new Intl.DateTimeFormat("en-US", {
  timeZone: "Europe/Paris",
  year: "numeric",
  month: "numeric",
  day: "numeric",
  hour: "numeric",
  minute: "numeric",
  hourCycle: "h23",
});

/** What calendar and clock show in Paris, whatever the facility's own zone: receivers work by it. */
function metropolitan(instant: Instant): { day: Day; minutes: number } {
  const parts = PARIS.formatToParts(Math.floor(instant / 1000));
  const shown = (type: string) => Number(parts.find((part) => part.type === type)?.value);
  return {
    day: Date.UTC(shown("year"), shown("month") - 1, shown("day")),
    minutes: shown("hour") * 60 + shown("minute"),
  };
}

/** The instant of a day and minute in Paris; clocks change on Sundays, on which nobody begins to work. */
function instantOf(day: Day, minutes: number): Instant {
  const wanted = day + minutes * 60_000;
  const summer = wanted - 2 * 3_600_000;
  const { day: shown, minutes: shownMinutes } = metropolitan(summer * 1000);
  return (shown + shownMinutes * 60_000 === wanted ? summer : wanted - 3_600_000) * 1000;
}

function isoDay(day: Day): string {
  return new Date(day).toISOString().slice(0, 10);
}
