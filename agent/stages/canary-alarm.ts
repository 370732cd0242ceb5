import type { Message } from "../../connectors/contract.ts";
import type { Instant } from "../core/clock.ts";
import type { Write } from "../store/store.ts";
import { formatInstant } from "./french.ts";
import type { Setup } from "./work.ts";

/** That canaries no longer come through ways in, or do again. */
export interface CanaryAlarm {
  what: "failing" | "restored";
  /** Names of the ways: `pare-feu tcp 127.0.0.1:5514`. */
  ways: readonly string[];
  /** Since when the first of them fails. */
  since: Instant;
  at: Instant;
}

/** What a `notify` effect carries that tells of ways in. */
export interface CanaryPayload {
  channel: string;
  canary: CanaryAlarm;
  /** Account of the person to reach, on a channel that reaches people by their own contact. */
  to?: string | undefined;
}

/** Ways that a message names. */
const NAMED = 10;

export function isCanaryAlarm(payload: unknown): payload is CanaryPayload {
  return typeof (payload as Partial<CanaryPayload> | null)?.canary?.what === "string";
}

/** For whom a channel tells of ways in: the RSSI, or who is on call where no channel is the RSSI's. */
export function canaryRole({ notify }: Pick<Setup, "notify">): "rssi" | "on_call" {
  return notify.some((channel) => channel.for.includes("rssi")) ? "rssi" : "on_call";
}

/** Plans one message on each of their channels, however many ways there are; an observation tells nobody. */
export function planCanaryAlarm(
  canary: CanaryAlarm,
  setup: Pick<Setup, "mode" | "facility" | "notify">,
): Write[] {
  if (setup.mode === "observe") return [];
  const role = canaryRole(setup);
  return setup.notify
    .filter((channel) => channel.for.includes(role))
    .map(({ id: channel }) => {
      const key = `canary:${setup.facility.id}:${channel}:${canary.what}:${canary.at}`;
      const payload: CanaryPayload = { channel, canary };
      return { write: "plan", effect: { key, kind: "notify", incident: null, due: canary.at, payload } };
    });
}

/** Writes what is told of ways in; undefined while nobody is told anything. */
export function canaryMessage(
  { what, ways, since, at }: CanaryAlarm,
  { key, setup, link }: { key: string; setup: Setup; link: string },
): Message | undefined {
  if (setup.mode === "observe") return undefined;
  const exercise = setup.mode === "exercise";
  const many = ways.length > 1;
  const more = ways.length > NAMED ? ` et ${ways.length - NAMED} autres` : "";
  const names = `${ways.slice(0, NAMED).join(", ")}${more}`;
  const when = formatInstant(since, setup.facility.time_zone);
  const failing = what === "failing";
  const subject = failing
    ? `${ways.length} voie${many ? "s" : ""} d'entrée en défaut`
    : "les voies d'entrée fonctionnent de nouveau";
  const text = failing
    ? `Le canari, l'alerte d'essai que Tocsin s'envoie, n'est pas revenu par : ${names}. Défaut depuis le ${when}. Les alertes qui arrivent par là se perdent peut-être. La page Santé dit pourquoi.`
    : `Le canari revient par toutes les voies d'entrée. Étaient en défaut depuis le ${when} : ${names}.`;
  return {
    key,
    facility: setup.facility.id,
    incident: null,
    event: "intake_failing",
    exercise,
    subject: setup.masks.text(`${exercise ? "EXERCICE : " : ""}${subject}`, { incident: null }),
    text: setup.masks.text(`${setup.facility.name}. ${text}`, { incident: null }),
    link,
    occurred: at,
  };
}
