import type { Answer } from "../../shared/egress/call-out.ts";

/** Longest wait that is read at all, seconds: what asks for more asks for that. */
const LONGEST = 86_400;
const MONTHS = "Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec";
const IMF = new RegExp(`^[A-Z][a-z]{2}, [0-9]{2} (?:${MONTHS}) [0-9]{4} [0-9]{2}:[0-9]{2}:[0-9]{2} GMT$`);
const RFC_850 = new RegExp(
  `^[A-Z][a-z]{5,8}, ([0-9]{2})-(${MONTHS})-([0-9]{2}) ([0-9]{2}:[0-9]{2}:[0-9]{2}) GMT$`,
);
const ASCTIME = new RegExp(
  `^[A-Z][a-z]{2} (${MONTHS}) ([ 0-9][0-9]) ([0-9]{2}:[0-9]{2}:[0-9]{2}) ([0-9]{4})$`,
);

/**
 * How long a receiver asks to wait, seconds (`Retry-After`, RFC 9110 section 10.2.3: a number of seconds or a date);
 * undefined when it says nothing that can be read. A date counts from the receiver's own `Date`, else from `now`.
 */
export function retryAfter(
  headers: Extract<Answer, { status: number }>["headers"],
  now: Date,
): number | undefined {
  const said = textOf(headers["retry-after"]);
  if (/^[0-9]{1,15}$/.test(said)) return Math.min(Number(said), LONGEST);
  const until = httpDate(said, now);
  if (until === undefined) return undefined;
  const from = httpDate(textOf(headers.date), now) ?? now.getTime();
  return Math.min(Math.max(0, Math.ceil((until - from) / 1000)), LONGEST);
}

/** The instant of an HTTP-date in any of its three forms (RFC 9110 section 5.6.7), ms. */
function httpDate(text: string, now: Date): number | undefined {
  const at = Date.parse(IMF.test(text) ? text : modern(text, now));
  return Number.isNaN(at) ? undefined : at;
}

/** An obsolete form of date as it is written today; empty when it is none. */
function modern(text: string, now: Date): string {
  const [, day, month, short, clock] = RFC_850.exec(text) ?? [];
  if (day !== undefined) {
    // A year of two digits over fifty years ahead is one of the past.
    const century = Math.floor(now.getUTCFullYear() / 100) * 100;
    const year = century + Number(short);
    return `${day} ${month} ${year > now.getUTCFullYear() + 50 ? year - 100 : year} ${clock} GMT`;
  }
  const [, named, numbered, time, year] = ASCTIME.exec(text) ?? [];
  return named === undefined ? "" : `${numbered} ${named} ${year} ${time} GMT`;
}

const textOf = (value: unknown): string => (typeof value === "string" ? value.trim().slice(0, 100) : "");
