import { SEAL_BYTES } from "../cipher/cipher.ts";
import { OF_ACCESS } from "../migrations/014-groups.ts";
import type { EntryLeft, QuarantineEntry } from "../store.ts";
import type { Asked } from "./asked.ts";
import type { Sql } from "./sql.ts";
import { LAST_JOINED } from "./writes.ts";

type Retention =
  | "entriesLeft"
  | "accessLeft"
  | "unjoinedAlerts"
  | "alertsLeft"
  | "attachmentsLeft"
  | "quarantine"
  | "quarantineBefore";

/** The questions about what a rule of conservation would take away, and about refused records, which it takes whole. */
export function retentionReads(sql: Sql): Pick<Asked, Retention> {
  // Of what is sealed its bytes: to count characters, all of them would be opened.
  const size =
    sql.sealing === null
      ? "LENGTH(c.content)"
      : `LENGTH(c.content) - IIF(TYPEOF(c.content) = 'blob', ${SEAL_BYTES}, 0)`;
  // Their places first, in this order: asked for whole entries, SQLite reads the journal from its beginning.
  const left = (places: string, order: string) =>
    sql(
      `SELECT j.seq, j.type, j.at, ${size} AS size
       FROM (SELECT at, seq FROM journal WHERE facility = ? AND ${places} ORDER BY ${order}) p
       CROSS JOIN journal_contents c CROSS JOIN journal j
       WHERE c.facility = ? AND c.seq = p.seq AND j.facility = c.facility AND j.seq = c.seq
       ORDER BY ${order.replaceAll(/\b(?=at|seq)/g, "p.")} LIMIT ?`,
    );
  const ofIncident = left("incident = ? AND seq > ?", "seq");
  const ofAccess = left(`${OF_ACCESS} AND (at, seq) > (?, ?) AND at < ?`, "at, seq");
  // A window of detections at a time: what joined an incident is passed over, and there may be much of it.
  const unjoined = sql(
    `SELECT a.id, j.at FROM alerts a JOIN journal j ON j.facility = a.facility AND j.seq = a.journal_seq
     WHERE a.facility = ? AND a.first_detection >= ? AND a.first_detection <= ? AND NOT EXISTS (
       SELECT 1 FROM joined k WHERE k.facility = a.facility
         AND k.detection >= a.first_detection AND k.detection < a.first_detection + a.detections)
     ORDER BY a.first_detection`,
  );
  const alerts = sql(
    `SELECT a.id, o.occurred, o.detection FROM joined o
     JOIN alerts a ON a.facility = o.facility AND a.id = o.alert
     WHERE o.facility = ? AND o.incident = ? AND (o.occurred, o.detection) > (?, ?) AND NOT EXISTS (
       SELECT 1 FROM joined j WHERE j.facility = a.facility
         AND j.detection >= a.first_detection AND j.detection < a.first_detection + a.detections
         AND j.incident NOT IN (${sql.texts}) AND ${LAST_JOINED})
     ORDER BY o.occurred, o.detection LIMIT ?`,
  );
  const bytes = sql(
    "SELECT 1 FROM attachments WHERE facility = ? AND sha256 = ? AND size IS NOT NULL AND erased IS NULL",
  );
  const latest = sql(
    `SELECT ${sql.shown("quarantine.content")} FROM quarantine WHERE facility = ?
     ORDER BY received DESC, seq DESC LIMIT ?`,
  );
  const refused = sql(
    `SELECT COUNT(*) AS count, MIN(received) AS oldest, MAX(received) AS newest FROM quarantine
     WHERE facility = ? AND received < ?`,
  );
  const entries = (rows: unknown[]) => rows as EntryLeft[];

  return {
    *entriesLeft(facility, incident, after, limit) {
      return entries(yield* ofIncident.all(facility, incident, after, facility, limit));
    },
    *accessLeft(facility, { after, before, limit }) {
      return entries(yield* ofAccess.all(facility, after.at, after.seq, before, facility, limit));
    },
    *unjoinedAlerts(facility, { from, to }) {
      return (yield* unjoined.all(facility, from, to)) as { id: string; at: number }[];
    },
    *alertsLeft(facility, incident, { released, after, limit }) {
      const { occurred, seq } = after ?? { occurred: Number.MIN_SAFE_INTEGER, seq: 0 };
      const held = JSON.stringify(released);
      return (yield* alerts.all(facility, incident, occurred, seq, held, limit)).map((row) => ({
        alert: String(row.id),
        occurred: Number(row.occurred),
        seq: Number(row.detection),
      }));
    },
    *attachmentsLeft(facility, sha256s) {
      const left: string[] = [];
      for (const sha256 of sha256s) if ((yield* bytes.get(facility, sha256)) !== undefined) left.push(sha256);
      return left;
    },
    *quarantine(facility, limit) {
      return (yield* latest.all(facility, limit)).map(
        ({ content }) => JSON.parse(String(content)) as QuarantineEntry,
      );
    },
    *quarantineBefore(facility, before) {
      const { count, oldest, newest } = (yield* refused.get(facility, before)) ?? {};
      return { count: Number(count), oldest: oldest as number | null, newest: newest as number | null };
    },
  };
}
