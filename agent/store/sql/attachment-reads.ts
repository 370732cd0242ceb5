import type { ErasedAttachment } from "../../core/logbook.ts";
import { Erasure } from "../erasure.ts";
import type { Asked } from "./asked.ts";
import { shownPieces } from "./shown-pieces.ts";
import type { Sql } from "./sql.ts";

/** The questions about attachments. */
export function attachmentReads(sql: Sql): Pick<Asked, "attachmentPiece" | "erasedAttachments"> {
  const piece = sql(
    `SELECT ${shownPieces(sql, "p")} FROM attachment_pieces p
     JOIN attachments a ON a.facility = p.facility AND a.sha256 = p.sha256
     WHERE p.facility = ? AND p.sha256 = ? AND p.position = ? AND a.size IS NOT NULL`,
  );
  const erased = sql(
    `SELECT j.at, ${sql.shown("journal_contents.content", "c")} FROM attachments a
     JOIN journal j ON j.facility = a.facility AND j.seq = a.erased
     JOIN journal_contents c ON c.facility = a.facility AND c.seq = a.erased
     WHERE a.facility = ? AND a.sha256 = ?`,
  );
  return {
    *attachmentPiece(facility, sha256, position) {
      return (yield* piece.get(facility, sha256, position))?.bytes as Uint8Array | undefined;
    },
    *erasedAttachments(facility, sha256s) {
      const found: ErasedAttachment[] = [];
      for (const sha256 of new Set(sha256s)) {
        const row = yield* erased.get(facility, sha256);
        if (row === undefined) continue;
        const { by, because, policy } = Erasure.parse(JSON.parse(String(row.content)));
        const who = by ?? { account: "", name: "" };
        found.push({ sha256, at: Number(row.at), by: who, because: because ?? policy });
      }
      return found;
    },
  };
}
