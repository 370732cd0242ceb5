import type { Attempt, Filing } from "../../../connectors/contract.ts";
import { type Instant, MICROSECONDS } from "../../core/clock.ts";
import { DELIVERY_TRANSITIONS, type Delivery } from "../../core/delivery.ts";
import type { Effect } from "../../core/effect.ts";
import { move } from "../../core/transitions.ts";
import {
  climb,
  type DeliverPayload,
  declarationOf,
  filingKey,
  filingOf,
  planAsking,
  planDelivery,
  settleDelivery,
} from "../transmit.ts";
import type { Work } from "../work.ts";
import type { Breaker } from "./breaker.ts";
import { absent, type Courier, NO_LONGER, safely } from "./courier.ts";

/** Failed attempts after which the next way is offered beside. */
const NEXT_AFTER = 5;
/** Longest wait that a receiver is granted, µs, and the one after which a person is offered the next way at once. */
const LONGEST_ASKED = MICROSECONDS.hour;
const LONG_ASKED = 15 * MICROSECONDS.minute;
/** Before a receiver is asked what became of an attempt, µs; twice as long each time. */
const ASKED_AFTER = 30 * MICROSECONDS.second;
/** Begins what is said of an attempt that may have arrived and is made again where the receiver knows a repeat. */
const DOUBTFUL = "Peut-être arrivé : ";
/** Attempts after which what the receiver says it never had is left to a person. */
const SENT_ANEW = 12;
/** Times that a receiver is asked before it is left to a person. */
const ASKED = 8;

/** Sends a decided text by its way out, or asks what became of it, and keeps what came back. */
export async function deliver(courier: Courier, breaker: Breaker, effect: Effect): Promise<void> {
  const { clock, outbounds } = courier;
  const { ask = false } = effect.payload as DeliverPayload;
  if (effect.incident === null) {
    if (await courier.claim(effect)) await courier.settle(effect, "failed", "envoi sans incident");
    return;
  }
  const begun = await begin(courier, effect, effect.incident);
  if (begun === undefined) {
    if (await courier.claim(effect)) await courier.settle(effect, "done", NO_LONGER);
    return;
  }
  const { filing, channel } = begun;
  const open = outbounds.get(channel);
  const context = () => ({ now: clock.now(), signal: courier.signal });
  if (ask) {
    const asking = open?.ask;
    const answer: Attempt =
      asking === undefined
        ? { outcome: "uncertain", because: "cette voie ne sait pas être interrogée" }
        : await safely(() => asking(filing, context()));
    return answered(courier, effect, effect.incident, answer);
  }
  const rests = breaker.restsUntil(channel, clock.now());
  if (rests !== undefined) return restUntil(courier, effect, effect.incident, rests);
  const answer: Attempt =
    open === undefined
      ? { outcome: "refused", because: absent(channel) }
      : await safely(() => open.send(filing, context()));
  breaker.tried(channel, answer.outcome, clock.now());
  // What was only handed on has not been seen to arrive, and nothing is declared before it has.
  const handedOn = open?.handsOn === true && answer.outcome === "delivered" && filing.kind === "declaration";
  const attempt: Attempt = handedOn
    ? { outcome: "uncertain", because: `${answer.because} Réception à faire confirmer.`, sent: answer.sent }
    : answer;
  return tried(courier, effect, effect.incident, { attempt, repeatable: open?.repeatable ?? false });
}

/** Writes the intent and the claim as one unit: a crash after it leaves a delivery that is visibly "sending". */
function begin(courier: Courier, effect: Effect, incident: string) {
  const { pipeline, setup } = courier;
  const { delivery: id, ask = false } = effect.payload as DeliverPayload;
  return pipeline.act(
    incident,
    (work): { filing: Filing; channel: string } | undefined => {
      const delivery = work.deliveries.find((each) => each.id === id);
      const declaration = delivery && declarationOf(work, delivery);
      if (delivery === undefined || declaration === undefined) return undefined;
      if (delivery.state !== (ask ? "uncertain" : "planned")) return undefined;
      if (!ask) {
        const sending = { ...delivery, state: move(DELIVERY_TRANSITIONS, delivery.state, "sending") };
        work.deliveries = work.deliveries.map((each) => (each.id === id ? sending : each));
      }
      work.beside.push({ write: "claim", key: effect.key, fence: effect.fence, owner: courier.owner });
      const key = filingKey(setup.facility.id, delivery);
      return { filing: filingOf(key, delivery, declaration, courier.print), channel: delivery.channel };
    },
    (result) => result !== undefined,
    false,
  );
}

