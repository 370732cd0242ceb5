const MINUTE = 60_000;
const QUARTER = 15 * MINUTE;
const DAY = 24 * 60 * MINUTE;

interface Zone {
  format: Intl.DateTimeFormat;
  /** Offset in milliseconds by quarter of an hour of local time: no zone changes within one. */
  offsets: Map<number, number>;
}

const zones = new Map<string, Zone>();

/** Says whether the name is an IANA zone that this runtime knows. */
export function isZone(name: string): boolean {
  try {
    new Intl.DateTimeFormat("en-US", { timeZone: name });
    return true;
  } catch {
    return false;
  }
}

/**
 * Turns a local wall-clock reading into UTC.
 *
 * Milliseconds both ways, `local` counted as if it were UTC. A reading that a spring change skips moves forward;
 * one that an autumn change repeats is the first. A zone that does not exist counts as UTC.
 */
export function utcFromLocal(local: number, zone: string): number {
  if (zone === "UTC") return local;
  const known = zones.get(zone) ?? open(zone);
  const quarter = Math.floor(local / QUARTER);
  let offset = known.offsets.get(quarter);
  if (offset === undefined) {
    offset = resolve(local, known);
    if (known.offsets.size >= 4096) known.offsets.clear();
    known.offsets.set(quarter, offset);
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
