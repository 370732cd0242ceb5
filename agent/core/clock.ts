/** An instant: whole microseconds since 1970-01-01T00:00:00Z. */
export type Instant = number;

/** Tells the time; the only way the rest of the program learns it. */
export interface Clock {
  now(): Instant;
}

export const systemClock: Clock = { now: () => Date.now() * 1000 };

export const MICROSECONDS = {
  second: 1_000_000,
  minute: 60_000_000,
  hour: 3_600_000_000,
  day: 86_400_000_000,
} as const;

/** Renders an instant as RFC 3339 in UTC, with as many decimals as it carries (0, 3 or 6). */
export function isoFromInstant(instant: Instant): string {
  const milliseconds = Math.floor(instant / 1000);
  const rest = instant - milliseconds * 1000;
  const iso = new Date(milliseconds).toISOString();
  return rest === 0 ? iso : `${iso.slice(0, -1)}${String(rest).padStart(3, "0")}Z`;
}

/** Reads an RFC 3339 date-time to the microsecond; undefined when it is not one. */
export function instantFromIso(text: string): Instant | undefined {
  const milliseconds = Date.parse(text);
  if (Number.isNaN(milliseconds)) return undefined;
  const fraction = /\.(\d{1,9})/.exec(text)?.[1];
  if (fraction === undefined) return milliseconds * 1000;
  const micros = Number(fraction.slice(0, 6).padEnd(6, "0"));
  return Math.floor(milliseconds / 1000) * 1_000_000 + micros;
}

/** True when this is a time zone the runtime knows: an IANA name, `UTC` or an alias. */
export function isTimeZone(zone: string): boolean {
  try {
    // An offset such as +02:00 is understood too, but it knows no summer: not a zone.
    return /^[A-Za-z]/.test(zone) && new Intl.DateTimeFormat("en", { timeZone: zone }).format(0) !== "";
  } catch {
    return false;
  }
}
