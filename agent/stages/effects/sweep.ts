import { type Instant, MICROSECONDS } from "../../core/clock.ts";
import { EFFECT_KINDS, type Effect } from "../../core/effect.ts";
import { isAlarm } from "../access-alarm.ts";
import { isCanaryAlarm } from "../canary-alarm.ts";
import { isDutyReminder } from "../duties/tell-duties.ts";
import { isCall } from "../escalate.ts";
import { isFollowUpReminder } from "../followup/reminders.ts";
import { isLinkNews } from "../group/tell-links.ts";
import { isLinkSending } from "../links/link-effects.ts";
import { isTogether, type NotifyPayload, TOGETHER_WAIT } from "../notify.ts";
import { isSignOff } from "../remind-sign-off.ts";
import { isHandover } from "../roster/handover.ts";
import { isReviewReminder } from "../roster/remind-reviews.ts";
import type { DeliverPayload } from "../transmit.ts";
import { damagedIncidents } from "../work.ts";
import { openBreaker } from "./breaker.ts";
import { openBringForward } from "./bring-forward.ts";
import { type CourierParts, openCourier } from "./courier.ts";
import { deliver, recoverDelivery } from "./deliver.ts";
import { sendLink } from "./question-link.ts";
import { remindFollowUp } from "./remind-follow-up.ts";
import { openTeller } from "./tell.ts";
import { tellCanary } from "./tell-canary.ts";
import { tellDuties } from "./tell-duties.ts";
import { openHouseTeller } from "./tell-house.ts";
import { tick } from "./tick.ts";

