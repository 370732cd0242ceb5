import { type Instant, MICROSECONDS } from "../core/clock.ts";
import type { FrenchTime } from "./french-time.ts";

/** The instant typed as a date and a time; undefined when no time was; a French sentence when it cannot be. */
export function typedInstant(
  typed: { date: string; time: string },
  time: FrenchTime,
  now: Instant,
): Instant | undefined | string {
  const today = time.date(now);
  if (typed.time === "") {
    // Another day without its hour is no "now".
    if (typed.date !== "" && typed.date !== today) return "Donnez aussi l'heure de ce jour-là.";
    return undefined;
  }
  const since = time.instantOf(typed.date === "" ? today : typed.date, typed.time);
  if (since === undefined)
    return "Cette heure n'est pas lisible, ou n'existe pas ce jour-là (changement d'heure).";
  if (since > now + MICROSECONDS.minute) return "Cette heure est dans le futur : vérifiez la date.";
  return since;
}
