/** Units of a timespan, in seconds: a month and a year are those of the Gregorian mean, as pySigma counts them. */
const SECONDS: Readonly<Record<string, number>> = {
  s: 1,
  m: 60,
  h: 3600,
  d: 86_400,
  w: 604_800,
  M: 2_629_746,
  y: 31_556_952,
};
/** Windows longer than this would be rebuilt from more than a record holds. */
const LONGEST_YEARS = 2;

/** Reads `15m` and the like into µs; undefined when it is no whole number above 0 with a unit, or too long. */
export function readTimespan(written: unknown): number | undefined {
  const match = typeof written === "string" ? /^(\d{1,9})([smhdwMy])$/.exec(written) : null;
  if (match === null) return undefined;
  const seconds = Number(match[1]) * (SECONDS[match[2] as string] as number);
  return seconds > 0 && seconds <= LONGEST_YEARS * (SECONDS.y as number) ? seconds * 1_000_000 : undefined;
}
