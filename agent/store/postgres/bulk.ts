import type pg from "pg";
import type { SealedAlert } from "../seal.ts";
import type { Bulk, HeldDetection } from "../sql/bulk.ts";
import type { EntryRow } from "../sql/chain.ts";
import type { Asking, Row } from "../sql/sql.ts";
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
const JOINED = `INSERT INTO joined (facility, incident, detection, alert, position, occurred, journal_seq)
  SELECT ?, ?, d.detection, d.alert, d.position, d.occurred, ?::bigint
  FROM unnest(?::bigint[], ?::text[], ?::bigint[], ?::bigint[]) AS d (detection, alert, position, occurred)
  ON CONFLICT DO NOTHING RETURNING detection`;
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
        column(({ first }) => first),
        column(({ alert }) => alert.detections),
        column(({ seq }) => seq),
        column(({ position }) => position),
        column(({ alert }) => alert.content).join("\n"),
      ]);
      sent.add(added);
      return outcomes;
    },
    *held(facility, detections) {
      if (detections.length === 0) return [];
      const found = yield* rows(HELD, [detections, facility]);
      return found.map((row): HeldDetection | undefined => {
        const detection = Number(row.detection);
        const position = detection - Number(row.first_detection);
        if (row.id === null || position >= Number(row.detections)) return undefined;
        return { detection, alert: String(row.id), position, occurred: Number(row.occurred) };
      });
    },
    *join(facility, { incident, entry, detections }) {
      if (detections.length === 0) return [];
      const fresh = yield* rows(JOINED, [
        ...[facility, incident, entry],
        detections.map(({ detection }) => detection),
        detections.map(({ alert }) => alert),
        detections.map(({ position }) => position),
        detections.map(({ occurred }) => occurred),
      ]);
      const seqs = new Set(fresh.map(({ detection }) => Number(detection)));
      return detections.map(({ detection }) => seqs.has(detection));
    },
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
