import type { Attempt, AttemptContext, Message } from "../../connectors/contract.ts";
import { type Instant, MICROSECONDS } from "../core/clock.ts";
import { DECLARATION_STATES } from "../core/declaration.ts";
import { underDefenceSecret } from "../core/fact.ts";
import { byDay, isLateNews, TOLD } from "./when-told.ts";
import { currentDeclaration, planEffect, type Setup, unfiledDeclaration, type Work } from "./work.ts";

export type Telling = Message["event"];

/** What a `notify` effect carries; the words are made when it is sent, from what is true then. */
export interface NotifyPayload {
  channel: string;
  event: Telling;
  /** A person asked for it. */
  asked?: true;
}

/** How often an approved declaration that is not filed is called to mind. */
const NAG_EVERY = 15 * MICROSECONDS.minute;
/** No more reminders than this for one approval. */
const NAG_TIMES = 96;

/** Begins the key of a call that a person asked for. */
const ASKED_KEY = "asked:";
/** Ends the key of a call that waits for the morning. */
const LATE_KEY = ":late";

/** Plans who must be told of the state an incident has come to; a key plans each message once. */
export function notify(work: Work, setup: Setup, now: Instant): void {
  if (setup.mode === "observe" || underDefenceSecret(work.facts)) return;
  const told = TOLD[work.incident.state];
  if (told.includes("on_call"))
    plan(work, setup, { event: "incident_opened", role: "on_call", key: "incident_opened", due: now });
  if (!told.includes("delegate")) return;
  const key = `decision_needed:${work.decisions.length}`;
  // A key of its own: what happens live meanwhile must not find its call already planned for the morning.
  const telling = isLateNews(work)
    ? { key: `${key}${LATE_KEY}`, due: byDay(now, setup.facility.time_zone) }
    : { key, due: now };
  plan(work, setup, { event: "decision_needed", role: "delegate", ...telling });
}

/** Tells the delegate because a person who states a fact wants it, whatever the evaluation says. */
export function callDelegate(work: Work, setup: Setup, { fact, now }: { fact: string; now: Instant }): void {
  if (setup.mode === "observe" || underDefenceSecret(work.facts)) return;
  const key = `${ASKED_KEY}${fact}`;
  plan(work, setup, { event: "incident_opened", role: "delegate", key, due: now, asked: true });
}

/** Plans the next reminder that an approved text is not filed. */
export function planNag(work: Work, setup: Setup, now: Instant, turn = 1): void {
  if (setup.mode === "observe" || turn > NAG_TIMES) return;
  const declaration = unfiledDeclaration(work);
  if (declaration === undefined) return;
  const key = `not_filed:${declaration.id}/${declaration.version}:${turn}`;
  plan(work, setup, { event: "not_filed", role: "delegate", key, due: now + NAG_EVERY });
}

function plan(
  work: Work,
  setup: Setup,
  telling: { event: Telling; role: "on_call" | "delegate"; key: string; due: Instant; asked?: true },
): void {
  for (const channel of setup.notify) {
    if (!channel.for.includes(telling.role)) continue;
    const payload: NotifyPayload = {
      channel: channel.id,
      event: telling.event,
      ...(telling.asked && { asked: true }),
    };
    planEffect(work, {
      key: `notify:${setup.facility.id}:${channel.id}:${work.incident.id}:${telling.key}`,
      kind: telling.event === "not_filed" ? "reminder" : "notify",
      due: telling.due,
      payload,
    });
  }
}

/** Writes the message of a planned telling; undefined when it is no longer true. */
export function messageOf(
  key: string,
  event: Telling,
  work: Work,
  setup: Setup,
  page: (incident: string) => string,
): Message | undefined {
  const { incident } = work;
  // Planned before the mode was changed: observing, nobody is told.
  if (setup.mode === "observe" || underDefenceSecret(work.facts)) return undefined;
  const declaration = event === "not_filed" ? unfiledDeclaration(work) : currentDeclaration(work);
  if (event === "decision_needed" && incident.state !== "in_review") return undefined;
  // Called since for what happened live: the morning has nothing to add.
  if (key.endsWith(LATE_KEY) && work.planned.has(key.slice(0, -LATE_KEY.length))) return undefined;
  if (event === "not_filed" && incident.state !== "approved") return undefined;
  const exercise = setup.mode === "exercise";
  const mark = exercise ? "EXERCICE : " : "";
  const subject = {
    incident_opened: key.includes(`:${ASKED_KEY}`)
      ? `${mark}incident ${incident.reference} : on demande que vous soyez prévenu`
      : `${mark}incident ${incident.reference} ouvert`,
    decision_needed: `${mark}incident ${incident.reference} : votre décision est attendue`,
    not_filed: `${mark}incident ${incident.reference} : ${DECLARATION_STATES.approved}`,
  }[event];
  return {
    key,
    facility: setup.facility.id,
    incident: incident.id,
    event,
    exercise,
    subject: setup.masks.text(subject, { incident: incident.id }),
    // No evidence in a message: it may leave the house.
    text: setup.masks.text(`${setup.facility.name}. ${work.qualification?.sentence ?? ""}`.trim(), {
      incident: incident.id,
    }),
    link: page(incident.id),
    occurred: incident.occurred,
    ...(declaration === undefined || event === "incident_opened"
      ? {}
      : { declaration: { id: declaration.id, version: declaration.version, sha256: declaration.sha256 } }),
  };
}

/** Something that can tell people: an opened notifier and what a repeat means to it. */
export interface OpenChannel {
  repeatable: boolean;
  send(message: Message, context: AttemptContext): Promise<Attempt>;
}
