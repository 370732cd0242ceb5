import type { Message } from "../../../connectors/contract.ts";
import type { Instant } from "../../core/clock.ts";
import type { QuestionLink } from "../../core/question-link.ts";
import type { Write } from "../../store/store.ts";
import { formatInstant } from "../french.ts";
import type { Setup } from "../work.ts";

/** What a `notify` effect carries that sends a link to who is asked. */
export interface LinkSending {
  channel: string;
  event: "question_asked";
  /** Id of the link: its code is made again when it is sent. */
  link: string;
}

/** What a `clock` effect carries at whose instant a link serves no more. */
export interface LinkExpiry {
  link: string;
}

export function isLinkSending(payload: unknown): payload is LinkSending {
  const { event, link } = (payload ?? {}) as Partial<LinkSending>;
  return event === "question_asked" && typeof link === "string";
}

export function isLinkExpiry(payload: unknown): payload is LinkExpiry {
  const { channel, link } = (payload ?? {}) as Partial<LinkSending>;
  return channel === undefined && typeof link === "string";
}

/** The record of a link. */
export function linkOf(content: QuestionLink, revision: number): Write {
  const { id, incident, state } = content;
  return { write: "record", kind: "question_link", id, revision, incident, state, content };
}

/** Writes the message that carries a link: who asks and until when, nothing of the incident. */
export function linkMessage(
  { by, expires }: QuestionLink,
  { key, setup, link, now }: { key: string; setup: Setup; link: string; now: Instant },
): Message {
  const exercise = setup.mode === "exercise";
  const told = { incident: null };
  const until = formatInstant(expires, setup.facility.time_zone);
  const subject = `${exercise ? "EXERCICE : " : ""}une question pour vous`;
  const text = `${setup.facility.name}. ${by.name} vous pose une question. Le lien sert une fois, jusqu'au ${until}, sans mot de passe. Dans le doute, rappelez : ${by.call_back}.`;
  return {
    key,
    facility: setup.facility.id,
    incident: null,
    event: "question_asked",
    exercise,
    subject: setup.masks.text(subject, told),
    text: setup.masks.text(text, told),
    link,
    occurred: now,
  };
}
