import type { Message } from "../../connectors/contract.ts";
import type { Instant } from "../core/clock.ts";
import type { Account } from "../core/person.ts";
import type { Write } from "../store/store.ts";
import { formatInstant } from "./french.ts";
import type { Setup } from "./work.ts";

/** What of someone's access others are told at once. */
export type Alarm = { account: Pick<Account, "id" | "name">; at: Instant } & (
  | { what: "emergency_access"; address: string }
  | { what: "recovery_code"; left: number }
  | { what: "passkey_suspect"; passkey: string }
);

/** What a `notify` effect carries that tells of someone's access. */
export interface AlarmPayload {
  channel: string;
  alarm: Alarm;
  /** Account of the person to reach, on a channel that reaches people by their own contact. */
  to?: string | undefined;
}

export function isAlarm(payload: unknown): payload is AlarmPayload {
  return typeof (payload as Partial<AlarmPayload> | null)?.alarm?.what === "string";
}

/** Plans to tell RSSI, director and delegates, on each of their channels; an observation tells nobody. */
export function planAlarm(alarm: Alarm, setup: Pick<Setup, "mode" | "facility" | "notify">): Write[] {
  if (setup.mode === "observe") return [];
  return setup.notify
    .filter((channel) => channel.for.some((role) => role !== "on_call"))
    .map(({ id: channel }) => {
      const { what, account, at } = alarm;
      const key = `access:${setup.facility.id}:${channel}:${what}:${account.id}:${at}`;
      const payload: AlarmPayload = {
        channel,
        alarm: { ...alarm, account: { id: account.id, name: account.name } },
      };
      return { write: "plan", effect: { key, kind: "notify", incident: null, due: at, payload } };
    });
}

/** For a channel that reaches people by their own contact: one effect for each who is told and has that contact. */
export function alarmOfEach(
  { channel, alarm }: AlarmPayload,
  { key, accounts, reaches }: { key: string; accounts: readonly Account[]; reaches: "email" | "phone" },
): Write[] {
  return accounts
    .filter((account) => account.active && account.emergency === undefined && account[reaches] !== "")
    .map(({ id: to }) => {
      const payload: AlarmPayload = { channel, alarm, to };
      const effect = { key: `${key}:${to}`, kind: "notify", incident: null, due: alarm.at, payload } as const;
      return { write: "plan", effect };
    });
}

/** Writes what is told of someone's access; undefined while nobody is told anything. */
export function alarmMessage(
  alarm: Alarm,
  { key, setup, link }: { key: string; setup: Setup; link: string },
): Message | undefined {
  if (setup.mode === "observe") return undefined;
  const exercise = setup.mode === "exercise";
  const { subject, text } = wordsOf(alarm, formatInstant(alarm.at, setup.facility.time_zone));
  return {
    key,
    facility: setup.facility.id,
    incident: null,
    event: "access_used",
    exercise,
    subject: setup.masks.text(`${exercise ? "EXERCICE : " : ""}${subject}`, { incident: null }),
    text: setup.masks.text(`${setup.facility.name}. ${text}`, { incident: null }),
    link,
    occurred: alarm.at,
  };
}

function wordsOf(alarm: Alarm, when: string): { subject: string; text: string } {
  const { name } = alarm.account;
  if (alarm.what === "emergency_access")
    return {
      subject: `accès de secours ouvert : ${name}`,
      text: `L'accès de secours « ${name} » vient de servir, ${when}, depuis ${alarm.address}. Si personne n'a ouvert son enveloppe, désactivez-le maintenant. Après usage, il se scelle de nouveau.`,
    };
  if (alarm.what === "recovery_code")
    return {
      subject: `code de secours utilisé : ${name}`,
      text: `Un code de secours de ${name} a servi, ${when}. Il en reste ${alarm.left}. Si ce n'était pas cette personne, réinitialisez ses moyens de connexion.`,
    };
  return {
    subject: `clé d'accès suspecte : ${name}`,
    text: `La clé d'accès « ${alarm.passkey} » de ${name} a compté moins de signatures qu'avant, ${when} : une copie peut circuler. Elle n'ouvre plus rien.`,
  };
}
