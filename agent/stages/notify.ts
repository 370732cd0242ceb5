import type { Attempt, AttemptContext, Message } from "../../connectors/contract.ts";
import { type Instant, MICROSECONDS } from "../core/clock.ts";
import { DECLARATION_STATES } from "../core/declaration.ts";
import type { Effect } from "../core/effect.ts";
import { underDefenceSecret } from "../core/fact.ts";
import { isStepEvent, stepSubject } from "./decide/tell-step.ts";
import { planCall } from "./escalate.ts";
import { isQuiet } from "./mute/weigh.ts";
import { byDay, isHuntNews, isLateNews, isTelling, TOLD } from "./when-told.ts";
import { currentDeclaration, planEffect, type Setup, unfiledDeclaration, type Work } from "./work.ts";

/** What is told of an incident. */
export type Telling = Exclude<
  Message["event"],
  | "sign_off_due"
  | "handover"
  | "test"
  | "access_used"
  | "intake_failing"
  | "question_asked"
  | "review_due"
  | "follow_up_due"
  | "duty_due"
  | "group_link"
>;

/** What a `notify` effect carries; the words are made when it is sent, from what is true then. */
export interface NotifyPayload {
  channel: string;
  event: Telling;
  /** A person asked for it. */
  asked?: true;
  /** For the directors, each by this channel if they have its contact. */
  directors?: true;
  /** Told in one message with the others of its channel that are due by then. */
  together?: true;
}

/** Ends the key of a call that another law pack made due, before the instant of that. */
const PACKS_KEY = /:packs:(\d+)$/;
/** Begins the end of the key of a call about an evaluation that another law pack changed under review. */
const CHANGED_KEY = ":changed:";
/** How long a message about several waits for the last of them: they are evaluated a few at a time. */
export const TOGETHER_WAIT = MICROSECONDS.minute;

/** Minutes before each reminder that an approved declaration is not filed; the last goes on. */
const NAG_AFTER = [15, 15, 15, 30, 30, 60, 60, 120, 120, 240] as const;
/** The longest of these waits, µs. */
export const LONGEST_NAG = Math.max(...NAG_AFTER) * MICROSECONDS.minute;
/** No more reminders than this for one approval: a week of them. */
const NAG_TIMES = 48;
/** From this reminder on, three quarters of an hour after the approval, the director is called too. */
const NAG_DIRECTOR = 3;

/** Begins the key of a call that a person asked for. */
const ASKED_KEY = "asked:";
/** Begins the key of a message about what a search of old records found. */
const HUNT_KEY = "hunt:";
/** Ends the key of a call that waits for the morning. */
const LATE_KEY = ":late";

/**
 * Plans who must be told of the state an incident has come to; a key plans each message once. What another law pack made
 * of it, which was `before` something else on the same facts, happened in no hospital: it is told by day, and together
 * with the others.
 */
export function notify(work: Work, setup: Setup, now: Instant, before?: Work): void {
  if (setup.mode === "observe" || underDefenceSecret(work.facts) || isQuiet(work, setup, now)) return;
  const told = TOLD[work.incident.state];
  const tell = (telling: { event: Telling; role: "on_call" | "delegate"; key: string }) => {
    const { key } = telling;
    if (before !== undefined) return tellTogether(work, setup, { ...telling, before }, now);
    if (awaitsTogether(work, key)) return;
    // A key of its own: what happens live meanwhile must not find its call already planned for the morning.
    const late = telling.event === "decision_needed" && isLateNews(work);
    if (late || isHuntNews(work, setup, { event: telling.event, now }))
      plan(work, setup, { ...telling, key: `${key}${LATE_KEY}`, due: byDay(now, setup.facility.time_zone) });
    else plan(work, setup, { ...telling, due: now });
  };
  if (told.includes("on_call")) tell({ event: "incident_opened", role: "on_call", key: "incident_opened" });
  if (!told.includes("delegate")) return;
  tell({ event: "decision_needed", role: "delegate", key: `decision_needed:${work.decisions.length}` });
}

/** True for the key of a message or a call that may have been planned for the morning, or for when others are told too. */
export function waitsForDay(key: string): boolean {
  return key.endsWith(LATE_KEY) || key.includes(HUNT_KEY) || PACKS_KEY.test(key) || key.includes(CHANGED_KEY);
}

