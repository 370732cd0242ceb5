import type { Message } from "../../../connectors/contract.ts";
import type { DutyRegime } from "../../../rules/regimes/regime.ts";
import type { Instant } from "../../core/clock.ts";
import { type Account, delegationAt } from "../../core/person.ts";
import type { Write } from "../../store/store.ts";
import { TOGETHER_WAIT } from "../notify.ts";
import { hasContact } from "../roster/people-to-call.ts";
import type { Setup, Work } from "../work.ts";
import { type DutyStep, stepKey } from "./duty-steps.ts";

/** What a `reminder` effect carries that tells whoever approves of a step of a duty. */
export interface DutyReminder {
  channel: string;
  event: "duty_due";
  /** Those of one channel and person that are due by then are one message. */
  together: true;
  duty: DutyStep;
  /** Account of the person, for a channel without a target of its own. */
  to?: string;
}

export function isDutyReminder(payload: unknown): payload is DutyReminder {
  return (payload as Partial<DutyReminder> | null)?.event === "duty_due";
}

/** By which channel a step is told, to which person where the channel has no target of its own. */
interface Told {
  channel: string;
  to?: string;
}

/**
 * Whom a step is told: the first role among the approvers that a channel reaches, by the channels made for it, else by
 * those that reach any person. Nobody where no approver can be reached: who declares is not called for what is not theirs.
 */
export function dutyReaches(
  { notify }: Pick<Setup, "notify">,
  { approvers }: Pick<DutyRegime, "approvers">,
  accounts: readonly Account[],
  now: Instant,
): Told[] {
  const reached = (role: DutyRegime["approvers"][number]): Told[] => {
    const people = accounts.filter(
      (account) =>
        account.active &&
        account.role === role &&
        account.emergency === undefined &&
        delegationAt(account, now) !== "lapsed",
    );
    const by = (channels: Setup["notify"]) =>
      channels.flatMap(({ id, reaches }): Told[] =>
        reaches === undefined
          ? [{ channel: id }]
          : people.filter((each) => hasContact(each, reaches)).map((each) => ({ channel: id, to: each.id })),
      );
    const own = by(notify.filter((channel) => channel.for.includes(role)));
    // A voice is for who must be woken: a duty is told in writing unless a voice was made for its role.
    const any = () => by(notify.filter(({ reaches, speaks }) => reaches !== undefined && speaks !== true));
    return own.length > 0 ? own : any();
  };
  for (const role of approvers) {
    const found = reached(role);
    if (found.length > 0) return found;
  }
  return [];
}

/** The messages of a step, one a channel and person, to be told with the others that are due then. */
export function planDutyReminders(
  { incident }: Work,
  { facility }: Pick<Setup, "facility">,
  { duty, reaches, now }: { duty: DutyStep; reaches: readonly Told[]; now: Instant },
): Write[] {
  return reaches.map(({ channel, to }): Write => {
    const payload: DutyReminder = {
      channel,
      event: "duty_due",
      together: true,
      duty,
      ...(to !== undefined && { to }),
    };
    const key = `duty_due:${facility.id}:${channel}:${incident.id}:${to ?? ""}:${stepKey(duty)}`;
    const due = now + TOGETHER_WAIT;
    return { write: "plan", effect: { key, kind: "reminder", incident: incident.id, due, payload } };
  });
}

/** Steps named in one message. */
const NAMED = 10;

/** One message of the steps that are told by one channel; undefined when none is true any more. */
export function dutyMessage(
  lines: readonly { line: string; incident: string; regime: string; over: boolean }[],
  { key, setup, now, page }: { key: string; setup: Setup; now: Instant; page: (path: string) => string },
): Message | undefined {
  const [first] = lines;
  if (first === undefined) return undefined;
  const incident = lines.every((each) => each.incident === first.incident) ? first.incident : null;
  const one = lines.every(({ regime }) => regime === first.regime);
  const exercise = setup.mode === "exercise";
  const more = lines.length > NAMED ? ` ; et ${lines.length - NAMED} autres` : "";
  const late = lines.some(({ over }) => over) ? ", DÉLAI DÉPASSÉ" : "";
  const subject =
    lines.length === 1
      ? `une autre obligation attend votre décision${late}`
      : `${lines.length} rappels d'autres obligations${late}`;
  const path = one ? `/obligations/${encodeURIComponent(first.regime)}` : "/obligations";
  return {
    key,
    facility: setup.facility.id,
    incident,
    event: "duty_due",
    exercise,
    subject: setup.masks.text(`${exercise ? "EXERCICE : " : ""}${subject}`, { incident }),
    text: setup.masks.text(
      `${setup.facility.name}. ${lines
        .slice(0, NAMED)
        .map(({ line }) => line)
        .join(". ")}${more}.`,
      { incident },
    ),
    link: page(incident === null ? "incidents" : `incidents/${incident}${path}`),
    occurred: now,
  };
}
