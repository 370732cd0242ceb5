import { createHash } from "node:crypto";
import { MICROSECONDS } from "../../core/clock.ts";
import { PIECES } from "../cipher/sealed-columns.ts";
import { ERASED } from "../declare-erasure.ts";
import type { Conflict, Of, Place } from "./place.ts";
import type { Prepare } from "./prepare.ts";
import { shownPieces } from "./shown-pieces.ts";

/** What no note keeps is forgotten after a day: the form was left, or the process stopped in between. */
const UNKEPT = MICROSECONDS.day;

/** Prepares the statements that put the bytes of attachments, and keep them. */
export function attachmentWrites(prepare: Prepare) {
  const dropPieces = prepare(
    `DELETE FROM attachment_pieces WHERE facility = ? AND sha256 IN
       (SELECT sha256 FROM attachments WHERE facility = ? AND size IS NULL AND at < ?)`,
  );
  const drop = prepare("DELETE FROM attachments WHERE facility = ? AND size IS NULL AND at < ?");
  const announce = prepare(
    `INSERT INTO attachments (facility, sha256, at, size) VALUES (?, ?, ?, NULL)
     ON CONFLICT (facility, sha256) DO UPDATE SET at = excluded.at WHERE size IS NULL`,
  );
  const find = prepare("SELECT size, erased FROM attachments WHERE facility = ? AND sha256 = ?");
  const put = prepare(
    `INSERT INTO attachment_pieces (facility, sha256, position, bytes, sealed) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (facility, sha256, position) DO UPDATE SET bytes = excluded.bytes, sealed = excluded.sealed`,
  );
  const pieces = prepare(
    `SELECT ${shownPieces(prepare, "p")} FROM attachment_pieces p
     WHERE p.facility = ? AND p.sha256 = ? ORDER BY p.position`,
  );
  const keep = prepare("UPDATE attachments SET size = ? WHERE facility = ? AND sha256 = ?");
  const erase = prepare("UPDATE attachments SET erased = ? WHERE facility = ? AND sha256 = ?");
  const dropOf = prepare("DELETE FROM attachment_pieces WHERE facility = ? AND sha256 = ?");

  return {
    piece({ facility, at }: Place, { sha256, position, bytes }: Of<"attachment_piece">): Conflict {
      if (position === 0) {
        dropPieces.run(facility, facility, at - UNKEPT);
        drop.run(facility, at - UNKEPT);
        announce.run(facility, sha256, at);
      }
      const row = find.get(facility, sha256);
      if (row === undefined) return `attachment ${sha256} was not begun`;
      // What is kept is part of the record: the same bytes once more change nothing.
      if (row.size === null) {
        const stored = prepare.seal(PIECES, [facility, sha256, position], bytes);
        put.run(facility, sha256, position, stored, prepare.sealing);
      }
      return undefined;
    },
    keep({ facility }: Place, { sha256, size }: Of<"attachment">): Conflict {
      const row = find.get(facility, sha256);
      if (row !== undefined && row.erased !== null) return `attachment ${sha256} was erased`;
      if (row?.size === size) return undefined;
      if (row === undefined || row.size !== null) return `attachment ${sha256} is not there`;
      const digest = createHash("sha256");
      let length = 0;
      for (const { bytes } of pieces.iterate(facility, sha256)) {
        length += (bytes as Uint8Array).length;
        digest.update(bytes as Uint8Array);
      }
      if (length !== size || digest.digest("hex") !== sha256)
        return `the pieces of attachment ${sha256} are not its bytes`;
      keep.run(size, facility, sha256);
      return undefined;
    },
    erase({ facility, at, chain }: Place, { sha256, content }: Of<"attachment_erasure">): Conflict {
      const row = find.get(facility, sha256);
      if (row === undefined || row.size === null) return `attachment ${sha256} is not there`;
      if (row.erased !== null) return `attachment ${sha256} was erased`;
      // Of the house, not of an incident: the same bytes may lie beside notes of several.
      const seq = chain.append({ type: ERASED, at, incident: null, content });
      erase.run(seq, facility, sha256);
      dropOf.run(facility, sha256);
      return undefined;
    },
  };
}
