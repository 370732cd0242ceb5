import type { Message } from "../../connectors/contract.ts";
import type { Instant } from "../core/clock.ts";
import type { Closing } from "../core/closing.ts";
import type { Reads, Write } from "../store/store.ts";
import { monthName, monthOf, shiftMonth } from "./french.ts";
import { planMonthly } from "./plan-monthly.ts";
import type { Setup } from "./work.ts";

/*
 * What the machine closed in a month is signed off by a person: a list that waits for a signature is called to mind on
 * the first of each month, by day, until it is signed. The first closing of a month plans it, in the same unit.
 */

/** Records read at once. */
const PAGE = 500;
/** Months named in a message. */
const NAMED = 6;

/** What a `reminder` effect carries that calls unsigned months to mind. */
export interface SignOffPayload {
  channel: string;
  /** The month in which it is told: the lists are those of the months before. */
  signOff: string;
}

export function isSignOff(payload: unknown): payload is SignOffPayload {
  return typeof (payload as Partial<SignOffPayload> | null)?.signOff === "string";
}

/** The reminders that a closing of one month makes due on the first of the next, one a channel of the RSSI. */
export function planSignOff(month: string, setup: Setup): Write[] {
  const told = shiftMonth(month, 1);
  const payload: Omit<SignOffPayload, "channel"> = { signOff: told };
  return planMonthly(told, setup, { name: "sign_off", payload });
}

/** The months that are over, in which the machine closed something, and whose list nobody has signed; oldest first. */
export async function unsignedMonths(
  reads: Reads,
  { facility, zone, now }: { facility: string; zone: string; now: Instant },
): Promise<string[]> {
  const running = monthOf(now, zone);
  const signed = await reads.countByState(facility, "sign_off");
  const months = Object.keys(await reads.countByState(facility, "closing"));
  const waiting: string[] = [];
  for (const month of months.filter((each) => each < running && signed[each] === undefined).sort())
    if (await hasMachineClosing(reads, facility, month)) waiting.push(month);
  return waiting;
}

/** What people closed was signed by closing it. */
async function hasMachineClosing(reads: Reads, facility: string, month: string): Promise<boolean> {
  for (let after: string | undefined; ; ) {
    const page = await reads.byState(facility, "closing", [month], { limit: PAGE, after });
    const closings: Closing[] = page.map(({ content }) => content);
    if (closings.some(({ by }) => by === "machine")) return true;
    after = closings.at(-1)?.id;
    if (page.length < PAGE) return false;
  }
}

/** Writes the reminder of lists that wait for a signature; undefined when none does any more. */
export function signOffMessage(
  months: readonly string[],
  { key, setup, now, page }: { key: string; setup: Setup; now: Instant; page: (month: string) => string },
): Message | undefined {
  const [oldest] = months;
  if (oldest === undefined || setup.mode === "observe") return undefined;
  const exercise = setup.mode === "exercise";
  const names = months.slice(0, NAMED).map(monthName).join(", ");
  const more = months.length > NAMED ? ` et ${months.length - NAMED} autres mois` : "";
  const lists = months.length === 1 ? "la liste n'est pas signée" : "les listes ne sont pas signées";
  const subject = `${exercise ? "EXERCICE : " : ""}clôtures automatiques à relire et à signer`;
  const text = `${setup.facility.name}. ${names}${more} : ${lists}. Chaque clôture automatique est une non-déclaration, que le RSSI relit.`;
  return {
    key,
    facility: setup.facility.id,
    incident: null,
    event: "sign_off_due",
    exercise,
    subject: setup.masks.text(subject, { incident: null }),
    text: setup.masks.text(text, { incident: null }),
    link: page(oldest),
    occurred: now,
  };
}
