import type { Message } from "../../../connectors/contract.ts";
import { type Instant, MICROSECONDS } from "../../core/clock.ts";
import { type Account, lapsingAct, reviewDueSince } from "../../core/person.ts";
import type { Write } from "../../store/store.ts";
import { formatInstant, monthOf, shiftMonth } from "../french.ts";
import { planMonthly } from "../plan-monthly.ts";
import type { Setup } from "../work.ts";

/*
 * Every account is reviewed once a year, and a delegation that ends asks for a new act: the RSSI hears of what waits once
 * a month, by day, until it is done. Each month plans the next; a month in which nothing waits says nothing.
 */

/** The longest month and the changes of clocks in it: what ends on its last day is told on its first. */
const AHEAD = 31 * MICROSECONDS.day + MICROSECONDS.hour;
/** People named in a message. */
const NAMED = 8;

/** What a `reminder` effect carries that calls reviews and delegations to mind. */
export interface ReviewPayload {
  channel: string;
  /** The month in which it is told, `2026-11`. */
  reviews: string;
}

export function isReviewReminder(payload: unknown): payload is ReviewPayload {
  return typeof (payload as Partial<ReviewPayload> | null)?.reviews === "string";
}

/** The reminders of the month of an instant, or of the month after it; one a channel of the RSSI. */
export function planReviews(
  now: Instant,
  setup: Pick<Setup, "mode" | "facility" | "notify">,
  { after = false }: { after?: boolean } = {},
): Write[] {
  const running = monthOf(now, setup.facility.time_zone);
  const month = after ? shiftMonth(running, 1) : running;
  const payload: Omit<ReviewPayload, "channel"> = { reviews: month };
  return planMonthly(month, setup, { name: "reviews", payload });
}

/** Writes the reminder of reviews that are due and delegations that end; undefined when nothing waits. */
export function reviewMessage(
  accounts: readonly Account[],
  { key, setup, now, link }: { key: string; setup: Setup; now: Instant; link: string },
): Message | undefined {
  if (setup.mode === "observe") return undefined;
  const zone = setup.facility.time_zone;
  const late = accounts.filter((account) => reviewDueSince(account, now) !== undefined);
  const ending = accounts.flatMap((account) => {
    const act = lapsingAct(account, now, AHEAD);
    return act === undefined ? [] : [`${account.name} (${formatInstant(act.until, zone)})`];
  });
  if (late.length === 0 && ending.length === 0) return undefined;
  const exercise = setup.mode === "exercise";
  const told = { incident: null };
  const subject = `${exercise ? "EXERCICE : " : ""}comptes à revoir, délégations à renouveler`;
  const names = late.map(({ name }) => name);
  const text = [
    `${setup.facility.name}.`,
    ...(late.length > 0 ? [`Sans revue depuis plus d'un an : ${listed(names)}.`] : []),
    ...(ending.length > 0 ? [`Délégations qui finissent d'ici un mois : ${listed(ending)}.`] : []),
    "Voyez « Personnes et accès ».",
  ].join(" ");
  return {
    key,
    facility: setup.facility.id,
    incident: null,
    event: "review_due",
    exercise,
    subject: setup.masks.text(subject, told),
    text: setup.masks.text(text, told),
    link,
    occurred: now,
  };
}

function listed(names: readonly string[]): string {
  const more = names.length > NAMED ? ` et ${names.length - NAMED} autres` : "";
  return `${names.slice(0, NAMED).join(", ")}${more}`;
}
