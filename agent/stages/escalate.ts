import type { Message } from "../../connectors/contract.ts";
import type { Instant } from "../core/clock.ts";
import type { Effect } from "../core/effect.ts";
import { underDefenceSecret } from "../core/fact.ts";
import type { Account } from "../core/person.ts";
import type { Calls, RosterRole } from "../core/roster.ts";
import { type CalledAs, type Callee, channelsTo, peopleToCall } from "./roster/people-to-call.ts";
import { touchedBy } from "./roster/touched.ts";
import { TOLD } from "./when-told.ts";
import { planEffect, type Setup, type Work } from "./work.ts";

/*
 * A call: the person on call by their own contacts, again, then the next on the roster, the delegate, the director,
 * until somebody says "J'ai vu" or decides. One effect at a time carries it: its turn. A daemon that was down makes one
 * turn, not those it missed. What silence leads to is always another call, never a declaration.
 */

/** What a call is about. */
export interface Call {
  role: RosterRole;
  event: "incident_opened" | "decision_needed";
  /** End of the key of what is told, as the notify stage makes it. */
  key: string;
  begun: Instant;
  turn: number;
  /** Accounts called so far, one a turn. */
  called: string[];
  asked?: true;
  /** Account of who was asked by name: called before all others. */
  first?: string;
  /** Account of who passed the hand to them: called after all others. */
  last?: string;
}

export interface CallPayload {
  call: Call;
}

/** What a `notify` effect to one person carries beside channel and event. */
export interface PersonalPayload {
  channel: string;
  event: Call["event"];
  asked?: true;
  /** Account. */
  to: string;
  name: string;
  as: CalledAs;
  why: Why;
  /** The turn of the call; its other channels carry the same. */
  turn: string;
  /** Channels to try when this one does not reach the person. */
  rest: string[];
  /** Why the channel is used although it is not to be relied on. */
  despite?: string;
}

export type Why = "first" | "reminder" | "next" | "delegate_too" | "director";

export function isCall(payload: unknown): payload is CallPayload {
  return typeof (payload as Partial<CallPayload> | null)?.call?.turn === "number";
}

export function isPersonal(payload: unknown): payload is PersonalPayload {
  const { to, turn } = (payload ?? {}) as Partial<PersonalPayload>;
  return typeof to === "string" && typeof turn === "string";
}

/** Plans the first turn of a call, once for its key. */
export function planCall(
  work: Work,
  setup: Setup,
  { due, ...about }: Pick<Call, "role" | "event" | "key" | "asked"> & { due: Instant },
): void {
  const call: Call = { ...about, begun: due, turn: 0, called: [] };
  planTurn(work, setup, call, due);
}

/**
 * Plans the call of a colleague to whom the hand was passed. They were told at once: it begins with their reminder, and
 * goes on to the others when they stay silent too.
 */
export function planHandedCall(
  work: Work,
  setup: Setup,
  { step, first, last, now }: { step: string; first: string; last: string; now: Instant },
): void {
  if (setup.calls === undefined || setup.mode === "observe" || underDefenceSecret(work.facts)) return;
  const about = { role: "delegate", event: "decision_needed", key: `handed:${step}` } as const;
  // After the step itself, which would end it.
  const call: Call = { ...about, begun: now + 1, turn: 0, called: [first], first, last };
  planTurn(work, setup, call, now + setup.calls.remindAfter);
}

/** Everyone whom a call goes to, in order. */
export function calleesOf(
  setup: Setup,
  { call, accounts, at }: { call: Call; accounts: readonly Account[]; at: Instant },
): Callee[] {
  const { calls } = setup;
  if (calls === undefined) return [];
  const people = peopleToCall(setup, { book: calls.rosters.current(), accounts, role: call.role, at });
  if (call.first === undefined) return people;
  const asked = accounts.find(({ id, active }) => id === call.first && active);
  const as = asked?.role === "director" ? "director" : "delegate";
  const first: Callee[] =
    asked === undefined || channelsTo(setup, { account: asked, as }).length === 0
      ? []
      : [{ account: asked, as }];
  const others = people.filter(({ account }) => account.id !== call.first);
  const isLast = ({ account }: Callee) => account.id === call.last;
  return [...first, ...others.filter((each) => !isLast(each)), ...others.filter(isLast)];
}