/** Plans a call that another law pack made due, unless the same was called for before, of the same verdict. */
function tellTogether(
  work: Work,
  setup: Setup,
  { before, ...telling }: { event: Telling; role: "on_call" | "delegate"; key: string; before: Work },
  now: Instant,
): void {
  const begins = `:${work.incident.id}:${telling.key}`;
  const called = [...work.planned].some((key) => key.endsWith(begins) || key.includes(`${begins}:`));
  const changed =
    telling.event === "decision_needed" && before.qualification?.verdict !== work.qualification?.verdict;
  if (called && !changed) return;
  const key = `${telling.key}${called ? CHANGED_KEY : ":packs:"}${now}`;
  const due = byDay(now + TOGETHER_WAIT, setup.facility.time_zone);
  plan(work, setup, { ...telling, key, due, together: true });
}

/** True while a call is planned because of another law pack, and nothing new has come since. */
function awaitsTogether({ planned, incident, facts }: Work, key: string): boolean {
  const begins = `:${incident.id}:${key}:packs:`;
  const found = [...planned].find((each) => each.includes(begins));
  const at = Number(found === undefined ? Number.NaN : PACKS_KEY.exec(found)?.[1]);
  return !Number.isNaN(at) && !facts.some((fact) => fact.stated > at && isTelling(fact));
}

/** Tells the delegate because a person who states a fact wants it, whatever the evaluation says. */
export function callDelegate(work: Work, setup: Setup, { fact, now }: { fact: string; now: Instant }): void {
  if (setup.mode === "observe" || underDefenceSecret(work.facts)) return;
  const key = `${ASKED_KEY}${fact}`;
  plan(work, setup, { event: "incident_opened", role: "delegate", key, due: now, asked: true });
}

/** Tells the delegate by day that a search of old records met a criterion, where no call waits to say so. */
export function tellHunt(work: Work, setup: Setup, { hunt, now }: { hunt: string; now: Instant }): void {
  if (setup.mode === "observe" || underDefenceSecret(work.facts)) return;
  const decision = `:${work.incident.id}:decision_needed:${work.decisions.length}`;
  const called = [...work.planned].some((key) => key.endsWith(decision));
  if (work.incident.state === "in_review" && !called) return;
  const key = `${HUNT_KEY}${hunt}`;
  const due = byDay(now, setup.facility.time_zone);
  plan(work, setup, { event: "incident_opened", role: "delegate", key, due });
}

/** Plans the next reminder that an approved text is not filed, if it is not: fewer as time goes by, and the director too. */
export function planNag(work: Work, setup: Setup, now: Instant, turn = 1): boolean {
  if (setup.mode === "observe" || turn > NAG_TIMES) return false;
  const declaration = unfiledDeclaration(work);
  if (declaration === undefined) return false;
  const key = `not_filed:${declaration.id}/${declaration.version}:${turn}`;
  const after = NAG_AFTER[Math.min(turn, NAG_AFTER.length) - 1] ?? 0;
  const telling = { event: "not_filed", key, due: now + after * MICROSECONDS.minute } as const;
  plan(work, setup, { ...telling, role: "delegate" });
  if (turn >= NAG_DIRECTOR) plan(work, setup, { ...telling, role: "director" });
  return true;
}

function plan(
  work: Work,
  setup: Setup,
  telling: Pick<NotifyPayload, "event" | "asked" | "together"> & {
    role: "on_call" | "delegate" | "director";
    key: string;
    due: Instant;
  },
): void {
  const { role, event, key, due, asked } = telling;
  // What is told together, or called to mind, goes to whoever is on call then; the rest is a call until answered.
  const calls =
    setup.calls !== undefined &&
    role !== "director" &&
    telling.together !== true &&
    (event === "incident_opened" || event === "decision_needed");
  if (calls) planCall(work, setup, { role, event, key, due, ...(asked && { asked }) });
  for (const channel of setup.notify) {
    // Who is called last is called by every way that reaches them, whoever it was made for.
    const directors = role === "director" && channel.reaches !== undefined;
    if (directors) {
      const payload: NotifyPayload = { channel: channel.id, event: telling.event, directors: true };
      const begins = `notify:${setup.facility.id}:${channel.id}:${work.incident.id}:directors`;
      planEffect(work, { key: `${begins}:${telling.key}`, kind: "reminder", due: telling.due, payload });
    }
    if (directors || !channel.for.includes(role) || (calls && channel.reaches !== undefined)) continue;
    const payload: NotifyPayload = {
      channel: channel.id,
      event: telling.event,
      ...(telling.asked && { asked: true }),
      ...(telling.together && { together: true }),
    };
    planEffect(work, {
      key: `notify:${setup.facility.id}:${channel.id}:${work.incident.id}:${telling.key}`,
      kind: telling.event === "not_filed" ? "reminder" : "notify",
      due: telling.due,
      payload,
    });
  }
}

