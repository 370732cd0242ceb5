import { createHash } from "node:crypto";
import { MICROSECONDS } from "../../core/clock.ts";
import { PIECES } from "../cipher/sealed-columns.ts";
import { ERASED } from "../declare-erasure.ts";
import type { Conflict, Of, Place } from "./place.ts";
import { shownPieces } from "./shown-pieces.ts";
import type { Asking, Sql } from "./sql.ts";

/** What no note keeps is forgotten after a day: the form was left, or the process stopped in between. */
const UNKEPT = MICROSECONDS.day;

/** Prepares the statements that put the bytes of attachments, and keep them. */
export function attachmentWrites(sql: Sql) {
  const dropPieces = sql(
    `DELETE FROM attachment_pieces WHERE facility = ? AND sha256 IN
       (SELECT sha256 FROM attachments WHERE facility = ? AND size IS NULL AND at < ?)`,
  );
  const drop = sql("DELETE FROM attachments WHERE facility = ? AND size IS NULL AND at < ?");
  const announce = sql(
    `INSERT INTO attachments (facility, sha256, at, size) VALUES (?, ?, ?, NULL)
     ON CONFLICT (facility, sha256) DO UPDATE SET at = excluded.at WHERE attachments.size IS NULL`,
  );
  const find = sql("SELECT size, erased FROM attachments WHERE facility = ? AND sha256 = ?");
  const put = sql(
    `INSERT INTO attachment_pieces (facility, sha256, position, bytes, sealed) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (facility, sha256, position) DO UPDATE SET bytes = excluded.bytes, sealed = excluded.sealed`,
  );
  const pieceAt = sql(
    `SELECT ${shownPieces(sql, "p")} FROM attachment_pieces p
     WHERE p.facility = ? AND p.sha256 = ? AND p.position = ?`,
  );
  const count = sql("SELECT COUNT(*) AS count FROM attachment_pieces WHERE facility = ? AND sha256 = ?");
  const keep = sql("UPDATE attachments SET size = ? WHERE facility = ? AND sha256 = ?");
  const erase = sql("UPDATE attachments SET erased = ? WHERE facility = ? AND sha256 = ?");
  const dropOf = sql("DELETE FROM attachment_pieces WHERE facility = ? AND sha256 = ?");

  return {
    *piece({ facility, at }: Place, { sha256, position, bytes }: Of<"attachment_piece">): Asking<Conflict> {
      if (position === 0) {
        dropPieces.put(facility, facility, at - UNKEPT);
        drop.put(facility, at - UNKEPT);
        announce.put(facility, sha256, at);
      }
      const row = yield* find.get(facility, sha256);
      if (row === undefined) return `attachment ${sha256} was not begun`;
      // What is kept is part of the record: the same bytes once more change nothing.
      if (row.size === null) {
        const stored = sql.seal(PIECES, [facility, sha256, position], bytes);
        put.put(facility, sha256, position, stored, sql.sealing);
      }
      return undefined;
    },
    *keep({ facility }: Place, { sha256, size }: Of<"attachment">): Asking<Conflict> {
      const row = yield* find.get(facility, sha256);
      if (row !== undefined && row.erased !== null) return `attachment ${sha256} was erased`;
      if (row?.size === size) return undefined;
      if (row === undefined || row.size !== null) return `attachment ${sha256} is not there`;
      const digest = createHash("sha256");
      let length = 0;
      const found = Number((yield* count.get(facility, sha256))?.count);
      for (let position = 0; position < found; position++) {
        const bytes = (yield* pieceAt.get(facility, sha256, position))?.bytes as Uint8Array | undefined;
        if (bytes === undefined) break;
        length += bytes.length;
        digest.update(bytes);
      }
      if (length !== size || digest.digest("hex") !== sha256)
        return `the pieces of attachment ${sha256} are not its bytes`;
      keep.put(size, facility, sha256);
      return undefined;
    },
    *erase({ facility, at, chain }: Place, { sha256, content }: Of<"attachment_erasure">): Asking<Conflict> {
      const row = yield* find.get(facility, sha256);
      if (row === undefined || row.size === null) return `attachment ${sha256} is not there`;
      if (row.erased !== null) return `attachment ${sha256} was erased`;
      // Of the house, not of an incident: the same bytes may lie beside notes of several.
      const seq = chain.append({ type: ERASED, at, incident: null, content });
      erase.put(seq, facility, sha256);
      dropOf.put(facility, sha256);
      return undefined;
    },
  };
}
