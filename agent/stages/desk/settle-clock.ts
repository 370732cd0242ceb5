import type { Instant } from "../../core/clock.ts";
import type { Deadline } from "../../core/deadline.ts";
import type { Act } from "../../core/person.ts";
import { type ActOn, type Actor, badReason, type Refused, refuse } from "../person-act.ts";
import { impossible } from "../possible-instant.ts";
import type { Setup, Work } from "../work.ts";
import type { ClockSettlement, ClocksDesk } from "./desk.ts";

/** Who may write what a text counts from: who settles it, or the delegate, the director and the RSSI in their name. */
const RIGHT: Act = "settle_clock";
/** Longest name of who settles. */
const NAME_LENGTH = 200;

/** Builds the part of the desk where a person settles what a clock counts from. */
export function clocksDesk({ setup, actOn }: { setup: Setup; actOn: ActOn }): ClocksDesk {
  return {
    settleClock: (settlement, actor) =>
      actOn(settlement.incident, actor, RIGHT, (work, now) =>
        settleClock(work, settlement, { actor, now, zone: setup.facility.time_zone }),
      ),
  };
}

/**
 * Settles which instant a clock counts from, with a reason; the other instants stay beside it, and the due time follows
 * when the incident is followed up. What was settled or proposed before stays in the journal.
 */
export function settleClock(
  work: Work,
  { deadline: id, from, at, reason: given, source }: Omit<ClockSettlement, "incident">,
  { actor, now, zone }: { actor: Pick<Actor, "name">; now: Instant; zone: string },
): { outcome: "settled" } | Refused {
  const deadline = work.deadlines.find((each) => each.id === id && each.void !== true);
  if (deadline === undefined) return refuse("unknown_clock", "Ce délai n'existe pas, ou ne court plus.");
  if (deadline.settled_by === undefined && deadline.settled === undefined)
    return refuse(
      "fixed_clock",
      "Le texte dit lui-même depuis quand ce délai compte : il n'est pas à fixer.",
    );
  if (deadline.met !== null) return refuse("clock_met", "Ce qui était dû est fait : le délai ne court plus.");
  const reason = given.trim();
  const who = source.trim();
  const wrong = badReason(reason);
  if (wrong !== undefined) return wrong;
  if (who === "" || who.length > NAME_LENGTH)
    return refuse(
      "source_missing",
      "Dites qui fixe ce délai : le délégué à la protection des données, par exemple.",
    );
  const started = from === "confirmed" ? at : deadline.candidates?.find((each) => each.from === from)?.at;
  if (started === undefined)
    return refuse(
      "unknown_instant",
      "Choisissez l'un des instants proposés, ou donnez celui de la confirmation.",
    );
  const odd = impossible(started, now, zone);
  if (odd !== undefined) return odd;
  // Nobody has known of what had not begun.
  if (started < work.incident.occurred)
    return refuse("before_beginning", "Cet instant est avant le début estimé de l'incident.");
  const { settled_by: _, ...rest } = deadline;
  const settled: Deadline = {
    ...rest,
    from,
    started,
    settled: { at: now, source: who, writer: actor.name, reason },
  };
  work.deadlines = work.deadlines.map((each) => (each.id === id ? settled : each));
  return { outcome: "settled" };
}
