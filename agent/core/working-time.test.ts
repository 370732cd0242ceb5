import Holidays from "date-holidays";
import { describe, expect, it } from "vitest";
import { type Instant, instantFromIso, isoFromInstant, MICROSECONDS } from "./clock.ts";
import {
  HolidaySettings,
  isWorkingDay,
  isWorkingTime,
  NATIONAL,
  nextWorkingInstant,
  PROCESSING_HOURS,
  publicHolidays,
  tellWorkingTime,
  type WorkingHours,
} from "./working-time.ts";

const YEARS = Array.from({ length: 12 }, (_, n) => 2024 + n);
const at = (iso: string): Instant => {
  const instant = instantFromIso(iso);
  if (instant === undefined) throw new Error(`not an instant: ${iso}`);
  return instant;
};
const settings = (given: object) => HolidaySettings.parse(given);
const ALSACE = settings({ alsace_moselle: true, good_friday: true });

/** What another library holds for public holidays, by ISO date. */
function known(country: string, region: string | undefined, year: number): string[] {
  const oracle = region === undefined ? new Holidays(country) : new Holidays(country, region);
  const days = oracle.getHolidays(year).filter(({ type }) => type === "public");
  return [...new Set(days.map(({ date }) => date.slice(0, 10)))].sort();
}

/** Good Friday as the calendar has it: kept by custom in the Antilles, and no holiday of the whole territory by law. */
const goodFriday = (year: number) =>
  [...publicHolidays(year, ALSACE)].find(([, name]) => name.includes("Vendredi saint"))?.[0];

describe("public holidays", () => {
  it.each([
    ["the whole country", "FR", undefined, NATIONAL],
    ["Moselle", "FR", "57", ALSACE],
    ["Bas-Rhin", "FR", "67", ALSACE],
    ["Haut-Rhin", "FR", "68", ALSACE],
    ["Guyane", "GF", undefined, settings({ territory: "guyane" })],
    ["La Réunion", "RE", undefined, settings({ territory: "la_reunion" })],
    ["Mayotte", "YT", undefined, settings({ territory: "mayotte" })],
  ])("are those of another library in %s, every day of 2024 to 2035", (_, country, region, given) => {
    for (const year of YEARS)
      expect([...publicHolidays(year, given).keys()], `${year}`).toEqual(known(country, region, year));
  });

  it.each([
    ["Guadeloupe", "GP", settings({ territory: "guadeloupe" })],
    ["Martinique", "MQ", settings({ territory: "martinique" })],
  ])("are those of another library in %s but for Good Friday, a custom there", (_, country, given) => {
    for (const year of YEARS)
      expect([...publicHolidays(year, given).keys()], `${year}`).toEqual(
        known(country, undefined, year).filter((day) => day !== goodFriday(year)),
      );
  });

  it("leaves Good Friday to the communes of Alsace-Moselle that keep it", () => {
    expect([...publicHolidays(2026, settings({ alsace_moselle: true })).keys()]).not.toContain("2026-04-03");
    expect(publicHolidays(2026, ALSACE).get("2026-04-03")).toBe("Vendredi saint");
    expect(publicHolidays(2026, ALSACE).get("2026-12-26")).toBe("Saint-Étienne");
  });

  it("names both when two fall on one day", () => {
    expect(publicHolidays(2008, NATIONAL).get("2008-05-01")).toBe("Fête du travail, Ascension");
  });

  it.each([
    [{ good_friday: true }, "Alsace-Moselle only"],
    [{ alsace_moselle: true, territory: "guyane" }, "keep one of them"],
    [{ territory: "corse" }, "Invalid option"],
    [{ alsace: true }, "Unrecognized key"],
  ])("refuses %j", (given, because) => {
    expect(HolidaySettings.safeParse(given).error?.message).toContain(because);
  });
});

