import type { Message } from "../../../connectors/contract.ts";
import type { Effect } from "../../core/effect.ts";
import type { Write } from "../../store/store.ts";
import { type AlarmPayload, alarmMessage, alarmOfEach } from "../access-alarm.ts";
import { monthOf } from "../french.ts";
import { type LinkNewsPayload, linkNewsMessage } from "../group/tell-links.ts";
import type { OpenChannel } from "../notify.ts";
import { planSignOff, type SignOffPayload, signOffMessage, unsignedMonths } from "../remind-sign-off.ts";
import { type HandoverPayload, handoverMessage, planHandover, TOO_LATE } from "../roster/handover.ts";
import { planReviews, type ReviewPayload, reviewMessage } from "../roster/remind-reviews.ts";
import { byDay } from "../when-told.ts";
import { absent, type Courier, NO_LONGER, noteOf } from "./courier.ts";

/** Carries out what tells people of the house rather than of one incident. */
export interface HouseTeller {
  /** Tells who is on call what the night was; each morning plans the next. */
  handOver(effect: Effect, payload: HandoverPayload): Promise<void>;
  /** Calls lists that nobody has signed to the RSSI's mind: by day, and again the month after. */
  remindSignOff(effect: Effect, payload: SignOffPayload): Promise<void>;
  /** Calls reviews of accounts and ending delegations to the RSSI's mind: by day, and again the month after. */
  remindReviews(effect: Effect, payload: ReviewPayload): Promise<void>;
  /** Tells that another facility of the group linked a dossier of its own with one of ours: by day. */
  tellLink(effect: Effect, payload: LinkNewsPayload): Promise<void>;
  /** Tells of someone's unusual access. */
  tellAlarm(effect: Effect, payload: AlarmPayload): Promise<void>;
}

export function openHouseTeller(courier: Courier): HouseTeller {
  const { store, setup, clock, channels, commit, claim, settle, after } = courier;
  const facility = setup.facility.id;

  /** Sends a message that may have become needless; `next` is planned once no further attempt will be. */
  async function deliver(
    effect: Effect,
    {
      channel,
      open,
      message,
      next,
    }: {
      channel: string;
      open: OpenChannel;
      message: Message | undefined;
      next?: () => Write[];
    },
  ): Promise<void> {
    if (message === undefined) return settle(effect, "done", NO_LONGER);
    const attempt = await courier.sendBy(channel, open, message);
    const { state, due } = after(effect, attempt, open.repeatable);
    const planned = state === "planned" ? [] : (next?.() ?? []);
    await commit([noteOf(message, channel, attempt), ...planned]);
    await settle(effect, state, attempt.because, due);
  }

  return {
    async handOver(effect, { channel }) {
      if (!(await claim(effect))) return;
      const now = clock.now();
      const next = planHandover(setup, Math.max(now, effect.due)).filter(
        (write) => write.write === "plan" && write.effect.key.includes(`:${channel}:`),
      );
      const open = channels.get(channel);
      if (open === undefined) return settle(effect, "failed", absent(channel));
      await commit(next);
      if (now > effect.due + TOO_LATE) return settle(effect, "done", "trop tard : la matinée est passée");
      const link = courier.page("releve");
      const message = await handoverMessage(store.reads, { key: effect.key, setup, now, link });
      await deliver(effect, { channel, open, message });
    },

    async remindSignOff(effect, { channel }) {
      if (!(await claim(effect))) return;
      const open = channels.get(channel);
      if (open === undefined) return settle(effect, "failed", absent(channel));
      const now = clock.now();
      const zone = setup.facility.time_zone;
      const day = byDay(now, zone);
      if (day > now) return settle(effect, "planned", "attend le matin", day);
      const months = await unsignedMonths(store.reads, { facility, zone, now });
      const page = (month: string) => courier.page(`clotures?mois=${month}`);
      const message = signOffMessage(months, { key: effect.key, setup, now, page });
      const next = () => planSignOff(monthOf(now, zone), setup);
      await deliver(effect, { channel, open, message, next });
    },

    async remindReviews(effect, { channel }) {
      if (!(await claim(effect))) return;
      const now = clock.now();
      const open = channels.get(channel);
      if (open === undefined) return settle(effect, "failed", absent(channel));
      const day = byDay(now, setup.facility.time_zone);
      if (day > now) return settle(effect, "planned", "attend le matin", day);
      const next = planReviews(now, setup, { after: true }).filter(
        (write) => write.write === "plan" && write.effect.key.includes(`:${channel}:`),
      );
      await commit(next);
      const accounts = await courier.reach.accounts();
      const link = courier.page("personnes");
      await deliver(effect, {
        channel,
        open,
        message: reviewMessage(accounts, { key: effect.key, setup, now, link }),
      });
    },

    async tellLink(effect, { channel, from }) {
      if (!(await claim(effect))) return;
      const open = channels.get(channel);
      if (open === undefined) return settle(effect, "failed", absent(channel));
      const now = clock.now();
      const day = byDay(now, setup.facility.time_zone);
      if (day > now) return settle(effect, "planned", "attend le matin", day);
      const incident = String(effect.incident);
      const about = {
        key: effect.key,
        incident,
        from,
        setup,
        now,
        link: courier.page(`incidents/${incident}`),
      };
      await deliver(effect, { channel, open, message: await linkNewsMessage(store.reads, about) });
    },

    async tellAlarm(effect, payload) {
      if (!(await claim(effect))) return;
      const { channel, alarm, to: whom } = payload;
      const open = channels.get(channel);
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
      const message = alarmMessage(alarm, { key: effect.key, setup, link: courier.page("personnes") });
      if (message === undefined) return settle(effect, "done", NO_LONGER);
      const account = whom === undefined ? undefined : await store.reads.record(facility, "account", whom);
      if (account === undefined) return deliver(effect, { channel, open, message });
      const { name, email, phone } = account.content;
      const attempt = await courier.send(open, message, { name, email, phone });
      const { state, due } = after(effect, attempt, open.repeatable);
      await commit([noteOf(message, channel, attempt)]);
      await settle(effect, state, attempt.because, due);
    },
  };
}
