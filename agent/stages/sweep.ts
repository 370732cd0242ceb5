import type { Attempt, Message } from "../../connectors/contract.ts";
import { type Clock, type Instant, MICROSECONDS } from "../core/clock.ts";
import { DELIVERY_TRANSITIONS } from "../core/delivery.ts";
import type { Effect, EffectState } from "../core/effect.ts";
import { messageOf as errorMessage } from "../core/errors.ts";
import { move } from "../core/transitions.ts";
import type { Store, Write } from "../store/store.ts";
import { closeCandidate, isClosing, READ_OVER } from "./close-candidates.ts";
import { messageOf, type NotifyPayload, type OpenChannel, planNag } from "./notify.ts";
import type { Pipeline } from "./pipeline.ts";
import { type DeliverPayload, filingOf, type OpenOutbound, settleDelivery } from "./transmit.ts";
import type { Setup } from "./work.ts";

/** Effects under way at once. */
const BATCH = 50;
const ATTEMPTS = 12;
const LONGEST_WAIT = 15 * MICROSECONDS.minute;

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
  page: (incident: string) => string;
  random: () => number;
  signal: AbortSignal;
  events?: SweepEvents;
}): Sweeper {
  const { store, pipeline, setup, clock } = parts;
  const facility = setup.facility.id;
  const underWay = new Map<string, Promise<void>>();

  const commit = async (writes: Write[]) =>
    (await store.commit({ facility, at: clock.now(), writes })).outcome === "committed";

  /** Takes the effect; false when someone else did. */
  const claim = (effect: Effect) =>
    commit([{ write: "claim", key: effect.key, fence: effect.fence, owner: parts.owner }]);

  async function settle(effect: Effect, state: EffectState, because: string, due?: Instant): Promise<void> {
    const write: Write = {
      write: "settle",
      key: effect.key,
      fence: effect.fence + 1,
      state,
      because,
      ...(due === undefined ? {} : { due }),
    };
    if (await commit([write])) parts.events?.settled?.(effect, state, because);
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

  async function tell(effect: Effect): Promise<void> {
    if (!(await claim(effect))) return;
    const { channel, event } = effect.payload as NotifyPayload;
    const open = parts.channels.get(channel);
    // What was planned for an incident that went into another is told of the one that stands.
    const incident = effect.incident === null ? null : await pipeline.standing(effect.incident);
    const work = incident === null ? undefined : await pipeline.view(incident);
    if (open === undefined) return settle(effect, "failed", `canal ${channel} absent de la configuration`);
    const message = work && messageOf(effect.key, event, work, setup, parts.page);
    if (message === undefined) return settle(effect, "done", "devenu sans objet");
    const attempt = await safely(() => open.send(message, { now: clock.now(), signal: parts.signal }));
    const { state, due } = after(effect, attempt, open.repeatable);
    await note(message, channel, attempt);
    await settle(effect, state, attempt.because, due);
    // One that nobody received is not the last: the next one is planned all the same.
    if (effect.kind === "reminder" && (state === "done" || state === "failed") && effect.incident !== null) {
      const turn = Number(effect.key.split(":").at(-1)) + 1;
      await pipeline.act(effect.incident, (each, now) => planNag(each, setup, now, turn));
    }
  }

  /** Who was told what is part of the record. */
  async function note(message: Message, channel: string, attempt: Attempt): Promise<void> {
    await commit([
      { write: "note", what: "told", incident: message.incident, content: { channel, message, attempt } },
    ]);
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
      if (await claim(effect)) await settle(effect, "done", "devenu sans objet");
      return;
    }
    const open = parts.outbounds.get(filing.channel);
    const attempt: Attempt =
      open === undefined
        ? { outcome: "refused", because: `canal ${filing.channel} absent de la configuration` }
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
    const { incident } = effect;
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
    return effect.kind === "clock" ? tick(effect) : tell(effect);
  }

  return {
    async sweep() {
      const room = BATCH - underWay.size;
      if (room <= 0) return 0;
      const due = await store.reads.effectsDue(facility, clock.now(), BATCH * 2);
      const begun = due.filter(({ key }) => !underWay.has(key)).slice(0, room);
      // Each is on its own: a receiver that hangs delays nobody else.
      await Promise.all(
        begun.map(async (effect) => {
          const carrying = carryOut(effect);
          underWay.set(effect.key, carrying);
          await carrying.finally(() => underWay.delete(effect.key));
        }),
      );
      return begun.length;
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

async function safely(send: () => Promise<Attempt>): Promise<Attempt> {
  try {
    return await send();
  } catch (error) {
    return { outcome: "uncertain", because: errorMessage(error) };
  }
}
