import type pg from "pg";
import type { SealedAlert } from "../seal.ts";
import type { Bulk, HeldDetection } from "../sql/bulk.ts";
import type { EntryRow } from "../sql/chain.ts";
import type { Asking, Row } from "../sql/sql.ts";
import { boundsOf, lookAhead } from "./look-ahead.ts";
import { type Sent, send } from "./postgres-sql.ts";

// One look for each: of a list, PostgreSQL may choose to read all alerts of the facility.
const KNOWN = `SELECT a.id, a.event FROM unnest(?::text[]) AS asked (id)
    JOIN LATERAL (SELECT id, event FROM alerts WHERE facility = ? AND id = asked.id LIMIT 1) a ON TRUE
  UNION ALL SELECT a.id, a.event FROM unnest(?::text[]) AS asked (event)
    JOIN LATERAL (SELECT id, event FROM alerts WHERE facility = ? AND event = asked.event LIMIT 1) a ON TRUE`;
// Contents are JSON on one line each: as an array every quote of theirs would be escaped here and read back there.
const ALERTS = `INSERT INTO alerts (facility, id, event, first_detection, detections, journal_seq, position, content)
  SELECT ?, * FROM unnest(?::text[], ?::text[], ?::bigint[], ?::bigint[], ?::bigint[], ?::bigint[],
    string_to_array(?::text, E'\\n'))`;
// The event time is a member of the content, and of those after it none can hold its name.
const HELD = `SELECT d.detection, a.id, a.first_detection, a.detections,
    split_part(split_part(a.content, ',"occurred":', -1), ',', 1)::bigint AS occurred
  FROM unnest(?::bigint[]) WITH ORDINALITY AS d (detection, place)
  LEFT JOIN LATERAL (
    SELECT id, first_detection, detections, content FROM alerts
    WHERE facility = ? AND first_detection <= d.detection AND detections > 0
    ORDER BY first_detection DESC LIMIT 1
  ) a ON TRUE ORDER BY d.place`;
// The same of numbers that mostly follow each other, which one walk of the index finds.
const HELD_BETWEEN = `SELECT id, first_detection, detections,
    split_part(split_part(content, ',"occurred":', -1), ',', 1)::bigint AS occurred FROM alerts
  WHERE facility = ? AND detections > 0 AND first_detection <= ? AND first_detection >= COALESCE((
    SELECT MAX(first_detection) FROM alerts WHERE facility = ? AND first_detection <= ? AND detections > 0), 0)
  ORDER BY first_detection`;
const JOINED = `INSERT INTO joined (facility, incident, detection, alert, position, occurred, journal_seq)
  SELECT ?, ?, d.detection, d.alert, d.position, d.occurred, ?::bigint
  FROM unnest(?::bigint[], ?::text[], ?::bigint[], ?::bigint[]) AS d (detection, alert, position, occurred)
  ON CONFLICT DO NOTHING`;
const JOINED_NOW = `${JOINED} RETURNING detection`;
const ENTRIES = `WITH written AS (
    INSERT INTO journal (facility, seq, type, at, incident, content_hash, previous, body_hash, hash)
    SELECT * FROM unnest(?::text[], ?::bigint[], ?::text[], ?::bigint[], ?::text[], ?::text[], ?::text[], ?::text[],
      ?::text[]))
  INSERT INTO journal_contents (facility, seq, salt, content)
  SELECT * FROM unnest(?::text[], ?::bigint[], ?::text[], ?::text[])`;

