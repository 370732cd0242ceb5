import type { Message } from "../../../connectors/contract.ts";
import { readWholeDate } from "../../../connectors/shared/read-date.ts";
import { type Instant, MICROSECONDS } from "../../core/clock.ts";
import type { Incident, IncidentState } from "../../core/incident.ts";
import { onCallAt, ROSTER_ROLES, type RosterRole } from "../../core/roster.ts";
import type { Reads, Write } from "../../store/store.ts";
import type { Setup } from "../work.ts";

/*
 * The hand-over: each morning who is on call hears what the night was, what is open and who follows. Each message plans
 * the next one; a daemon that was down for days sends one at most, and none that is hours late.
 */

export interface HandoverPayload {
  channel: string;
  /** The morning, `2026-11-16`. */
  handover: string;
}

export function isHandover(payload: unknown): payload is HandoverPayload {
  return typeof (payload as Partial<HandoverPayload> | null)?.handover === "string";
}

/** States in which something is left to do. */
export const UNFINISHED: readonly IncidentState[] = [
  "open",
  "in_review",
  "approved",
  "declared",
  "facts_ended",
];
/** A summary of the morning serves until noon. */
export const TOO_LATE = 4 * MICROSECONDS.hour;
/** Incidents read for a summary. */
const MOST_READ = 200;

/** The messages of the next morning, one a channel of who is on call; none where none is configured. */
export function planHandover(setup: Setup, now: Instant): Write[] {
  const { handover, mode, facility } = setup;
  if (handover === undefined || mode === "observe") return [];
  const dueOn = (day: Instant) => {
    const date = new Intl.DateTimeFormat("en-CA", {
      timeZone: facility.time_zone,
      dateStyle: "short",
    }).format(day / 1000);
    const due = readWholeDate(`${date}T${handover.at}:00`, { received: 0, zone: facility.time_zone });
    return due === undefined ? undefined : { date, due };
  };
  const next = [now, now + MICROSECONDS.day, now + 2 * MICROSECONDS.day]
    .map(dueOn)
    .find((each) => each !== undefined && each.due > now);
  if (next === undefined) return [];
  return setup.notify
    .filter((channel) => channel.for.includes("on_call") || channel.for.includes("delegate"))
    .map(({ id: channel }) => {
      const payload: HandoverPayload = { channel, handover: next.date };
      const key = `handover:${facility.id}:${channel}:${next.date}`;
      return { write: "plan", effect: { key, kind: "reminder", incident: null, due: next.due, payload } };
    });
}

/** What happened since an instant and what is left to do, newest first; bounded. */
export async function summaryOf(
  reads: Reads,
  facility: string,
  since: Instant,
): Promise<{ fresh: Incident[]; unfinished: Incident[]; more: boolean }> {
  const [latest, left] = await Promise.all([
    reads.byState(facility, "incident", [], { limit: MOST_READ }),
    reads.byState(facility, "incident", UNFINISHED, { limit: MOST_READ }),
  ]);
  const fresh = latest
    .map(({ content }) => content)
    .filter(
      ({ first_alert, found, state }) => Math.max(first_alert, found ?? 0) >= since && state !== "merged",
    );
  const unfinished = left.map(({ content }) => content);
  return { fresh, unfinished, more: latest.length === MOST_READ || left.length === MOST_READ };
}

/** Writes the morning's message: numbers and references, no evidence. */
export async function handoverMessage(
  reads: Reads,
  { key, setup, now, link }: { key: string; setup: Setup; now: Instant; link: string },
): Promise<Message | undefined> {
  if (setup.mode === "observe") return undefined;
  const { fresh, unfinished } = await summaryOf(reads, setup.facility.id, now - MICROSECONDS.day);
  const waiting = unfinished.filter(({ state }) => state === "in_review" || state === "approved");
  const opened = fresh.filter(({ state }) => state !== "candidate");
  const book = setup.calls?.rosters.current();
  const turn = (role: RosterRole) => {
    const first = book && onCallAt(book, role, now)[0];
    return first === undefined ? "" : ` ${ROSTER_ROLES[role]} : ${first.who}.`;
  };
  const text = `${setup.facility.name}. En 24 heures : ${count(opened.length, "incident")}. À suivre : ${unfinished.length}, dont ${waiting.length} en attente de décision ou de dépôt.${turn("on_call")}${turn("delegate")}`;
  const exercise = setup.mode === "exercise";
  const none = { incident: null };
  return {
    key,
    facility: setup.facility.id,
    incident: null,
    event: "handover",
    exercise,
    subject: setup.masks.text(`${exercise ? "EXERCICE : " : ""}relève du matin`, none),
    text: setup.masks.text(text, none),
    link,
    occurred: now,
  };
}

const count = (n: number, word: string) => (n === 0 ? `aucun ${word}` : `${n} ${word}${n > 1 ? "s" : ""}`);
