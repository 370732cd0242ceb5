import type { Attempt, Message } from "../../connectors/contract.ts";
import { type Clock, type Instant, MICROSECONDS } from "../core/clock.ts";
import { DELIVERY_TRANSITIONS } from "../core/delivery.ts";
import type { Effect, EffectState } from "../core/effect.ts";
import { messageOf as errorMessage } from "../core/errors.ts";
import { sha256Hex } from "../core/sha256.ts";
import { move } from "../core/transitions.ts";
import type { Store, Write } from "../store/store.ts";
import { type AlarmPayload, alarmMessage, alarmOfEach, isAlarm } from "./access-alarm.ts";
import { closeCandidate, isClosing, READ_OVER } from "./close-candidates.ts";
import {
  asHeard,
  type CallPayload,
  escalate,
  isCall,
  isPersonal,
  nextChannel,
  type PersonalPayload,
} from "./escalate.ts";
import { monthOf } from "./french.ts";
import { carryOutHunt, isHunting } from "./hunt/carry-out-hunt.ts";
import { isMuteTurn } from "./mute/keep-mutes.ts";
import { turnMute } from "./mute/turn-mute.ts";
import {
  messageOf,
  messageOfSeveral,
  type NotifyPayload,
  type OpenChannel,
  planNag,
  TOGETHER_WAIT,
} from "./notify.ts";
import type { Pipeline } from "./pipeline.ts";
import {
  isSignOff,
  planSignOff,
  type SignOffPayload,
  signOffMessage,
  unsignedMonths,
} from "./remind-sign-off.ts";
import {
  type HandoverPayload,
  handoverMessage,
  isHandover,
  planHandover,
  TOO_LATE,
} from "./roster/handover.ts";
import { openReach } from "./roster/open-reach.ts";
import { type DeliverPayload, filingOf, type OpenOutbound, settleDelivery } from "./transmit.ts";
import { byDay } from "./when-told.ts";
import type { Setup } from "./work.ts";

/** Effects under way at once. */
const BATCH = 50;
const ATTEMPTS = 12;
const LONGEST_WAIT = 15 * MICROSECONDS.minute;
/** Effects looked through for calls to be told together. */
const MOST_TOGETHER = 20_000;

export interface Sweeper {
  /** Begins what is due and not under way yet; resolves once what it began is settled, with how many that were. */
  sweep(): Promise<number>;
  /** Resolves when nothing is under way any more. */
  settled(): Promise<void>;
  /** Puts right what a stopped process had claimed and never settled. */
  recover(): Promise<void>;
}

export interface SweepEvents {
  settled?(effect: Effect, state: EffectState, because: string): void;
}

