import { AlertTag } from "../../../agent/core/alert.ts";
import type { Instant } from "../../../agent/core/clock.ts";
import type { ParseContext, Parsed } from "../../contract.ts";
import { isAddress } from "../../shared/address.ts";
import { addTag, clip, type Draft, finish, newWideDraft, putField } from "../../shared/draft.ts";
import { isoOf } from "../../shared/iso-of.ts";
import { keyTable } from "../../shared/key-table.ts";
import { pairKeyOf, type Told, writeDevice, writePair } from "../../shared/pair-keys.ts";
import { readDateIn } from "../../shared/read-date-in.ts";
import { readPairs } from "./read-pairs.ts";

const keyAt = keyTable(pairKeyOf);
/** Numbers before it under a name that tells times are counts of something else. */
const LEAST_EPOCH = Date.UTC(2000, 0, 1) * 1000;

/**
 * Reads one record of `key=value` pairs: every pair into `fields`, those of common names into ECS.
 *
 * Errors: `empty`, `no_pairs` (not one; the alert has the text).
 */
export function parseKeyvalue(text: string, context: ParseContext): Parsed {
  let end = text.length;
  while (end > 0 && text.charCodeAt(end - 1) <= 0x20) end--;
  if (end === 0) return { error: { code: "empty", message: "the record is empty" } };
  const draft = newWideDraft(text, "keyvalue", "keyvalue");
  const { alert } = draft;
  const told: Told = {};
  const { pairs } = readPairs(text, startOf(text), end, (from, to, raw) => {
    const key = keyAt(text, from, to);
    const value = clip(draft, raw);
    putField(draft, key.name, value);
    writePair(draft, key, value, told, context);
    if (context.trace !== undefined)
      context.trace({ by: "parser", name: "keyvalue", rule: `key ${key.name}` }, alert);
  });
  if (alert.message === undefined)
    alert.message = clip(draft, end === text.length ? text : text.slice(0, end));
  writeHost(draft, told);
  writeSubject(draft, told);
  const instant = readTimes(draft, told, context);
  finish(draft, instant, context);
  if (pairs > 0) return { alert };
  addTag(alert, AlertTag.unrecognised);
  return { alert, error: { code: "no_pairs", message: "the record has no key=value pair" } };
}

/** Where the pairs may begin: after a byte-order mark, a priority, and the `?` that a mangled mark leaves. */
export function startOf(text: string): number {
  let at = text.charCodeAt(0) === 0xfeff ? 1 : 0;
  if (text.charCodeAt(at) === 0x3c) {
    const close = text.slice(at, at + 6).indexOf(">");
    if (close > 0) at += close + 1;
  }
  while (text.charCodeAt(at) === 0x20 || text.charCodeAt(at) === 0x3f) at++;
  return at;
}

/** A device names itself, and is the host that the record is from; `hostname` beside it is another's. */
function writeHost({ alert }: Draft, told: Told): void {
  writeDevice(alert, told);
  const { device, host, address } = told;
  const name = device ?? host ?? address;
  if (name === undefined) return;
  alert.host = isAddress(name) ? { name, ip: [name] } : { name, hostname: name };
}

/** Names that stand beside the subject of a mail. */
const MAIL = /^(?:mail|e-?mail|from|to|sender|recipient|rcpt|message_?id)/i;

/** A subject is a mail's only where the record speaks of mail. */
function writeSubject({ alert, fields }: Draft, { subject }: Told): void {
  if (subject === undefined || !Object.keys(fields).some((name) => MAIL.test(name))) return;
  alert.email = { ...alert.email, subject };
}

/** The event's time: a date with a time of day, one of both that is whole, or an epoch; start and end beside it. */
function readTimes({ event }: Draft, told: Told, context: ParseContext): Instant | undefined {
  const { date, time, epoch, zone } = told;
  const read = (text: string | undefined): Instant | undefined => {
    const instant = text === undefined ? undefined : readDateIn(text, zone, context);
    return instant !== undefined && instant < LEAST_EPOCH ? undefined : instant;
  };
  const start = read(told.start);
  const end = read(told.end);
  if (start !== undefined) event.start = isoOf(start);
  if (end !== undefined) event.end = isoOf(end);
  if (zone !== undefined) event.timezone = zone;
  const dated = date === undefined || time === undefined ? undefined : `${date} ${time}`;
  // Fortinet's epoch is exact, its date local: the zone that would tell is not always there.
  for (const text of [zone === undefined ? epoch : undefined, dated, time, epoch, date]) {
    const instant = read(text);
    if (instant !== undefined) return zone === undefined ? inZone(instant, text as string, context) : instant;
  }
  // What began then is told of by a header when it is over.
  return context.carrier === undefined ? start : undefined;
}

const QUARTER = 15 * 60 * 1_000_000;
/** Zones are no further from each other, and a record no later in its header. */
const FURTHEST_ZONE = 26 * 4 * QUARTER;
const LATEST = 120 * 1_000_000;

/** A date without zone that is off the time of an exact header by hours, to minutes, is of a zone that nobody told. */
function inZone(instant: Instant, text: string, context: ParseContext): Instant {
  const { carrier } = context;
  if (carrier?.zoned !== true) return instant;
  const away = instant - carrier.instant;
  const shift = Math.round(away / QUARTER) * QUARTER;
  if (shift === 0 || Math.abs(shift) > FURTHEST_ZONE || Math.abs(away - shift) > LATEST) return instant;
  const elsewhere = readDateIn(text, undefined, { ...context, zone: "Pacific/Kiritimati" });
  const tellsZone = elsewhere === readDateIn(text, undefined, { ...context, zone: "UTC" });
  return tellsZone ? instant : instant - shift;
}
