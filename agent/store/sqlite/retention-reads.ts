import { SEAL_BYTES } from "../cipher/cipher.ts";
import { OF_ACCESS } from "../migrations/010-retention.ts";
import type { EntryLeft, QuarantineEntry, Reads } from "../store.ts";
import type { Prepare } from "./prepare.ts";
import { LAST_JOINED } from "./writes.ts";

type Asked =
  | "entriesLeft"
  | "accessLeft"
  | "unjoinedAlerts"
  | "alertsLeft"
  | "attachmentsLeft"
  | "quarantine"
  | "quarantineBefore";

/** The questions about what a rule of conservation would take away, and about refused records, which it takes whole. */
export function retentionReads(prepare: Prepare): Pick<Reads, Asked> {
  // Of what is sealed its bytes: to count characters, all of them would be opened.
  const size =
    prepare.sealing === null
      ? "LENGTH(c.content)"
      : `LENGTH(c.content) - IIF(TYPEOF(c.content) = 'blob', ${SEAL_BYTES}, 0)`;
  // Their places first, in this order: asked for whole entries, SQLite reads the journal from its beginning.
  const left = (places: string, order: string) =>
    prepare(
      `SELECT j.seq, j.type, j.at, ${size} AS size
       FROM (SELECT at, seq FROM journal WHERE facility = ? AND ${places} ORDER BY ${order}) p
       CROSS JOIN journal_contents c CROSS JOIN journal j
       WHERE c.facility = ? AND c.seq = p.seq AND j.facility = c.facility AND j.seq = c.seq
       ORDER BY ${order.replaceAll(/\b(?=at|seq)/g, "p.")} LIMIT ?`,
    );
  const ofIncident = left("incident = ? AND seq > ?", "seq");
  const ofAccess = left(`${OF_ACCESS} AND (at, seq) > (?, ?) AND at < ?`, "at, seq");
  // A window of detections at a time: what joined an incident is passed over, and there may be much of it.
  const unjoined = prepare(
    `SELECT a.id, j.at FROM alerts a JOIN journal j ON j.facility = a.facility AND j.seq = a.journal_seq
     WHERE a.facility = ? AND a.first_detection >= ? AND a.first_detection <= ? AND NOT EXISTS (
       SELECT 1 FROM joined k WHERE k.facility = a.facility
         AND k.detection >= a.first_detection AND k.detection < a.first_detection + a.detections)
     ORDER BY a.first_detection`,
  );
  const alerts = prepare(
    `SELECT a.id, o.occurred, o.detection FROM joined o
     JOIN alerts a ON a.facility = o.facility AND a.id = o.alert
     WHERE o.facility = ? AND o.incident = ? AND (o.occurred, o.detection) > (?, ?) AND NOT EXISTS (
       SELECT 1 FROM joined j WHERE j.facility = a.facility
         AND j.detection >= a.first_detection AND j.detection < a.first_detection + a.detections
         AND j.incident NOT IN (SELECT value FROM json_each(?)) AND ${LAST_JOINED})
     ORDER BY o.occurred, o.detection LIMIT ?`,
  );
  const bytes = prepare(
    "SELECT 1 FROM attachments WHERE facility = ? AND sha256 = ? AND size IS NOT NULL AND erased IS NULL",
  );
  const latest = prepare(
    `SELECT ${prepare.shown("quarantine.content")} FROM quarantine WHERE facility = ?
     ORDER BY received DESC, seq DESC LIMIT ?`,
  );
  const refused = prepare(
    `SELECT COUNT(*) AS count, MIN(received) AS oldest, MAX(received) AS newest FROM quarantine
     WHERE facility = ? AND received < ?`,
  );
  const entries = (rows: unknown[]) => rows as EntryLeft[];

  return {
    async entriesLeft(facility, incident, after, limit) {
      return entries(ofIncident.all(facility, incident, after, facility, limit));
    },
    async accessLeft(facility, { after, before, limit }) {
      return entries(ofAccess.all(facility, after.at, after.seq, before, facility, limit));
    },
    async unjoinedAlerts(facility, { from, to }) {
      return unjoined.all(facility, from, to) as { id: string; at: number }[];
    },
    async alertsLeft(facility, incident, { released, after, limit }) {
      const { occurred, seq } = after ?? { occurred: Number.MIN_SAFE_INTEGER, seq: 0 };
      const held = JSON.stringify(released);
      return alerts.all(facility, incident, occurred, seq, held, limit).map((row) => ({
        alert: String(row.id),
        occurred: Number(row.occurred),
        seq: Number(row.detection),
      }));
    },
    async attachmentsLeft(facility, sha256s) {
      return sha256s.filter((sha256) => bytes.get(facility, sha256) !== undefined);
    },
    async quarantine(facility, limit) {
      return latest.all(facility, limit).map(({ content }) => JSON.parse(String(content)) as QuarantineEntry);
    },
    async quarantineBefore(facility, before) {
      const { count, oldest, newest } = refused.get(facility, before) ?? {};
      return { count: Number(count), oldest: oldest as number | null, newest: newest as number | null };
    },
  };
}
