import type { Instant } from "../../core/clock.ts";
import type { Effect } from "../../core/effect.ts";
import { isAlarm } from "../access-alarm.ts";
import { isCall } from "../escalate.ts";
import { isLinkSending } from "../links/link-effects.ts";
import { type NotifyPayload, TOGETHER_WAIT } from "../notify.ts";
import { isSignOff } from "../remind-sign-off.ts";
import { isHandover } from "../roster/handover.ts";
import { isReviewReminder } from "../roster/remind-reviews.ts";
import { type DeliverPayload, settleDelivery } from "../transmit.ts";
import { type CourierParts, openCourier } from "./courier.ts";
import { deliver } from "./deliver.ts";
import { sendLink } from "./question-link.ts";
import { openTeller } from "./tell.ts";
import { openHouseTeller } from "./tell-house.ts";
import { tick } from "./tick.ts";

/** Effects under way at once. */
const BATCH = 50;
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

/** Builds what carries out the effects whose time has come. */
export function openSweeper(parts: CourierParts): Sweeper {
  const { store, pipeline, setup, clock } = parts;
  const facility = setup.facility.id;
  const underWay = new Map<string, Promise<void>>();
  const courier = openCourier(parts);
  const teller = openTeller(courier);
  const house = openHouseTeller(courier);

  async function carryOut(effect: Effect): Promise<void> {
    const { kind, payload } = effect;
    if (kind === "deliver") return deliver(courier, effect);
    if (kind === "clock") {
      if (!(await courier.claim(effect))) return;
      return isCall(payload) ? teller.callOn(effect, payload) : tick(courier, effect);
    }
    if (isAlarm(payload)) return house.tellAlarm(effect, payload);
    if (isHandover(payload)) return house.handOver(effect, payload);
    if (isReviewReminder(payload)) return house.remindReviews(effect, payload);
    if (isLinkSending(payload)) return sendLink(courier, effect, payload);
    return isSignOff(payload) ? house.remindSignOff(effect, payload) : teller.tell(effect);
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

  /** Carries out on its own what nobody else waits for: a receiver that hangs delays no other. */
  async function begin(effects: readonly Effect[], carrying: Promise<void>): Promise<void> {
    for (const { key } of effects) underWay.set(key, carrying);
    await carrying.finally(() => {
      for (const { key } of effects) underWay.delete(key);
    });
  }

  function repeats(effect: Effect): boolean {
    if (effect.kind === "clock") return true;
    if (effect.kind === "deliver") return [...parts.outbounds.values()].every((each) => each.repeatable);
    return parts.channels.get((effect.payload as NotifyPayload).channel)?.repeatable ?? false;
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
        ...groups.map(({ channel, effects }) => begin(effects, teller.tellSeveral(channel, effects))),
        ...alone.map((effect) => begin([effect], carryOut(effect))),
      ]);
      return alone.length + groups.flatMap(({ effects }) => effects).length;
    },

    async settled() {
      await Promise.allSettled(underWay.values());
    },

    async recover() {
      for (const effect of await store.reads.effectsIn(facility, ["claimed"], BATCH + MOST_TOGETHER)) {
        if (effect.owner === parts.owner) continue;
        const claimed = { ...effect, fence: effect.fence - 1 };
        const repeatable = repeats(effect);
        if (effect.kind === "deliver" && effect.incident !== null) {
          const { delivery } = effect.payload as DeliverPayload;
          const outcome = repeatable ? "unreachable" : "uncertain";
          const because = "arrêt du service entre l'envoi et la réponse";
          await pipeline.act(effect.incident, (work, now) =>
            settleDelivery(work, delivery, { outcome, because }, now),
          );
        }
        // Nobody knows whether it left: again only where the receiver recognises a repeat.
        const state = repeatable ? "planned" : "uncertain";
        await courier.settle(claimed, state, "arrêt du service pendant l'envoi", clock.now());
      }
    },
  };
}

const isTogether = ({ payload }: Effect) => (payload as Partial<NotifyPayload> | null)?.together === true;
