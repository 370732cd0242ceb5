import { readWholeDate } from "../../../connectors/shared/read-date.ts";
import type { Instant } from "../../core/clock.ts";

/** One year of a facility, on its clocks. */
export interface Year {
  year: number;
  from: Instant;
  /** Excluded. */
  to: Instant;
  /** When each of its months begins, and then the end of the year. */
  months: readonly Instant[];
}

/** The bounds of a year and of its months in a zone; undefined for what is no year of ours. */
export function yearIn(year: number, zone: string): Year | undefined {
  if (!Number.isInteger(year) || year < 1990 || year > 2200) return undefined;
  const months = Array.from({ length: 13 }, (_, month) => {
    const day = `${year + Math.floor(month / 12)}-${String((month % 12) + 1).padStart(2, "0")}-01`;
    return readWholeDate(`${day}T00:00:00`, { received: 0, zone });
  });
  const [from, to] = [months[0], months[12]];
  const known = months.filter((each) => each !== undefined);
  return from === undefined || to === undefined || known.length < 13
    ? undefined
    : { year, from, to, months: known };
}

/** The month of a year in which an instant falls, 0 for January; undefined outside of it. */
export function monthIn({ months }: Year, instant: Instant): number | undefined {
  const next = months.findIndex((each) => instant < each);
  return next <= 0 ? undefined : next - 1;
}
