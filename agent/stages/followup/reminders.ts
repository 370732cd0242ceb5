import type { Message } from "../../../connectors/contract.ts";
import { type Instant, MICROSECONDS } from "../../core/clock.ts";
import { EXCHANGE_PARTIES } from "../../core/exchange.ts";
import { underDefenceSecret } from "../../core/fact.ts";
import type { Write } from "../../store/store.ts";
import { formatInstant } from "../french.ts";
import { byDay } from "../when-told.ts";
import { currentDeclaration, planEffect, type Setup, type Work } from "../work.ts";
import { owesNotice } from "./purpose.ts";
import { settleRequests } from "./settle-requests.ts";

/*
 * What follows a declaration is called to mind by day: a request the day before it is due and each day after, a
 * recommendation when it is due and each week after, a notice of resolution the day its text waits and each day after.
 * Each reminder plans the next when it is sent, so that a week of downtime makes one; those due at once for one channel
 * are one message.
 */

/** Reminders of one thing: beyond, whoever was reminded knows. */
const TURNS = 15;
/** The first reminder of a notice that waits: whoever ended the last state may be about to decide on it. */
const NOTICE_AFTER = MICROSECONDS.hour;

const ABOUT = {
  request: { role: "delegate", every: MICROSECONDS.day },
  recommendation: { role: "rssi", every: 7 * MICROSECONDS.day },
  notice: { role: "delegate", every: MICROSECONDS.day },
} as const;

/** What a `reminder` effect carries that calls what follows a declaration to mind. */
export interface FollowUpReminder {
  channel: string;
  event: "follow_up_due";
  /** Those of one channel that are due by then are one message. */
  together: true;
  about: keyof typeof ABOUT;
  /** Id of the request or the recommendation, or the version of the notice. */
  record: string;
  turn: number;
}

export function isFollowUpReminder(payload: unknown): payload is FollowUpReminder {
  return (payload as Partial<FollowUpReminder> | null)?.event === "follow_up_due";
}

/** Ends requests that were answered, and plans the first reminder of each thing that waits. */
export function planReminders(work: Work, setup: Setup, now: Instant): void {
  settleRequests(work);
  if (setup.mode === "observe" || underDefenceSecret(work.facts)) return;
  const { state } = work.incident;
  if (state === "closed" || state === "merged") return;
  const plan = (about: FollowUpReminder["about"], record: string, due: Instant) => {
    for (const channel of channelsFor(about, setup))
      planEffect(work, effectOf(work, setup, { channel, about, record, turn: 1 }, due));
  };
  for (const { id, state, due } of work.exchanges)
    if (state === "open")
      plan("request", id, Math.max(now, (due ?? now + 2 * MICROSECONDS.day) - MICROSECONDS.day));
  for (const { id, state, due } of work.recommendations)
    if (state === "open" && due !== null) plan("recommendation", id, Math.max(now, due));
  const text = currentDeclaration(work);
  if (text?.kind === "resolution" && text.state === "draft" && owesNotice(work))
    plan("notice", String(text.version), now + NOTICE_AFTER);
}

/** The reminder after this one; none once there were enough. */
export function nextReminder(work: Work, setup: Setup, reminder: FollowUpReminder, now: Instant): Write[] {
  if (reminder.turn >= TURNS) return [];
  const { channel, about, record, turn } = reminder;
  const next = { channel, about, record, turn: turn + 1 };
  const effect = { ...effectOf(work, setup, next, now + ABOUT[about].every), incident: work.incident.id };
  return [{ write: "plan", effect }];
}

/** What a reminder says of one thing, in French; undefined once it waits no more. */
export function reminderLine(
  work: Work,
  setup: Setup,
  reminder: FollowUpReminder,
  now: Instant,
): string | undefined {
  const { state, reference } = work.incident;
  if (setup.mode === "observe" || underDefenceSecret(work.facts)) return undefined;
  if (state === "closed" || state === "merged") return undefined;
  const { about, record } = reminder;
  const at = (instant: Instant) => formatInstant(instant, setup.facility.time_zone);
  if (about === "request") {
    const request = work.exchanges.find(({ id }) => id === record);
    if (request?.state !== "open") return undefined;
    const due = request.due ?? null;
    const until =
      due === null
        ? "sans date donnée"
        : due <= now
          ? `attendue depuis le ${at(due)}`
          : `attendue avant le ${at(due)}`;
    return `${reference} : réponse à la demande de précisions ${ofAuthority(EXCHANGE_PARTIES[request.party])}, ${until}`;
  }
  if (about === "recommendation") {
    const found = work.recommendations.find(({ id }) => id === record);
    if (found?.state !== "open" || found.due === null) return undefined;
    return `${reference} : recommandation ${ofAuthority(found.from)}, à faire avant le ${at(found.due)}`;
  }
  const text = currentDeclaration(work);
  if (String(text?.version) !== record || text?.kind !== "resolution" || text.state !== "draft")
    return undefined;
  return `${reference} : l'avis de résolution attend votre décision (D.1111-16-3)`;
}

/** Names an authority only: a message carries nothing that someone typed. */
function ofAuthority(from: string): string {
  const { other: _, ...authorities } = EXCHANGE_PARTIES;
  const named = Object.values(authorities).find((label) => from === label || from.startsWith(`${label} (`));
  return named === undefined ? "d'un tiers" : `de ${named}`;
}

/** Things named in one message. */
const NAMED = 10;

/** One message of all that waits for one channel; undefined when nothing does any more. */
export function reminderMessage(
  lines: readonly { line: string; incident: string }[],
  { key, setup, now, page }: { key: string; setup: Setup; now: Instant; page: (path: string) => string },
): Message | undefined {
  const [first] = lines;
  if (first === undefined) return undefined;
  const incidents = new Set(lines.map(({ incident }) => incident));
  const incident = incidents.size === 1 ? first.incident : null;
  const exercise = setup.mode === "exercise";
  const more = lines.length > NAMED ? ` ; et ${lines.length - NAMED} autres` : "";
  const told = lines.slice(0, NAMED).map(({ line }) => line);
  const subject =
    lines.length === 1 ? "suivi : une réponse attendue" : `suivi : ${lines.length} points en attente`;
  return {
    key,
    facility: setup.facility.id,
    incident,
    event: "follow_up_due",
    exercise,
    subject: setup.masks.text(`${exercise ? "EXERCICE : " : ""}${subject}`, { incident }),
    text: setup.masks.text(`${setup.facility.name}. ${told.join(" ; ")}${more}.`, { incident }),
    link: page(incident === null ? "incidents?etat=declared" : `incidents/${incident}/suivi`),
    occurred: now,
  };
}

/** Whom a thing is called to mind of: the RSSI for what is to be done, whoever decides where the RSSI has no channel. */
function channelsFor(about: FollowUpReminder["about"], { notify }: Setup): string[] {
  const forRole = (role: "rssi" | "delegate") =>
    notify.filter((channel) => channel.for.includes(role)).map(({ id }) => id);
  const [first, second] = [forRole(ABOUT[about].role), forRole("delegate")];
  return first.length > 0 ? first : second;
}

function effectOf(
  { incident }: Work,
  { facility }: Setup,
  reminder: Omit<FollowUpReminder, "event" | "together">,
  due: Instant,
) {
  const { channel, about, record, turn } = reminder;
  const payload: FollowUpReminder = { event: "follow_up_due", together: true, ...reminder };
  return {
    key: `follow_up:${facility.id}:${channel}:${incident.id}:${about}:${record}:${turn}`,
    kind: "reminder" as const,
    due: byDay(due, facility.time_zone),
    payload,
  };
}
