import type { SealedRecord, SealedWrite } from "../seal.ts";
import { type Ahead, type HeldDetection, recordKey } from "../sql/bulk.ts";
import { type Asking, type Row, together } from "../sql/sql.ts";

const REVISIONS = `SELECT r.kind, r.id, r.revision FROM unnest(?::text[], ?::text[]) AS asked (kind, id)
  JOIN LATERAL (SELECT kind, id, revision FROM records
    WHERE facility = ? AND kind = asked.kind AND id = asked.id LIMIT 1) r ON TRUE`;
const NAMES = `SELECT r.kind, r.name, r.id FROM unnest(?::text[], ?::text[]) AS asked (kind, name)
  JOIN LATERAL (SELECT kind, name, id FROM records
    WHERE facility = ? AND kind = asked.kind AND name = asked.name LIMIT 1) r ON TRUE`;
const CURSORS = "SELECT name, position FROM cursors WHERE facility = ? AND name = ANY (?::text[])";
// Detections of a unit follow each other, and are mostly new to the incident: a walk that finds nothing.
const THERE = `SELECT j.incident, j.detection FROM unnest(?::text[], ?::bigint[], ?::bigint[]) AS asked (incident, low, high)
  JOIN LATERAL (SELECT incident, detection FROM joined
    WHERE facility = ? AND incident = asked.incident AND detection BETWEEN asked.low AND asked.high) j ON TRUE`;

type Kind = SealedWrite["write"];
/** What is looked up holds for these; anything else in a unit may change it. */
const COVERED: ReadonlySet<Kind> = new Set<Kind>(["alert", "record", "join", "cursor", "plan", "note"]);

/**
 * Looks up in one journey what the records, joins and cursors of a unit will ask: a hundred incidents that change would
 * else wait for the server some hundred times, one after the other. Nobody else writes for this facility meanwhile.
 */
export function* lookAhead(
  parts: {
    rows: (sql: string, values: readonly unknown[]) => Asking<Row[]>;
    held: (detections: readonly number[]) => Asking<readonly (HeldDetection | undefined)[]>;
  },
  facility: string,
  writes: readonly SealedWrite[],
): Asking<Ahead | undefined> {
  const { rows, held } = parts;
  const records = writes.filter((each): each is SealedRecord => each.write === "record");
  const joins = writes.filter((each) => each.write === "join");
  // Of one there is nothing to put together.
  if (records.length + joins.length < 2) return undefined;
  if (writes.some(({ write }) => !COVERED.has(write)) || joins.some(({ of }) => of !== undefined))
    return undefined;
  const named = records.filter(({ name }) => name !== null);
  const cursors = writes.flatMap((each) => (each.write === "cursor" ? [each.name] : []));
  const joining = joins.filter((each) => each.detections.length > 0);
  const bounds = joining.map((each) => boundsOf(each.detections));
  const kinds = (of: readonly SealedRecord[]) => of.map(({ kind }) => kind);
  const [standing, holders, positions, there, found] = yield* together([
    rows(REVISIONS, [kinds(records), records.map(({ id }) => id), facility]),
    rows(NAMES, [kinds(named), named.map(({ name }) => name), facility]),
    rows(CURSORS, [facility, cursors]),
    rows(THERE, [
      joining.map(({ incident }) => incident),
      bounds.map(({ low }) => low),
      bounds.map(({ high }) => high),
      facility,
    ]),
    held([...new Set(joins.flatMap((each) => each.detections))]),
  ]);
  const joined = new Map<string, Set<number>>();
  for (const { incident, detection } of there) {
    const known = joined.get(String(incident)) ?? new Set();
    joined.set(String(incident), known.add(Number(detection)));
  }
  const known = found.flatMap((each) => each ?? []);
  return {
    revisions: new Map(
      standing.map(({ kind, id, revision }) => [recordKey(String(kind), String(id)), Number(revision)]),
    ),
    names: new Map(holders.map(({ kind, name, id }) => [recordKey(String(kind), String(name)), String(id)])),
    cursors: new Map(positions.map(({ name, position }) => [String(name), Number(position)])),
    held: new Map(known.map((each) => [each.detection, each])),
    joined,
  };
}

/** The lowest and the highest of some numbers, of which there may be very many. */
export function boundsOf(numbers: readonly number[]): { low: number; high: number } {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const each of numbers) {
    if (each < low) low = each;
    if (each > high) high = each;
  }
  return { low, high };
}