/** Builds what carries out the effects whose time has come: intent first, then the call, then the receipt. */
export function openSweeper(parts: {
  store: Store;
  pipeline: Pipeline;
  setup: Setup;
  clock: Clock;
  /** Name of this process among those that claim. */
  owner: string;
  channels: ReadonlyMap<string, OpenChannel>;
  outbounds: ReadonlyMap<string, OpenOutbound>;
  /** Address of a page of the facility, by its path: `incidents/<id>`, `clotures?mois=2026-11`. */
  page: (path: string) => string;
  random: () => number;
  signal: AbortSignal;
  events?: SweepEvents;
}): Sweeper {
  const { store, pipeline, setup, clock } = parts;
  const facility = setup.facility.id;
  const underWay = new Map<string, Promise<void>>();
  const reach = openReach({ store, pipeline, setup, clock });

  /** Sends by a channel whatever it depends on, to its own target or to who is on call. */
  async function sendBy(channel: string, open: OpenChannel, message: Message): Promise<Attempt> {
    const way = await reach.wayOf(channel, { event: message.event, always: true });
    if (way.way !== "open") return { outcome: "refused", because: way.because };
    return safely(() => open.send(message, { now: clock.now(), signal: parts.signal, to: way.to }));
  }

  const commit = async (writes: Write[]) =>
    (await store.commit({ facility, at: clock.now(), writes })).outcome === "committed";

  /** Takes the effect; false when someone else did. */
  const claim = (...effects: Effect[]) =>
    commit(effects.map(({ key, fence }) => ({ write: "claim", key, fence, owner: parts.owner })));

  async function settle(
    effects: Effect | readonly Effect[],
    state: EffectState,
    because: string,
    due?: Instant,
  ): Promise<void> {
    const all = [effects].flat();
    const writes = all.map(({ key, fence }): Write => {
      const settled = { write: "settle" as const, key, fence: fence + 1, state, because };
      return due === undefined ? settled : { ...settled, due };
    });
    if (all.length === 0 || !(await commit(writes))) return;
    for (const effect of all) parts.events?.settled?.(effect, state, because);
  }

  /** Where an attempt leads: again later while that is safe and there are attempts left. */
  function after(
    effect: Effect,
    attempt: Attempt,
    repeatable: boolean,
  ): { state: EffectState; due?: Instant } {
    if (attempt.outcome === "delivered") return { state: "done" };
    if (attempt.outcome === "refused") return { state: "failed" };
    if (attempt.outcome === "uncertain" && !repeatable) return { state: "uncertain" };
    if (effect.attempt + 1 >= ATTEMPTS) return { state: "failed" };
    const wait = Math.min(2 ** effect.attempt * MICROSECONDS.second, LONGEST_WAIT);
    return { state: "planned", due: clock.now() + Math.round(wait * (0.75 + parts.random() / 2)) };
  }

  /** The message of a planned call, and of which incident; undefined when it is no longer true. */
  async function messageFor(effect: Effect) {
    const { event } = effect.payload as NotifyPayload;
    // What was planned for an incident that went into another is told of the one that stands.
    const incident = effect.incident === null ? null : await pipeline.standing(effect.incident);
    const work = incident === null ? undefined : await pipeline.view(incident);
    const page = (id: string) => parts.page(`incidents/${id}`);
    const message = work && messageOf(effect.key, event, work, setup, page);
    return message && { effect, message, work, reference: work.incident.reference };
  }

  async function tell(effect: Effect): Promise<void> {
    const payload = effect.payload as NotifyPayload & { to?: string };
    const { channel, event, to } = payload;
    const personal = isPersonal(payload) ? payload : undefined;
    const { message: told, work } = (await messageFor(effect)) ?? {};
    const about = { event, to, work, always: personal !== undefined };
    const way = told === undefined ? undefined : await reach.wayOf(channel, about);
    if (way?.way === "skipped") {
      const settled = {
        key: effect.key,
        fence: effect.fence,
        state: "cancelled",
        because: way.because,
      } as const;
      const content = { channel, because: way.because, event };
      const skipped: Write = { write: "note", what: "channel_skipped", incident: effect.incident, content };
      if (!(await commit([skipped, { write: "settle", ...settled }]))) return;
      parts.events?.settled?.(effect, "cancelled", way.because);
      return nagOn(effect);
    }
    if (!(await claim(effect))) return;
    const open = parts.channels.get(channel);
    if (open === undefined) return settle(effect, "failed", absent(channel));
    if (told === undefined || way === undefined) return settle(effect, "done", NO_LONGER);
    if (personal !== undefined && work !== undefined) {
      const reached = await otherReached(effect, personal, work.incident.id);
      if (reached !== undefined) return settle(effect, "done", reached);
    }
    const message = personal === undefined ? told : asHeard(told, personal, setup);
    const attempt: Attempt =
      way.way === "nobody"
        ? { outcome: "refused", because: way.because }
        : await safely(() => open.send(message, { now: clock.now(), signal: parts.signal, to: way.to }));
    const despite = personal?.despite ?? (way.way === "open" ? way.despite : undefined);
    const because = [attempt.because, despite].filter(Boolean).join(" – ");
    const { state, due } = after(effect, attempt, open.repeatable);
    const other =
      attempt.outcome === "delivered" || personal === undefined || work === undefined
        ? undefined
        : nextChannel(effect, personal, { setup, incident: work.incident.id, now: clock.now() });
    const note = noteOf(message, channel, { ...attempt, because });
    await commit([note, ...(other === undefined ? [] : [{ write: "plan", effect: other } as const])]);
    await settle(effect, state, because, due);
    if (state === "done" || state === "failed") await nagOn(effect);
  }

  /** One reminder that nobody received is not the last: the next one is planned all the same. */
  async function nagOn(effect: Effect): Promise<void> {
    if (effect.kind !== "reminder" || effect.incident === null) return;
    const turn = Number(effect.key.split(":").at(-1)) + 1;
    await pipeline.act(effect.incident, (each, now) => planNag(each, setup, now, turn));
  }

  /** By which other channel a person was reached since this one failed; undefined while none did. */
  async function otherReached(effect: Effect, payload: PersonalPayload, incident: string) {
    if (effect.attempt === 0) return undefined;
    const effects = await store.reads.effectsOf(facility, incident);
    const done = effects.find(
      (each) =>
        each.state === "done" &&
        isPersonal(each.payload) &&
        each.payload.turn === payload.turn &&
        each.payload.to === payload.to,
    );
    return done && `joint par ${(done.payload as PersonalPayload).channel}`;
  }

  /** One turn of a call; done twice, it plans nothing twice. */
  async function callOn(effect: Effect, { call }: CallPayload): Promise<void> {
    if (effect.incident === null) return settle(effect, "done", NO_LONGER);
    const incident = await pipeline.standing(effect.incident);
    const known = await pipeline.view(incident);
    const page = (id: string) => parts.page(`incidents/${id}`);
    // The key of the first turn tells whether a later call made it needless.
    const needed = call.turn > 0 || (known && messageOf(effect.key, call.event, known, setup, page));
    if (known === undefined || !needed) return settle(effect, "done", NO_LONGER);
    const [accounts, touched] = [await reach.accounts(), reach.touched(known)];
    const because = await pipeline.act(incident, (work, now) =>
      escalate(work, setup, { call, accounts, touched, now }),
    );
    await settle(effect, "done", because ?? NO_LONGER);
  }

  /** Tells of several incidents in one message; each keeps its own row, and what became of it. */
  async function tellSeveral(channel: string, effects: readonly Effect[]): Promise<void> {
    if (!(await claim(...effects))) return;
    const open = parts.channels.get(channel);
    if (open === undefined) return settle(effects, "failed", absent(channel));
    const told = [];
    for (const effect of effects) told.push((await messageFor(effect)) ?? []);
    const standing = told.flat();
    const stand = new Set(standing.map(({ effect }) => effect));
    const gone = effects.filter((effect) => !stand.has(effect));
    await settle(gone, "done", NO_LONGER);
    const [only] = standing;
    if (only === undefined) return;
    const key = `notify:${facility}:${channel}:several:${sha256Hex([...stand].map((each) => each.key).join("\n"))}`;
    const link = parts.page("incidents?etat=in_review");
    const message = standing.length === 1 ? only.message : messageOfSeveral(standing, { key, setup, link });
    const attempt = await sendBy(channel, open, message);
    const { state, due } = after(only.effect, attempt, open.repeatable);
    const { text: _, ...brief } = message;
    await commit([
      noteOf(message, channel, attempt),
      ...(standing.length === 1 ? [] : standing).map(({ message: { incident } }): Write => {
        return { write: "note", what: "told", incident, content: { channel, message: brief, attempt } };
      }),
    ]);
    await settle([...stand], state, attempt.because, due);
  }

  /** Calls to be told together that are due, by channel and kind, once no more of them is on its way. */
  async function togetherDue(now: Instant): Promise<{ channel: string; effects: Effect[] }[]> {
    const soon = await store.reads.effectsDue(facility, now + TOGETHER_WAIT, MOST_TOGETHER);
    const waiting = soon.filter((effect) => isTogether(effect) && !underWay.has(effect.key));
    const groups = Map.groupBy(waiting, ({ payload }) => {
      const { channel, event } = payload as NotifyPayload;
      return `${event} ${channel}`;
    });
    return [...groups]
      .filter(([, effects]) => effects.every(({ due }) => due <= now))
      .map(([name, effects]) => ({ channel: name.slice(name.indexOf(" ") + 1), effects }));
  }

  /** Tells who is on call what the night was; each morning plans the next. */
  async function handOver(effect: Effect, { channel }: HandoverPayload): Promise<void> {
    if (!(await claim(effect))) return;
    const now = clock.now();
    const next = planHandover(setup, Math.max(now, effect.due)).filter(
      (write) => write.write === "plan" && write.effect.key.includes(`:${channel}:`),
    );
    const open = parts.channels.get(channel);
    if (open === undefined) return settle(effect, "failed", absent(channel));
    await commit(next);
    if (now > effect.due + TOO_LATE) return settle(effect, "done", "trop tard : la matinée est passée");
    const message = await handoverMessage(store.reads, {
      key: effect.key,
      setup,
      now,
      link: parts.page("releve"),
    });
    if (message === undefined) return settle(effect, "done", NO_LONGER);
    const attempt = await sendBy(channel, open, message);
    const { state, due } = after(effect, attempt, open.repeatable);
    await commit([noteOf(message, channel, attempt)]);
    await settle(effect, state, attempt.because, due);
  }

  /** Calls lists that nobody has signed to the RSSI's mind: by day, and again the month after. */
  async function remindSignOff(effect: Effect): Promise<void> {
    if (!(await claim(effect))) return;
    const { channel } = effect.payload as SignOffPayload;
    const open = parts.channels.get(channel);
    if (open === undefined) return settle(effect, "failed", absent(channel));
    const now = clock.now();
    const zone = setup.facility.time_zone;
    const day = byDay(now, zone);
    if (day > now) return settle(effect, "planned", "attend le matin", day);
    const months = await unsignedMonths(store.reads, { facility, zone, now });
    const page = (month: string) => parts.page(`clotures?mois=${month}`);
    const message = signOffMessage(months, { key: effect.key, setup, now, page });
    if (message === undefined) return settle(effect, "done", NO_LONGER);
    const attempt = await sendBy(channel, open, message);
    const { state, due } = after(effect, attempt, open.repeatable);
    const next = state === "planned" ? [] : planSignOff(monthOf(now, zone), setup);
    await commit([noteOf(message, channel, attempt), ...next]);
    await settle(effect, state, attempt.because, due);
  }

  /** Tells of someone's unusual access. */
  async function tellAlarm(effect: Effect, payload: AlarmPayload): Promise<void> {
    if (!(await claim(effect))) return;
    const { channel, alarm, to: whom } = payload;
    const open = parts.channels.get(channel);
    if (open === undefined) return settle(effect, "failed", absent(channel));
    const reaches = setup.notify.find(({ id }) => id === channel)?.reaches;
    if (reaches !== undefined && whom === undefined) {
      const roles = ["rssi", "director", "delegate"];
      const found = await store.reads.byState(facility, "account", roles, { limit: 200 });
      const accounts = found.map(({ content }) => content);
      const each = alarmOfEach(payload, { key: effect.key, accounts, reaches });
      await commit(each);
      return settle(effect, each.length > 0 ? "done" : "failed", `à prévenir : ${each.length}`);
    }
    const account = whom === undefined ? undefined : await store.reads.record(facility, "account", whom);
    const to = account && {
      name: account.content.name,
      email: account.content.email,
      phone: account.content.phone,
    };
    const message = alarmMessage(alarm, { key: effect.key, setup, link: parts.page("personnes") });
    if (message === undefined) return settle(effect, "done", NO_LONGER);
    const context = { now: clock.now(), signal: parts.signal, to };
    const attempt = to
      ? await safely(() => open.send(message, context))
      : await sendBy(channel, open, message);
    const { state, due } = after(effect, attempt, open.repeatable);
    await commit([noteOf(message, channel, attempt)]);
    await settle(effect, state, attempt.because, due);
  }

  async function deliver(effect: Effect): Promise<void> {
    const { delivery: id } = effect.payload as DeliverPayload;
    if (effect.incident === null) return;
    // The intent and the claim are one unit: a crash after it leaves a delivery that is visibly "sending".
    const filing = await pipeline.act(
      effect.incident,
      (work) => {
        const delivery = work.deliveries.find((each) => each.id === id);
        const declaration = work.declarations.find(
          (each) => each.id === delivery?.declaration && each.version === delivery.version,
        );
        if (delivery === undefined || declaration === undefined || delivery.state !== "planned")
          return undefined;
        const sending = { ...delivery, state: move(DELIVERY_TRANSITIONS, delivery.state, "sending") };
        work.deliveries = work.deliveries.map((each) => (each.id === id ? sending : each));
        work.beside.push({ write: "claim", key: effect.key, fence: effect.fence, owner: parts.owner });
        return { filing: filingOf(effect.key, sending, declaration, facility), channel: delivery.channel };
      },
      (result) => result !== undefined,
    );
    if (filing === undefined) {
      if (await claim(effect)) await settle(effect, "done", NO_LONGER);
      return;
    }
    const open = parts.outbounds.get(filing.channel);
    const attempt: Attempt =
      open === undefined
        ? { outcome: "refused", because: absent(filing.channel) }
        : await safely(() => open.send(filing.filing, { now: clock.now(), signal: parts.signal }));
    const { state, due } = after(effect, attempt, open?.repeatable ?? false);
    await pipeline.act(effect.incident, (work, now) => {
      settleDelivery(
        work,
        id,
        state === "planned" ? { outcome: "unreachable", because: attempt.because } : attempt,
        now,
      );
      const settlement = { key: effect.key, fence: effect.fence + 1, state, because: attempt.because };
      work.beside.push({ write: "settle", ...settlement, ...(due === undefined ? {} : { due }) });
    });
    parts.events?.settled?.(effect, state, attempt.because);
  }

  /** Time has passed: the incident is judged anew. */
  async function tick(effect: Effect): Promise<void> {
    if (!(await claim(effect))) return;
    const { incident, due } = effect;
    if (isCall(effect.payload)) return callOn(effect, effect.payload);
    if (isMuteTurn(effect.payload)) await turnMute(pipeline, setup, { ...effect.payload, due });
    if (incident !== null && isHunting(effect.payload)) {
      const done = await carryOutHunt(incident, effect.payload, { store, pipeline, setup });
      if (done.outcome === "early")
        return settle(effect, "planned", "alertes pas encore triées", clock.now() + MICROSECONDS.second);
      return settle(effect, "done", done.outcome === "refused" ? done.because : "recherche prise en compte");
    }
    if (incident === null || !isClosing(effect.payload)) {
      if (incident !== null) await pipeline.act(await pipeline.standing(incident), () => undefined);
      return settle(effect, "done", "délai écoulé");
    }
    // One more than is read over says that there are too many.
    const found = await store.reads.detectionsOf(facility, incident, READ_OVER + 1);
    const rules = found.map(({ detection }) => detection.rule);
    const done = await pipeline.act(incident, (work, now) =>
      // A clock set back meanwhile does not undo that the time had come.
      closeCandidate(work, setup, { rules, now: Math.max(now, effect.due) }),
    );
    await settle(effect, "done", done?.outcome === "kept" ? done.because : "délai écoulé");
  }

  function carryOut(effect: Effect): Promise<void> {
    if (effect.kind === "deliver") return deliver(effect);
    if (effect.kind === "clock") return tick(effect);
    if (isAlarm(effect.payload)) return tellAlarm(effect, effect.payload);
    if (isHandover(effect.payload)) return handOver(effect, effect.payload);
    return isSignOff(effect.payload) ? remindSignOff(effect) : tell(effect);
  }

  /** Carries out on its own what nobody else waits for: a receiver that hangs delays no other. */
  async function begin(effects: readonly Effect[], carrying: Promise<void>): Promise<void> {
    for (const { key } of effects) underWay.set(key, carrying);
    await carrying.finally(() => {
      for (const { key } of effects) underWay.delete(key);
    });
  }

  return {
    async sweep() {
      const room = BATCH - underWay.size;
      if (room <= 0) return 0;
      const now = clock.now();
      const due = await store.reads.effectsDue(facility, now, BATCH * 2);
      const fresh = due.filter(({ key }) => !underWay.has(key));
      const groups = fresh.some(isTogether) ? await togetherDue(now) : [];
      const alone = fresh.filter((effect) => !isTogether(effect)).slice(0, room);
      await Promise.all([
        ...groups.map(({ channel, effects }) => begin(effects, tellSeveral(channel, effects))),
        ...alone.map((effect) => begin([effect], carryOut(effect))),
      ]);
      return alone.length + groups.flatMap(({ effects }) => effects).length;
    },

    async settled() {
      await Promise.allSettled(underWay.values());
    },

    async recover() {
      for (const effect of await store.reads.effectsIn(facility, ["claimed"], 1000)) {
        if (effect.owner === parts.owner) continue;
        const claimed = { ...effect, fence: effect.fence - 1 };
        const repeatable = repeats(effect);
        if (effect.kind === "deliver" && effect.incident !== null) {
          const { delivery } = effect.payload as DeliverPayload;
          await pipeline.act(effect.incident, (work, now) => {
            const because = "arrêt du service entre l'envoi et la réponse";
            settleDelivery(
              work,
              delivery,
              { outcome: repeatable ? "unreachable" : "uncertain", because },
              now,
            );
          });
        }
        // Nobody knows whether it left: again only where the receiver recognises a repeat.
        await settle(
          claimed,
          repeatable ? "planned" : "uncertain",
          "arrêt du service pendant l'envoi",
          clock.now(),
        );
      }
    },
  };

  function repeats(effect: Effect): boolean {
    if (effect.kind === "clock") return true;
    if (effect.kind === "deliver") return [...parts.outbounds.values()].every((each) => each.repeatable);
    return parts.channels.get((effect.payload as NotifyPayload).channel)?.repeatable ?? false;
  }
}

const NO_LONGER = "devenu sans objet";

const absent = (channel: string) => `canal ${channel} absent de la configuration`;

const isTogether = ({ payload }: Effect) => (payload as Partial<NotifyPayload> | null)?.together === true;

/** Who was told what is part of the record. */
function noteOf(message: Message, channel: string, attempt: Attempt): Write {
  return { write: "note", what: "told", incident: message.incident, content: { channel, message, attempt } };
}

async function safely(send: () => Promise<Attempt>): Promise<Attempt> {
  try {
    return await send();
  } catch (error) {
    return { outcome: "uncertain", because: errorMessage(error) };
  }
}