function planTurn(work: Work, setup: Setup, call: Call, due: Instant): void {
  const { role, key, turn } = call;
  const first = `call:${setup.facility.id}:${role}:${work.incident.id}:${key}`;
  const payload: CallPayload = { call };
  planEffect(work, { key: turn === 0 ? first : `${first}:turn:${turn}`, kind: "clock", due, payload });
}

/** What ends a call, in French; undefined while it goes on. */
export function whatStops(work: Work, call: Call): string | undefined {
  const { incident } = work;
  if (underDefenceSecret(work.facts)) return "devenu sans objet";
  const decision = work.decisions.find(({ at }) => at >= call.begun);
  if (decision !== undefined) return `décision de ${decision.delegate.name}`;
  const seen = (incident.seen ?? []).find(
    ({ at, decides }) => at >= call.begun && (call.role === "on_call" || decides),
  );
  if (seen !== undefined) return `vu par ${seen.name}`;
  const step = work.steps.find(({ at }) => at >= call.begun);
  if (step !== undefined) return `vu par ${step.by.name}`;
  const over = incident.state === "closed" || incident.state === "merged" || incident.state === "set_aside";
  if (
    over ||
    (call.asked !== true && !call.key.startsWith("hunt:") && !TOLD[incident.state].includes(call.role))
  )
    return "devenu sans objet";
  return undefined;
}

/** Who is called next, and why; undefined when everyone has been called often enough. */
export function nextCallee(
  people: readonly Callee[],
  call: Pick<Call, "role" | "begun" | "called">,
  calls: Pick<Calls, "delegateAfter" | "rounds">,
  now: Instant,
): { callee: Callee; why: Why } | undefined {
  const times = (id: string) => call.called.filter((each) => each === id).length;
  const last = people.find(({ account }) => account.id === call.called.at(-1));
  const waited =
    call.role === "on_call" &&
    call.called.length > 0 &&
    now >= call.begun + calls.delegateAfter &&
    !people.some(({ account, as }) => as === "delegate" && times(account.id) > 0);
  const delegate = waited ? people.find(({ as }) => as === "delegate") : undefined;
  if (delegate !== undefined) return { callee: delegate, why: "delegate_too" };
  // Each turn of a person is two: the call, and the reminder.
  if (last !== undefined && times(last.account.id) % 2 === 1) return { callee: last, why: "reminder" };
  const least = Math.min(...people.map(({ account }) => times(account.id)));
  const callee = people.find(({ account }) => times(account.id) === least);
  if (callee === undefined || least >= 2 * calls.rounds) return undefined;
  const why = call.called.length === 0 ? "first" : callee.as === "director" ? "director" : "next";
  return { callee, why };
}

/** How long is waited after a turn before the next one. */
export function waitAfter(why: Why, calls: Pick<Calls, "remindAfter" | "nextAfter">): number {
  return why === "reminder" ? calls.nextAfter : calls.remindAfter;
}

/** Carries out one turn of a call; says what became of it, in French. */
export function escalate(
  work: Work,
  setup: Setup,
  {
    call: planned,
    accounts,
    touched,
    now,
  }: { call: Call; accounts: readonly Account[]; touched: ReadonlySet<string>; now: Instant },
): string {
  const { calls } = setup;
  // By a clock that was ahead, and was set back since: what is said from now on answers it.
  const call = { ...planned, begun: Math.min(planned.begun, now) };
  const stopped = setup.mode === "observe" ? "observation : personne n'est appelé" : whatStops(work, call);
  if (calls === undefined) return "aucun tour de garde dans la configuration";
  if (stopped !== undefined) return stopped;
  const people = calleesOf(setup, { call, accounts, at: now });
  const next = nextCallee(people, call, calls, now);
  if (next === undefined) {
    const because = people.length === 0 ? "personne à appeler" : "personne n'a répondu, chacun a été rappelé";
    work.beside.push({
      write: "note",
      what: "call_unanswered",
      incident: work.incident.id,
      content: { call, because },
    });
    return because;
  }
  const { callee, why } = next;
  tellPerson(work, setup, { call, callee, why, touched, now });
  const after: Call = { ...call, turn: call.turn + 1, called: [...call.called, callee.account.id] };
  planTurn(work, setup, after, now + waitAfter(why, calls));
  return `${callee.account.name} appelé`;
}

