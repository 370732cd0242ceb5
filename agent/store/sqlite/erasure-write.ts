import { canonicalJson } from "../../core/canonical-json.ts";
import { sha256Hex } from "../../core/sha256.ts";
import { ERASED } from "../declare-erasure.ts";
import type { Erasure } from "../erasure.ts";
import { ERASED_DETECTIONS } from "./chain.ts";
import type { Conflict, Of, Place } from "./place.ts";
import type { Prepare } from "./prepare.ts";

/** Entries that prove what became of others: their content is never erased. */
const KEPT: ReadonlySet<string> = new Set([ERASED, "alerts"]);

/** Prepares the statements that take away what a rule of conservation ended, and declare it. */
export function erasureWrite(prepare: Prepare) {
  const entryOf = prepare(
    `SELECT j.type, j.incident, ${prepare.shown("journal_contents.content", "c")} FROM journal j
     JOIN journal_contents c ON c.facility = j.facility AND c.seq = j.seq
     WHERE j.facility = ? AND j.seq = ?`,
  );
  const dropContent = prepare("DELETE FROM journal_contents WHERE facility = ? AND seq = ?");
  const dropRecord = prepare("DELETE FROM records WHERE facility = ? AND journal_seq = ?");
  const dropJoined = prepare(
    "DELETE FROM joined WHERE facility = ? AND incident = ? AND detection = ? AND journal_seq = ?",
  );
  const alertOf = prepare(
    `SELECT ${prepare.shown("alerts.content")}, first_detection, detections FROM alerts
     WHERE facility = ? AND id = ?`,
  );
  const dropAlert = prepare("DELETE FROM alerts WHERE facility = ? AND id = ?");
  const passed = prepare(
    `INSERT INTO cursors (facility, name, position) VALUES (?, ?, ?)
     ON CONFLICT (facility, name) DO UPDATE SET position = excluded.position
     WHERE excluded.position > cursors.position`,
  );
  const attachmentOf = prepare("SELECT size, erased FROM attachments WHERE facility = ? AND sha256 = ?");
  const markAttachment = prepare("UPDATE attachments SET erased = ? WHERE facility = ? AND sha256 = ?");
  const dropPieces = prepare("DELETE FROM attachment_pieces WHERE facility = ? AND sha256 = ?");
  const dropEffects = prepare("DELETE FROM effects WHERE facility = ? AND incident = ?");
  const dropMeans = ["credentials", "factors", "sessions", "tickets"].map((table) =>
    prepare(`DELETE FROM ${table} WHERE facility = ? AND account = ?`),
  );

  function dropEntry(facility: string, seq: number, row: Record<string, unknown>): void {
    if (row.type === "joined") {
      const { detections } = JSON.parse(String(row.content)) as { detections: { seq: number }[] };
      for (const detection of detections) dropJoined.run(facility, String(row.incident), detection.seq, seq);
    } else if (String(row.type).endsWith(".put")) dropRecord.run(facility, seq);
    dropContent.run(facility, seq);
  }

  return ({ facility, at, chain }: Place, { erasure }: Of<"erasure">): Conflict => {
    const { policy, entries = [], alerts = [], attachments = [], effectsOf, meansOf } = erasure;
    const left = [...new Set(entries)]
      .sort((a, b) => a - b)
      .flatMap((seq) => {
        const row = entryOf.get(facility, seq);
        return row === undefined ? [] : [{ seq, row }];
      });
    const proof = left.find(({ row }) => KEPT.has(String(row.type)));
    if (proof !== undefined) return `entry ${proof.seq} (${String(proof.row.type)}) is never erased`;
    const digests: string[] = [];
    for (const id of new Set(alerts)) {
      const row = alertOf.get(facility, id);
      if (row === undefined) continue;
      digests.push(sha256Hex(String(row.content)));
      passed.run(facility, ERASED_DETECTIONS, Number(row.first_detection) + Number(row.detections));
      dropAlert.run(facility, id);
    }
    const gone = [...new Set(attachments)].filter((sha256) => {
      const row = attachmentOf.get(facility, sha256);
      return row !== undefined && row.size !== null && row.erased === null;
    });
    if (left.length + digests.length + gone.length > 0) {
      const told: Erasure = { entries: left.map(({ seq }) => seq), alerts: digests, policy };
      if (gone.length > 0) told.attachments = gone;
      const seq = chain.append({ type: ERASED, at, incident: null, content: canonicalJson(told) });
      for (const sha256 of gone) {
        markAttachment.run(seq, facility, sha256);
        dropPieces.run(facility, sha256);
      }
    }
    for (const { seq, row } of left) dropEntry(facility, seq, row);
    if (effectsOf !== undefined) dropEffects.run(facility, effectsOf);
    if (meansOf !== undefined) for (const drop of dropMeans) drop.run(facility, meansOf);
    return undefined;
  };
}
