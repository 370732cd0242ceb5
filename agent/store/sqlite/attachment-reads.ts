import { Erasure } from "../erasure.ts";
import type { Reads } from "../store.ts";
import type { Prepare } from "./prepare.ts";
import { shownPieces } from "./shown-pieces.ts";

/** The questions about attachments. */
export function attachmentReads(prepare: Prepare): Pick<Reads, "attachmentPiece" | "erasedAttachments"> {
  const piece = prepare(
    `SELECT ${shownPieces(prepare, "p")} FROM attachment_pieces p
     JOIN attachments a ON a.facility = p.facility AND a.sha256 = p.sha256
     WHERE p.facility = ? AND p.sha256 = ? AND p.position = ? AND a.size IS NOT NULL`,
  );
  const erased = prepare(
    `SELECT j.at, ${prepare.shown("journal_contents.content", "c")} FROM attachments a
     JOIN journal j ON j.facility = a.facility AND j.seq = a.erased
     JOIN journal_contents c ON c.facility = a.facility AND c.seq = a.erased
     WHERE a.facility = ? AND a.sha256 = ?`,
  );
  return {
    async attachmentPiece(facility, sha256, position) {
      return piece.get(facility, sha256, position)?.bytes as Uint8Array | undefined;
    },
    async erasedAttachments(facility, sha256s) {
      return [...new Set(sha256s)].flatMap((sha256) => {
        const row = erased.get(facility, sha256);
        if (row === undefined) return [];
        const { by, because, policy } = Erasure.parse(JSON.parse(String(row.content)));
        const who = by ?? { account: "", name: "" };
        return [{ sha256, at: Number(row.at), by: who, because: because ?? policy }];
      });
    },
  };
}