/** Whole lists at once: a journey to the server costs more than the rows that it carries. */
export function postgresBulk(client: pg.ClientBase, sent: Sent): Bulk {
  function* rows(sql: string, values: readonly unknown[]): Asking<Row[]> {
    return ((yield send(client, sql, values)) as pg.QueryResult<Row>).rows;
  }

  function* held(facility: string, asked: readonly number[]): Asking<readonly (HeldDetection | undefined)[]> {
    const { low, high } = boundsOf(asked);
    if (high - low >= 2 * asked.length || asked.length === 0)
      return (yield* rows(HELD, [listOf(asked), facility])).map((row) => heldOf(Number(row.detection), row));
    const found = yield* rows(HELD_BETWEEN, [facility, high, facility, low]);
    const holders = new Map<number, HeldDetection>();
    for (const row of found) {
      const first = Number(row.first_detection);
      for (let at = 0; at < Number(row.detections); at++) {
        const each = heldOf(first + at, row);
        if (each !== undefined) holders.set(first + at, each);
      }
    }
    return asked.map((each) => holders.get(each));
  }

  return {
    *alerts({ facility, at, chain }, alerts) {
      // Nobody else writes for this facility meanwhile: what is not known now is new.
      const ids = alerts.map(({ id }) => id);
      const events = alerts.flatMap(({ event }) => event ?? []);
      const known = yield* rows(KNOWN, [ids, facility, events, facility]);
      const [taken, told] = [new Set(known.map(({ id }) => id)), new Set(known.map(({ event }) => event))];
      const fresh: { alert: SealedAlert; first: number; seq: number; position: number }[] = [];
      const outcomes = alerts.map((alert) => {
        const { id, event, digest, detections } = alert;
        if (taken.has(id) || (event !== null && told.has(event))) return "duplicate";
        taken.add(id);
        told.add(event);
        fresh.push({ alert, ...chain.digest(digest, at), first: chain.detections(detections) });
        return "stored";
      });
      if (fresh.length === 0) return outcomes;
      const column = <T>(of: (row: (typeof fresh)[number]) => T): T[] => fresh.map(of);
      const added = send(client, ALERTS, [
        facility,
        column(({ alert }) => alert.id),
        column(({ alert }) => alert.event),
        listOf(column(({ first }) => first)),
        listOf(column(({ alert }) => alert.detections)),
        listOf(column(({ seq }) => seq)),
        listOf(column(({ position }) => position)),
        column(({ alert }) => alert.content).join("\n"),
      ]);
      sent.add(added);
      return outcomes;
    },
    held,
    *join(facility, joined) {
      if (joined.detections.length === 0) return [];
      const fresh = yield* rows(JOINED_NOW, joinValues(facility, joined));
      const seqs = new Set(fresh.map(({ detection }) => Number(detection)));
      return joined.detections.map(({ detection }) => seqs.has(detection));
    },
    joinFresh(facility, joined) {
      if (joined.detections.length > 0) sent.add(send(client, JOINED, joinValues(facility, joined)));
    },
    ahead: (facility, writes) =>
      lookAhead({ rows, held: (asked) => held(facility, asked) }, facility, writes),
    *entries(entries) {
      const column = <T>(of: (row: EntryRow) => T): T[] => entries.map(of);
      const places = [column(({ facility }) => facility), column(({ seq }) => seq)];
      yield send(client, ENTRIES, [
        ...places,
        column(({ type }) => type),
        column(({ at }) => at),
        column(({ incident }) => incident),
        column(({ contentHash }) => contentHash),
        column(({ previous }) => previous),
        column(({ bodyHash }) => bodyHash),
        column(({ hash }) => hash),
        ...places,
        column(({ salt }) => salt),
        column(({ content }) => content),
      ]);
    },
  };
}

/** A list of numbers as PostgreSQL writes it: of each by itself the driver makes a text that it quotes. */
const listOf = (numbers: readonly number[]) => `{${numbers.join(",")}}`;

function heldOf(detection: number, row: Row): HeldDetection | undefined {
  const position = detection - Number(row.first_detection);
  if (row.id === null || position >= Number(row.detections)) return undefined;
  return { detection, alert: String(row.id), position, occurred: Number(row.occurred) };
}

const joinValues = (
  facility: string,
  { incident, entry, detections }: Parameters<Bulk["join"]>[1],
): unknown[] => [
  ...[facility, incident, entry],
  listOf(detections.map(({ detection }) => detection)),
  detections.map(({ alert }) => alert),
  listOf(detections.map(({ position }) => position)),
  listOf(detections.map(({ occurred }) => occurred)),
];