/** What a reminder of a text that is not filed says. */
const TO_BE_FILED =
  "Le texte est validé et personne à l'extérieur ne l'a reçu : il reste à le déposer sur le portail.";

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
  if (PACKS_KEY.test(key) && work.planned.has(key.replace(PACKS_KEY, ""))) return undefined;
  if (event === "not_filed" && incident.state !== "approved") return undefined;
  const exercise = setup.mode === "exercise";
  const mark = exercise ? "EXERCICE : " : "";
  const step = stepSubject(key, event, work);
  if (isStepEvent(event) && step === undefined) return undefined;
  const subjects: Partial<Record<Telling, string>> = {
    incident_opened: key.includes(`:${ASKED_KEY}`)
      ? `${mark}incident ${incident.reference} : on demande de vous prévenir`
      : key.includes(`:${HUNT_KEY}`)
        ? `${mark}incident ${incident.reference} : une recherche dans le passé change l'évaluation`
        : `${mark}incident ${incident.reference} ouvert`,
    decision_needed: `${mark}incident ${incident.reference} : votre décision est attendue`,
    not_filed: `${mark}incident ${incident.reference} : ${DECLARATION_STATES.approved}`,
  };
  const subject = subjects[event] ?? `${mark}${step ?? ""}`;
  // Once it is approved, what was judged is no longer the news.
  const sentence = event === "not_filed" ? TO_BE_FILED : (work.qualification?.sentence ?? "");
  return {
    key,
    facility: setup.facility.id,
    incident: incident.id,
    event,
    exercise,
    subject: setup.masks.text(subject, { incident: incident.id }),
    // No evidence in a message: it may leave the house.
    text: setup.masks.text(`${setup.facility.name}. ${sentence}`.trim(), { incident: incident.id }),
    link: page(incident.id),
    occurred: incident.occurred,
    ...(declaration === undefined || event === "incident_opened"
      ? {}
      : { declaration: { id: declaration.id, version: declaration.version, sha256: declaration.sha256 } }),
  };
}

/** Incidents that a message about several names. */
const NAMED = 20;

/** Makes one message of those about several incidents, of one kind and for one channel; two or more. */
export function messageOfSeveral(
  told: readonly { message: Message; reference: string }[],
  { key, setup, link, late }: { key: string; setup: Setup; link: string; late: boolean },
): Message {
  const [first] = told;
  const exercise = setup.mode === "exercise";
  const event = first?.message.event ?? "decision_needed";
  const subject =
    event === "incident_opened"
      ? `${told.length} incidents ouverts`
      : event === "not_filed"
        ? `${told.length} incidents validés, PAS ENCORE DÉPOSÉS`
        : `${told.length} incidents : votre décision est attendue`;
  const why = late
    ? "Tocsin était arrêté ou retardé ; ces incidents attendent"
    : "Les textes suivis par Tocsin ont changé, ces incidents ont été réévalués";
  const names = told.slice(0, NAMED).map(({ reference }) => reference);
  const more = told.length > NAMED ? ` et ${told.length - NAMED} autres` : "";
  const text = `${setup.facility.name}. ${why} : ${names.join(", ")}${more}.`;
  return {
    key,
    facility: setup.facility.id,
    incident: null,
    event,
    exercise,
    subject: setup.masks.text(`${exercise ? "EXERCICE : " : ""}${subject}`, { incident: null }),
    text: setup.masks.text(text, { incident: null }),
    link,
    occurred: Math.min(...told.map(({ message }) => message.occurred)),
  };
}

/** True of a message that waits to be told with others of its kind. */
export function isTogether({ payload }: Pick<Effect, "payload">): boolean {
  return (payload as Partial<NotifyPayload> | null)?.together === true;
}

/** Something that can tell people: an opened notifier and what a repeat means to it. */
export interface OpenChannel {
  repeatable: boolean;
  send(message: Message, context: AttemptContext): Promise<Attempt>;
}
