import { readWholeDate } from "../../../connectors/shared/read-date.ts";
import { type Instant, MICROSECONDS } from "../../core/clock.ts";
import { dayOf } from "../law/regimes-of.ts";

/** A week of a facility: from Monday 00:00 to the next, on its clocks. */
export interface Week {
  /** The Monday, `2026-11-16`. */
  monday: string;
  from: Instant;
  /** Excluded. */
  to: Instant;
}

/** The week of a day `2026-11-18`; undefined when it is no day. */
export function weekOf(day: string, zone: string): Week | undefined {
  const date = new Date(`${day}T12:00:00Z`);
  if (!/^\d{4}-\d{2}-\d{2}$/.test(day) || Number.isNaN(date.getTime())) return undefined;
  if (date.toISOString().slice(0, 10) !== day) return undefined;
  date.setUTCDate(date.getUTCDate() - ((date.getUTCDay() + 6) % 7));
  const monday = date.toISOString().slice(0, 10);
  date.setUTCDate(date.getUTCDate() + 7);
  const [from, to] = [monday, date.toISOString().slice(0, 10)].map((each) =>
    readWholeDate(`${each}T00:00:00`, { received: 0, zone }),
  );
  return from === undefined || to === undefined ? undefined : { monday, from, to };
}

/** The last week that was over at an instant. */
export function lastWeek(now: Instant, zone: string): Week | undefined {
  const running = weekOf(dayOf(now, zone), zone);
  return running && weekOf(dayOf(running.from - MICROSECONDS.day, zone), zone);
}
