import { createHash } from "node:crypto";
import type { Message } from "../../contract.ts";

/** Characters that break a line, steer a terminal or turn the direction of writing. */
const UNSEEN = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]+/g;

/** A text on one line, without what nobody sees: fit for a header, a title or a spool file. */
export function oneLine(text: string): string {
  return text.replace(UNSEEN, " ").trim();
}

/** Shortens a text to so many characters, whole code points, with an ellipsis where it was cut. */
export function shorten(text: string, limit: number): string {
  const points = [...text];
  return points.length <= limit ? text : `${points.slice(0, Math.max(0, limit - 1)).join("")}…`;
}

/** A short mark of a message, the same for each repeat, by which a person sees that two are one. */
export function markOf({ key }: Pick<Message, "key">): string {
  return createHash("sha256").update(key).digest("hex").slice(0, 6).toUpperCase();
}

/** A longer mark, for systems where it is searched among all that ever were. */
export function ticketMark({ key }: Pick<Message, "key">): string {
  return `tocsin-${createHash("sha256").update(key).digest("hex").slice(0, 24)}`;
}

/** What is told by day, of what can wait for the next. */
const CALM: ReadonlySet<Message["event"]> = new Set([
  "sign_off_due",
  "review_due",
  "follow_up_due",
  "group_link",
  "handover",
  "test",
]);

/** How loud a channel should be: what waits for a person is urgent, a morning's summary is not. */
export function isUrgent({ event }: Pick<Message, "event">): boolean {
  return !CALM.has(event);
}

/** The digits of a telephone number as people write it, with its plus; undefined when it is none. */
export function phoneNumber(text: string): string | undefined {
  const digits = text.replace(/\(0\)/g, "").replace(/[\s.()/\u00a0-]/g, "");
  return /^\+?[0-9]{3,15}$/.test(digits) ? digits : undefined;
}

/** An address to which mail can be sent, as far as its looks tell; undefined when it is none. */
export function mailAddress(text: string): string | undefined {
  const address = text.trim();
  const [local = "", domain = "", ...rest] = address.split("@");
  if (rest.length > 0 || address.length > 254 || local.length > 64) return undefined;
  if (!/^[A-Za-z0-9.!#$%&'*+/=?^_`{|}~-]+$/.test(local)) return undefined;
  return /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(domain) ? address : undefined;
}

/** A number as it is dialled from anywhere, where the country's code is known; undefined when it is no number. */
export function dialled(text: string, country: string | undefined): string | undefined {
  const number = phoneNumber(text);
  if (number === undefined || country === undefined || number.startsWith("+")) return number;
  if (number.startsWith("00")) return `+${number.slice(2)}`;
  return number.startsWith("0") ? `+${country}${number.slice(1)}` : number;
}
