import { canonicalJson } from "../../core/canonical-json.ts";
import { sha256Hex } from "../../core/sha256.ts";
import { ERASED } from "../declare-erasure.ts";
import type { Erasure } from "../erasure.ts";
import { ERASED_DETECTIONS } from "./chain.ts";
import type { Conflict, Of, Place } from "./place.ts";
import type { Asking, Row, Sql } from "./sql.ts";

/** Entries that prove what became of others: their content is never erased. */
const KEPT: ReadonlySet<string> = new Set([ERASED, "alerts"]);

/** Prepares the statements that take away what a rule of conservation ended, and declare it. */
export function erasureWrite(sql: Sql) {
  const entryOf = sql(
    `SELECT j.type, j.incident, ${sql.shown("journal_contents.content", "c")} FROM journal j
     JOIN journal_contents c ON c.facility = j.facility AND c.seq = j.seq
     WHERE j.facility = ? AND j.seq = ?`,
  );
  const dropContent = sql("DELETE FROM journal_contents WHERE facility = ? AND seq = ?");
  const dropRecord = sql("DELETE FROM records WHERE facility = ? AND journal_seq = ?");
  const dropJoined = sql(
    "DELETE FROM joined WHERE facility = ? AND incident = ? AND detection = ? AND journal_seq = ?",
  );
  const alertOf = sql(
    `SELECT ${sql.shown("alerts.content")}, first_detection, detections FROM alerts
     WHERE facility = ? AND id = ?`,
  );
  const dropAlert = sql("DELETE FROM alerts WHERE facility = ? AND id = ?");
  const passed = sql(
    `INSERT INTO cursors (facility, name, position) VALUES (?, ?, ?)
     ON CONFLICT (facility, name) DO UPDATE SET position = excluded.position
     WHERE excluded.position > cursors.position`,
  );
  const attachmentOf = sql("SELECT size, erased FROM attachments WHERE facility = ? AND sha256 = ?");
  const markAttachment = sql("UPDATE attachments SET erased = ? WHERE facility = ? AND sha256 = ?");
  const dropPieces = sql("DELETE FROM attachment_pieces WHERE facility = ? AND sha256 = ?");
  const dropEffects = sql("DELETE FROM effects WHERE facility = ? AND incident = ?");
  const dropMeans = ["credentials", "factors", "sessions", "tickets"].map((table) =>
    sql(`DELETE FROM ${table} WHERE facility = ? AND account = ?`),
  );

  function dropEntry(facility: string, seq: number, row: Row): void {
    if (row.type === "joined") {
      const { detections } = JSON.parse(String(row.content)) as { detections: { seq: number }[] };
      for (const detection of detections) dropJoined.put(facility, String(row.incident), detection.seq, seq);
    } else if (String(row.type).endsWith(".put")) dropRecord.put(facility, seq);
    dropContent.put(facility, seq);
  }

  return function* ({ facility, at, chain }: Place, { erasure }: Of<"erasure">): Asking<Conflict> {
    const { policy, entries = [], alerts = [], attachments = [], effectsOf, meansOf } = erasure;
    const left: { seq: number; row: Row }[] = [];
    for (const seq of [...new Set(entries)].sort((a, b) => a - b)) {
      const row = yield* entryOf.get(facility, seq);
      if (row !== undefined) left.push({ seq, row });
    }
    const proof = left.find(({ row }) => KEPT.has(String(row.type)));
    if (proof !== undefined) return `entry ${proof.seq} (${String(proof.row.type)}) is never erased`;
    const digests: string[] = [];
    for (const id of new Set(alerts)) {
      const row = yield* alertOf.get(facility, id);
      if (row === undefined) continue;
      digests.push(sha256Hex(String(row.content)));
      passed.put(facility, ERASED_DETECTIONS, Number(row.first_detection) + Number(row.detections));
      dropAlert.put(facility, id);
    }
    const gone: string[] = [];
    for (const sha256 of new Set(attachments)) {
      const row = yield* attachmentOf.get(facility, sha256);
      if (row !== undefined && row.size !== null && row.erased === null) gone.push(sha256);
    }
    if (left.length + digests.length + gone.length > 0) {
      const told: Erasure = { entries: left.map(({ seq }) => seq), alerts: digests, policy };
      if (gone.length > 0) told.attachments = gone;
      const seq = chain.append({ type: ERASED, at, incident: null, content: canonicalJson(told) });
      for (const sha256 of gone) {
        markAttachment.put(seq, facility, sha256);
        dropPieces.put(facility, sha256);
      }
    }
    for (const { seq, row } of left) dropEntry(facility, seq, row);
    if (effectsOf !== undefined) dropEffects.put(facility, effectsOf);
    if (meansOf !== undefined) for (const drop of dropMeans) drop.put(facility, meansOf);
    return undefined;
  };
}