async function tried(
  courier: Courier,
  effect: Effect,
  incident: string,
  { attempt, repeatable }: { attempt: Attempt; repeatable: boolean },
): Promise<void> {
  const { pipeline, setup } = courier;
  const { delivery: id } = effect.payload as DeliverPayload;
  const { state, due: planned } = courier.after(effect, attempt, repeatable);
  const { because, sent, answer } = attempt;
  /** The receiver's own word on when to come back, within an hour: what is due by law is not held up longer. */
  const asked = Math.min(attempt.notBefore ?? 0, courier.clock.now() + LONGEST_ASKED);
  const due = planned === undefined ? undefined : Math.max(planned, asked);
  await pipeline.act(incident, (work, now) => {
    const after = settleDelivery(work, id, toldAs(work, state), now);
    if (after !== undefined) {
      const long = after.state === "planned" && asked > now + LONG_ASKED;
      if (after.state === "refused" || after.attempts.length === NEXT_AFTER || long)
        climb(work, setup, after, now);
      const askable = courier.outbounds.get(after.channel)?.ask !== undefined;
      if (after.state === "uncertain" && askable) planAsking(work, setup, after, now + ASKED_AFTER);
    }
    settle(work, effect, { state, because, due });
  });
  courier.events?.settled?.(effect, state, because);

  /** What is to be tried again was not delivered; what was given up is seen as such, and as refused only if nothing of it may have arrived. */
  function toldAs(work: Work, state: string): Attempt {
    if (state === "planned")
      return {
        outcome: "unreachable",
        because: attempt.outcome === "uncertain" ? `${DOUBTFUL}${because}` : because,
        sent,
      };
    if (state !== "failed" || attempt.outcome === "refused") return attempt;
    const { attempts = [] } = work.deliveries.find((each) => each.id === id) ?? {};
    const doubtful =
      attempt.outcome === "uncertain" || attempts.some((each) => each.because.startsWith(DOUBTFUL));
    const outcome = doubtful ? "uncertain" : "refused";
    return { outcome, because: `Abandonné après ${effect.attempt + 1} essais : ${because}`, sent, answer };
  }
}

/** Puts right what a stopped process was sending: again only where the receiver recognises a repeat. */
export async function recoverDelivery(courier: Courier, effect: Effect): Promise<void> {
  const { delivery: id, ask = false } = effect.payload as DeliverPayload;
  if (effect.incident === null) return;
  await courier.pipeline.act(effect.incident, (work, now) => {
    const channel = work.deliveries.find((each) => each.id === id)?.channel ?? "";
    const open = courier.outbounds.get(channel);
    const repeatable = ask || (open?.repeatable ?? false);
    const because = "arrêt du service entre l'envoi et la réponse";
    if (!ask) {
      const outcome = repeatable ? "unreachable" : "uncertain";
      const after = settleDelivery(work, id, { outcome, because }, now);
      if (after?.state === "uncertain" && open?.ask !== undefined)
        planAsking(work, courier.setup, after, now);
    }
    const state = repeatable ? "planned" : "uncertain";
    settle(work, { ...effect, fence: effect.fence - 1 }, { state, because, due: now });
  });
}

/** A rest is no attempt: nothing of the delivery changes but that it waits. */
async function restUntil(courier: Courier, effect: Effect, incident: string, due: Instant): Promise<void> {
  const { delivery: id } = effect.payload as DeliverPayload;
  const because = "voie mise au repos après plusieurs échecs";
  const rest = (work: Work) => {
    work.deliveries = work.deliveries.map((each) => (each.id === id ? { ...each, state: "planned" } : each));
    settle(work, effect, { state: "planned", because, due });
  };
  await courier.pipeline.act(incident, rest, () => true, false);
}

/** What a receiver says of an attempt that nobody had answered; what it never had is sent again. */
async function answered(courier: Courier, effect: Effect, incident: string, answer: Attempt): Promise<void> {
  const { delivery: id } = effect.payload as DeliverPayload;
  const again = answer.outcome === "uncertain" && effect.attempt + 1 < ASKED;
  const state = again ? "planned" : "done";
  await courier.pipeline.act(incident, (work, now) => {
    if (answer.outcome !== "uncertain") {
      const after = settleDelivery(work, id, answer, now);
      if (after?.state === "refused") climb(work, courier.setup, after, now);
      if (after?.state === "planned") sendAnew(work, courier, after, now);
    }
    const due = again ? now + ASKED_AFTER * 2 ** effect.attempt : undefined;
    settle(work, effect, { state, because: answer.because, due });
  });
  courier.events?.settled?.(effect, state, answer.because);
}

function sendAnew(work: Work, { setup }: Courier, delivery: Delivery, now: Instant): void {
  const { attempts } = delivery;
  if (attempts.length < SENT_ANEW) {
    planDelivery(work, setup, delivery, now, `:${attempts.length}`);
    return;
  }
  const because = `Abandonné après ${attempts.length} essais.`;
  const after = settleDelivery(work, delivery.id, { outcome: "refused", because }, now);
  if (after !== undefined) climb(work, setup, after, now);
}

function settle(
  work: Work,
  effect: Effect,
  { state, because, due }: { state: Effect["state"]; because: string; due: Instant | undefined },
): void {
  const settlement = { key: effect.key, fence: effect.fence + 1, state, because };
  work.beside.push({ write: "settle", ...settlement, ...(due === undefined ? {} : { due }) });
}