/** Effects under way at once, those by which declarations leave counted apart: a portal that hangs silences nobody. */
const BATCH = 50;
/** Of these, those by the same way: nobody is flooded by what waited. */
const BY_ONE_WAY = 16;
const TOLD = EFFECT_KINDS.filter((kind) => kind !== "deliver");
/** How late a message is that a stop has held up, µs, and the messages that are then told in one. */
const OVERDUE = 15 * MICROSECONDS.minute;
const FEW = 3;
const OVERDUE_EVENTS: ReadonlySet<string> = new Set(["incident_opened", "decision_needed", "not_filed"]);
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
  const { store, setup, clock, around = (_effects, carry) => carry() } = parts;
  const facility = setup.facility.id;
  const underWay = new Map<string, Promise<void>>();
  /** The way out of each of these by which a declaration leaves. */
  const leaving = new Map<string, string>();
  const courier = openCourier(parts);
  const breaker = openBreaker();
  const bringForward = openBringForward(courier);
  const teller = openTeller(courier);
  const house = openHouseTeller(courier);

  /** What is due, but for what is about a dossier that cannot be read: it stays planned, and takes no place of others. */
  async function dueOf(at: Instant, most: number, kinds: readonly Effect["kind"][]): Promise<Effect[]> {
    for (let limit = most; ; limit *= 2) {
      const due = await store.reads.effectsDue(facility, at, limit, kinds);
      const left = due.filter(isCarried);
      if (left.length >= most || due.length < limit) return left.slice(0, most);
    }
  }

  function isCarried({ incident }: Effect): boolean {
    const apart = incident !== null && damagedIncidents(store.reads).has(incident);
    return !apart || parts.pipeline.known(incident) !== undefined;
  }

  async function carryOut(effect: Effect): Promise<void> {
    const { kind, payload } = effect;
    if (kind === "deliver") return deliver(courier, breaker, effect);
    if (kind === "clock") {
      if (!(await courier.claim(effect))) return;
      return isCall(payload) ? teller.callOn(effect, payload) : tick(courier, effect);
    }
    if (isAlarm(payload)) return house.tellAlarm(effect, payload);
    if (isCanaryAlarm(payload)) return tellCanary(courier, effect, payload);
    if (isHandover(payload)) return house.handOver(effect, payload);
    if (isReviewReminder(payload)) return house.remindReviews(effect, payload);
    if (isLinkNews(payload)) return house.tellLink(effect, payload);
    if (isLinkSending(payload)) return sendLink(courier, effect, payload);
    return isSignOff(payload) ? house.remindSignOff(effect, payload) : teller.tell(effect);
  }

  const tellGroup = (channel: string, effects: readonly Effect[]) =>
    isFollowUpReminder(effects[0]?.payload)
      ? remindFollowUp(courier, channel, effects)
      : isDutyReminder(effects[0]?.payload)
        ? tellDuties(courier, channel, effects)
        : teller.tellSeveral(channel, effects);

  /** Calls to be told together that are due, by channel and kind, once no more of them is on its way. */
  async function togetherDue(now: Instant): Promise<{ channel: string; effects: Effect[] }[]> {
    const soon = await dueOf(now + TOGETHER_WAIT, MOST_TOGETHER, TOLD);
    const waiting = soon.filter(
      (effect) => (isTogether(effect) || isOverdue(effect, now)) && !underWay.has(effect.key),
    );
    const groups = Map.groupBy(waiting, ({ payload }) => {
      const { channel, event } = payload as NotifyPayload;
      return `${event} ${channel}`;
    });
    return (
      [...groups]
        .filter(([, effects]) => effects.every(({ due }) => due <= now))
        // A few that are late are each worth their own words.
        .filter(([, effects]) => effects.length > FEW || effects.some(isTogether))
        .map(([name, effects]) => ({ channel: name.slice(name.indexOf(" ") + 1), effects }))
    );
  }

  /** Carries out on its own what nobody else waits for: a receiver that hangs delays no other. */
  async function begin(effects: readonly Effect[], carry: () => Promise<void>): Promise<void> {
    const carrying = around(effects, carry);
    for (const { key } of effects) underWay.set(key, carrying);
    await carrying.finally(() => {
      for (const { key } of effects) underWay.delete(key);
    });
  }

  function repeats(effect: Effect): boolean {
    if (effect.kind === "clock") return true;
    return parts.channels.get((effect.payload as NotifyPayload).channel)?.repeatable ?? false;
  }

  /** Declarations that leave: a few at once by each way. */
  async function beginLeaving(now: Instant): Promise<number> {
    const fresh: Effect[] = [];
    // Few are read where few may leave; the first of them may all be of a way that hangs.
    for (const most of [3 * BY_ONE_WAY, 2 * BATCH]) {
      for (const effect of await dueOf(now, most, ["deliver"])) {
        const { channel = "" } = effect.payload as DeliverPayload;
        const beside = [...leaving.values()].filter((each) => each === channel).length;
        if (underWay.has(effect.key) || leaving.size >= BATCH || beside >= BY_ONE_WAY) continue;
        leaving.set(effect.key, channel);
        fresh.push(effect);
      }
      if (fresh.length > 0) break;
    }
    const carryOutEach = (effect: Effect) =>
      begin([effect], () => carryOut(effect)).finally(() => leaving.delete(effect.key));
    await Promise.all(fresh.map(carryOutEach));
    return fresh.length;
  }

  async function beginTold(now: Instant): Promise<number> {
    const room = BATCH - underWay.size + leaving.size;
    if (room <= 0) return 0;
    const due = await dueOf(now, BATCH * 2, TOLD);
    const fresh = due.filter(({ key }) => !underWay.has(key));
    const severally = fresh.some((effect) => isTogether(effect) || isOverdue(effect, now));
    const groups = severally ? await togetherDue(now) : [];
    const grouped = new Set(groups.flatMap(({ effects }) => effects.map(({ key }) => key)));
    const alone = fresh.filter((effect) => !isTogether(effect) && !grouped.has(effect.key)).slice(0, room);
    await Promise.all([
      ...groups.map(({ channel, effects }) => begin(effects, () => tellGroup(channel, effects))),
      ...alone.map((effect) => begin([effect], () => carryOut(effect))),
    ]);
    return alone.length + groups.flatMap(({ effects }) => effects).length;
  }

  return {
    async sweep() {
      const now = clock.now();
      await bringForward(now);
      const begun = await Promise.all([beginTold(now), beginLeaving(now)]);
      return begun[0] + begun[1];
    },

    async settled() {
      await Promise.allSettled(underWay.values());
    },

    async recover() {
      const claimed = await store.reads.effectsIn(facility, ["claimed"], BATCH + MOST_TOGETHER);
      const others = claimed.filter((effect) => effect.owner !== parts.owner && isCarried(effect));
      await Promise.all(
        others.map((effect) => {
          if (effect.kind === "deliver") return recoverDelivery(courier, effect);
          const before = { ...effect, fence: effect.fence - 1 };
          // Nobody knows whether it left: again only where the receiver recognises a repeat.
          const state = repeats(effect) ? "planned" : "uncertain";
          return courier.settle(before, state, "arrêt du service pendant l'envoi", clock.now());
        }),
      );
    },
  };
}

/** Told to a channel and due for so long that the service was stopped: what waits besides is told in the same message. */
function isOverdue({ kind, due, attempt, payload }: Effect, now: Instant): boolean {
  if ((kind !== "notify" && kind !== "reminder") || attempt > 0 || due > now - OVERDUE) return false;
  const { channel, event, directors, to } = payload as Partial<NotifyPayload & { to: string }>;
  return (
    channel !== undefined &&
    event !== undefined &&
    OVERDUE_EVENTS.has(event) &&
    !directors &&
    to === undefined
  );
}
