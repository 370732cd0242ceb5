import type { Kept } from "../../connectors/contract.ts";
import { ATTACHMENTS, type Attachment } from "../core/logbook.ts";
import { safeFileName } from "../core/safe-file-name.ts";
import { sha256Hex } from "../core/sha256.ts";
import type { Write } from "../store/store.ts";

/** Bytes of one piece: a row that the store reads at once. */
const PIECE = 256 * 1024;
/** Longest media type kept, in characters. */
export const MEDIA_TYPE = 100;

/**
 * The writes that keep bytes in the unit of the record that names them, and how that record names them.
 *
 * What is larger than an attachment may be, or empty, is not kept: undefined.
 */
export function keepBytes({
  name,
  type,
  bytes,
}: Kept): { attachment: Attachment; writes: Write[] } | undefined {
  if (bytes.length === 0 || bytes.length > ATTACHMENTS.bytes) return undefined;
  const attachment: Attachment = {
    name: safeFileName(name),
    type: type.toWellFormed().slice(0, MEDIA_TYPE),
    size: bytes.length,
    sha256: sha256Hex(bytes),
  };
  const { sha256, size } = attachment;
  const writes: Write[] = [];
  for (let from = 0; from < bytes.length; from += PIECE)
    writes.push({
      write: "attachment_piece",
      sha256,
      position: from / PIECE,
      bytes: bytes.subarray(from, from + PIECE),
    });
  return { attachment, writes: [...writes, { write: "attachment", sha256, size }] };
}