/** Plans the message by the first contact that can be relied on; what is passed over is said. */
function tellPerson(
  work: Work,
  setup: Setup,
  {
    call,
    callee,
    why,
    touched,
    now,
  }: { call: Call; callee: Callee; why: Why; touched: ReadonlySet<string>; now: Instant },
): void {
  const { account, as } = callee;
  const all = channelsTo(setup, callee);
  // A reminder begins with the next way: who did not hear one may hear another.
  const from = call.called.filter((each) => each === account.id).length % all.length;
  const channels = [...all.slice(from), ...all.slice(0, from)].map((channel) => ({
    id: channel.id,
    because: touchedBy(channel.depends_on, touched),
  }));
  const sound = channels.filter(({ because }) => because === undefined);
  const used = sound.length > 0 ? sound : channels;
  const turn = `${call.role}:${call.key}:${call.turn}`;
  const common = {
    event: call.event,
    to: account.id,
    name: account.name,
    as,
    why,
    turn,
    ...(call.asked && { asked: true as const }),
  };
  const key = (channel: string) =>
    personalKey(setup, work.incident.id, { channel, turn, account: account.id });
  if (sound.length > 0)
    for (const { id, because } of channels) {
      if (because === undefined) continue;
      // Planned and called off at once: the page and the journal show what was not used, and why.
      const payload: PersonalPayload = { ...common, channel: id, rest: [] };
      planEffect(work, { key: key(id), kind: "notify", due: now, payload });
      work.beside.push({
        write: "settle",
        key: key(id),
        fence: 0,
        state: "cancelled",
        because: `non utilisé : ${because}`,
      });
    }
  const [first, ...rest] = used;
  if (first === undefined) return;
  const payload: PersonalPayload = {
    ...common,
    channel: first.id,
    rest: rest.map(({ id }) => id),
    ...(first.because !== undefined && {
      despite: `essayé malgré tout : ${first.because}, comme tous les autres moyens`,
    }),
  };
  planEffect(work, { key: key(first.id), kind: "notify", due: now, payload });
}

/** One key a message: this turn, this person, this channel. */
export function personalKey(
  setup: Pick<Setup, "facility">,
  incident: string,
  { channel, turn, account }: { channel: string; turn: string; account: string },
): string {
  return `notify:${setup.facility.id}:${channel}:${incident}:to:${account}:${turn}`;
}

/** The message as one person hears it: reminded, or called in place of who did not answer. */
export function asHeard(message: Message, payload: PersonalPayload, setup: Pick<Setup, "masks">): Message {
  const options = { incident: message.incident };
  const said = {
    first: "",
    reminder: "Rappel : ce message est resté sans réponse.",
    next: "La personne appelée avant vous n'a pas répondu.",
    delegate_too: "L'astreinte informatique n'a pas répondu.",
    director: "Ni l'astreinte ni la personne déléguée n'ont répondu.",
  }[payload.why];
  const subject =
    payload.why === "first" ? message.subject : setup.masks.text(`${message.subject} (rappel)`, options);
  const answer = "Ouvrez la page et appuyez sur « J'ai vu » pour arrêter les appels.";
  return {
    ...message,
    subject,
    text: setup.masks.text([message.text, said, answer].filter(Boolean).join(" "), options),
  };
}

/** The next channel of a person whom one did not reach, as an effect; undefined when there is none left. */
export function nextChannel(
  effect: Effect,
  payload: PersonalPayload,
  { setup, incident, now }: { setup: Setup; incident: string; now: Instant },
): { key: string; kind: "notify"; incident: string; due: Instant; payload: PersonalPayload } | undefined {
  const [channel, ...rest] = payload.rest;
  if (channel === undefined || effect.attempt > 0) return undefined;
  const key = personalKey(setup, incident, { channel, turn: payload.turn, account: payload.to });
  return { key, kind: "notify", incident, due: now, payload: { ...payload, channel, rest } };
}
