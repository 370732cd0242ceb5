import { type Bulk, type HeldDetection, occurredOf } from "../sql/bulk.ts";
import type { Prepare } from "./prepare.ts";

/** Row by row: a prepared statement costs less here than what would gather its rows. */
export function sqliteBulk(prepare: Prepare): Bulk {
  const insertAlert = prepare(
    `INSERT INTO alerts (facility, id, event, first_detection, detections, journal_seq, position, content)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
  );
  const find = prepare(
    `SELECT id, first_detection, detections, ${prepare.shown("alerts.content")} FROM alerts
     WHERE facility = ? AND first_detection <= ? AND detections > 0 ORDER BY first_detection DESC LIMIT 1`,
  );
  const insertJoined = prepare(
    `INSERT INTO joined (facility, incident, detection, alert, position, occurred, journal_seq)
     VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING`,
  );
  const insertEntry = prepare(
    `INSERT INTO journal (facility, seq, type, at, incident, content_hash, previous, body_hash, hash)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const insertContent = prepare(
    "INSERT INTO journal_contents (facility, seq, salt, content) VALUES (?, ?, ?, ?)",
  );

  function heldBy(facility: string, detection: number): HeldDetection | undefined {
    const row = find.get(facility, detection);
    const position = detection - Number(row?.first_detection);
    if (row === undefined || position >= Number(row.detections)) return undefined;
    return { detection, alert: String(row.id), position, occurred: occurredOf(String(row.content)) };
  }

  return {
    *alerts({ facility, at, chain }, alerts) {
      return alerts.map(({ id, event, detections, digest, content }) => {
        const undo = chain.mark();
        const { seq, position } = chain.digest(digest, at);
        const first = chain.detections(detections);
        const stored = prepare.seal("alerts.content", [facility, id], content);
        const done = insertAlert.run(facility, id, event, first, detections, seq, position, stored);
        if (done.changes > 0) return "stored";
        undo();
        return "duplicate";
      });
    },
    *held(facility, detections) {
      return detections.map((detection) => heldBy(facility, detection));
    },
    *join(facility, { incident, entry, detections }) {
      return detections.map(({ detection, alert, position, occurred }) => {
        const done = insertJoined.run(facility, incident, detection, alert, position, occurred, entry);
        return done.changes > 0;
      });
    },
    // biome-ignore lint/correctness/useYield: this engine answers at once.
    *entries(rows) {
      for (const row of rows) {
        const { facility, seq, type, at, incident, contentHash, previous, bodyHash, hash } = row;
        insertEntry.run(facility, seq, type, at, incident, contentHash, previous, bodyHash, hash);
        // The salt too: with it, whoever has the hash could try contents.
        insertContent.run(
          facility,
          seq,
          prepare.seal("journal_contents.salt", [facility, seq], row.salt),
          prepare.seal("journal_contents.content", [facility, seq], row.content),
        );
      }
    },
  };
}
