import { type Instant, MICROSECONDS } from "../core/clock.ts";
import { formatInstant } from "./french.ts";
import { type Refused, refuse } from "./person-act.ts";

/** How far a clock at a bedside may be ahead of ours. */
const AHEAD = MICROSECONDS.minute;
/** Nothing that a person tells today began earlier; an older date is a slip of the keys. */
const YEARS = 10;

/** Refuses an instant that cannot be: to come, or so old that it is a slip. */
export function impossible(instant: Instant, now: Instant, zone: string): Refused | undefined {
  const told = formatInstant(instant, zone);
  if (instant > now + AHEAD) return refuse("future_instant", `Le ${told} est dans le futur.`);
  if (instant < now - YEARS * 366 * MICROSECONDS.day)
    return refuse("past_instant", `Le ${told} est il y a plus de ${YEARS} ans : vérifiez l'année.`);
  return undefined;
}
