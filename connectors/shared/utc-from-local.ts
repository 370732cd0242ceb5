const MINUTE = 60_000;
const QUARTER = 15 * MINUTE;
const DAY = 24 * 60 * MINUTE;

interface Zone {
  format: Intl.DateTimeFormat;
  /** Offset in milliseconds by quarter of an hour of local time: no zone changes within one. */
  offsets: Map<number, number>;
}

/** Records may name zones: as many are kept open as a real network has, and then some. */
const zones = new Map<string, Zone>();
const MOST_ZONES = 64;

const known = new Map<string, boolean>();

/** Says whether the name is an IANA zone that this runtime knows. */
export function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en-US", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/** Says the same of a name that a record gives: the answer is kept, and only `Area/City` and `UTC` are asked for. */
export function isKnownZone(name: string): boolean {
  if (!/^[A-Z][A-Za-z_]{1,14}\/[A-Za-z_/+-]{2,32}$/.test(name)) return name === "UTC";
  let answer = known.get(name);
  if (answer === undefined) {
    answer = isZone(name);
    if (known.size >= MOST_ZONES * 16) known.clear();
    known.set(name, answer);
  }
  return answer;
}

/**
 * Turns a local wall-clock reading into UTC.
 *
 * Milliseconds both ways, `local` counted as if it were UTC. A reading that a spring change skips moves forward;
 * one that an autumn change repeats is the first. A zone that does not exist counts as UTC.
 */
export function utcFromLocal(local: number, zone: string): number {
  if (zone === "UTC") return local;
  const found = zones.get(zone) ?? open(zone);
  const quarter = Math.floor(local / QUARTER);
  let offset = found.offsets.get(quarter);
  if (offset === undefined) {
    offset = resolve(local, found);
    if (found.offsets.size >= 4096) found.offsets.clear();
    found.offsets.set(quarter, offset);
  }
  return local - offset;
}

function open(name: string): Zone {
  const timeZone = isZone(name) ? name : "UTC";
  const zone: Zone = {
    format: new Intl.DateTimeFormat("en-US", {
      timeZone,
      hourCycle: "h23",
      year: "numeric",
      month: "numeric",
      day: "numeric",
      hour: "numeric",
      minute: "numeric",
      second: "numeric",
    }),
    offsets: new Map(),
  };
  if (zones.size >= MOST_ZONES) zones.clear();
  zones.set(name, zone);
  return zone;
}

/** The offset before the change serves both cases: it gives the first of two readings, and moves a skipped one forward. */
function resolve(local: number, zone: Zone): number {
  const before = offsetAt(local - DAY, zone);
  const after = offsetAt(local + DAY, zone);
  if (before === after || offsetAt(local - before, zone) === before) return before;
  return offsetAt(local - after, zone) === after ? after : before;
}

function offsetAt(utc: number, zone: Zone): number {
  const part: Record<string, number> = {};
  for (const { type, value } of zone.format.formatToParts(utc)) part[type] = Number(value);
  const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = part;
  return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(utc / 1000) * 1000;
}