describe("working days and hours", () => {
  it("are, at every hour of 2024 to 2035, Monday to Friday from 9 to 18 but on holidays, as another calendar counts", () => {
    const oracle = new Holidays("FR");
    const zone = new Intl.DateTimeFormat("en-CA", {
      timeZone: "Europe/Paris",
      dateStyle: "short",
      timeStyle: "medium",
      hourCycle: "h23",
    });
    const holidays = new Set(
      YEARS.flatMap((year) =>
        oracle.getHolidays(year).flatMap(({ date, type }) => (type === "public" ? date.slice(0, 10) : [])),
      ),
    );
    const wrong: string[] = [];
    const end = at("2035-12-31T22:30:00Z");
    for (let instant = at("2023-12-31T23:30:00Z"); instant <= end; instant += 6 * MICROSECONDS.hour) {
      const [day = "", time = ""] = zone.format(instant / 1000).split(", ");
      const weekday = new Date(day).getUTCDay();
      const day_works = weekday >= 1 && weekday <= 5 && !holidays.has(day);
      const works = day_works && time >= "09:00" && time < "18:00";
      if (isWorkingDay(instant, NATIONAL) !== day_works || isWorkingTime(instant, PROCESSING_HOURS) !== works)
        wrong.push(isoFromInstant(instant));
    }
    expect(wrong).toEqual([]);
  });

  it.each([
    ["Friday, the last second", "2026-11-13T16:59:59.999999Z", "heures ouvrées", null],
    ["Friday at 18 h", "2026-11-13T17:00:00Z", "après 18 h, heure de Paris", "2026-11-16T08:00:00Z"],
    ["Monday before 9 h", "2026-11-16T07:59:59Z", "avant 9 h, heure de Paris", "2026-11-16T08:00:00Z"],
    ["a Sunday night", "2026-11-15T01:10:00Z", "dimanche", "2026-11-16T08:00:00Z"],
    [
      "a holiday in the week",
      "2026-11-11T10:00:00Z",
      "jour férié : Armistice de 1918",
      "2026-11-12T08:00:00Z",
    ],
    ["a holiday that lengthens a week-end", "2026-04-04T10:00:00Z", "samedi", "2026-04-07T07:00:00Z"],
    ["Christmas on a Friday", "2026-12-25T10:00:00Z", "jour férié : Noël", "2026-12-28T08:00:00Z"],
    ["New Year's eve", "2026-12-31T18:00:00Z", "après 18 h, heure de Paris", "2027-01-04T08:00:00Z"],
    ["the Sunday that loses an hour", "2026-03-29T01:30:00Z", "dimanche", "2026-03-30T07:00:00Z"],
    ["the Sunday that gains an hour", "2026-10-25T00:30:00Z", "dimanche", "2026-10-26T08:00:00Z"],
    // 5 in the morning in Guadeloupe, one in the afternoon in La Réunion.
    ["early in Guadeloupe, work in Paris", "2026-11-16T09:00:00Z", "heures ouvrées", null],
    // 21 h on Monday in Guadeloupe is Tuesday in Paris; 10 h on Monday in La Réunion is 7 h in Paris.
    ["the evening before in Guadeloupe", "2026-11-17T01:00:00Z", "avant 9 h", "2026-11-17T08:00:00Z"],
    ["the morning in La Réunion", "2026-11-16T06:00:00Z", "avant 9 h", "2026-11-16T08:00:00Z"],
  ])("says of %s what it is, and when work begins", (_, iso, words, next) => {
    const instant = at(iso);
    const working = words === "heures ouvrées";
    expect(isWorkingTime(instant, PROCESSING_HOURS)).toBe(working);
    const told = tellWorkingTime(instant, PROCESSING_HOURS);
    if (working) expect(told).toBe(words);
    else expect(told).toMatch(new RegExp(`^hors heures ouvrées \\(${words}[^)]*\\) : astreinte$`));
    expect(nextWorkingInstant(instant, PROCESSING_HOURS)).toBe(next === null ? instant : at(next));
  });

  it.each([
    ["Guadeloupe", { territory: "guadeloupe" }, "2027-05-27T10:00:00Z"],
    ["La Réunion", { territory: "la_reunion" }, "2027-12-20T10:00:00Z"],
    ["Alsace-Moselle", { alsace_moselle: true }, "2028-12-26T10:00:00Z"],
  ])("closes who keeps the holidays of %s, and nobody in Paris", (_, given, iso) => {
    const local: WorkingHours = { ...PROCESSING_HOURS, holidays: settings(given) };
    expect(isWorkingTime(at(iso), local)).toBe(false);
    expect(tellWorkingTime(at(iso), local)).toContain("jour férié");
    expect(isWorkingTime(at(iso), PROCESSING_HOURS)).toBe(true);
  });

  it("always finds the first instant of work: none before it is one", () => {
    for (
      let instant = at("2026-12-18T17:00:00Z");
      instant < at("2027-01-08T00:00:00Z");
      instant += 7_200_000_000
    ) {
      const next = nextWorkingInstant(instant, PROCESSING_HOURS);
      expect(isWorkingTime(next, PROCESSING_HOURS)).toBe(true);
      if (next > instant) expect(isWorkingTime(next - 1, PROCESSING_HOURS)).toBe(false);
      for (let between = instant; between < next; between += MICROSECONDS.hour)
        expect(isWorkingTime(between, PROCESSING_HOURS)).toBe(false);
    }
  });
});
