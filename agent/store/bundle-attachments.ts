import { createHash } from "node:crypto";
import type { JournalEntry } from "../core/journal.ts";
import type { Attachment } from "../core/logbook.ts";
import { sha256Hex } from "../core/sha256.ts";
import { attachmentsNamed } from "./attachments-named.ts";
import type { BundledAttachment, ShownEntry } from "./bundle-format.ts";
import type { Erased } from "./erasure.ts";
import { type FaultList, fault } from "./proof.ts";
import type { Reads } from "./store.ts";

const LINE_FEED = 0x0a;

/** The attachments that records name, each once, with the entry that names it first. */
export function namedBy(entries: readonly Pick<JournalEntry, "seq" | "type" | "content">[]) {
  const named = new Map<string, { seq: number; attachment: Attachment }>();
  for (const { seq, type, content } of entries) {
    if (content === null) continue;
    for (const attachment of attachmentsNamed({ type, content }))
      if (!named.has(attachment.sha256)) named.set(attachment.sha256, { seq, attachment });
  }
  return named;
}

/**
 * Reads the attachments that entries name: what a bundle lists of them, and a line of base64 for each, in that order.
 *
 * What the store has no more, or has with other bytes, is left out: the verification of the bundle says so.
 */
export async function writeAttachments(
  reads: Reads,
  facility: string,
  entries: readonly JournalEntry[],
): Promise<{ listed: BundledAttachment[]; lines: Buffer[] }> {
  const listed: BundledAttachment[] = [];
  const lines: Buffer[] = [];
  for (const sha256 of [...namedBy(entries).keys()].sort()) {
    const pieces: Uint8Array[] = [];
    for (let position = 0; ; position++) {
      const piece = await reads.attachmentPiece(facility, sha256, position);
      if (piece === undefined) break;
      pieces.push(piece);
    }
    const bytes = Buffer.concat(pieces);
    if (createHash("sha256").update(bytes).digest("hex") !== sha256) continue;
    listed.push({ sha256, size: bytes.length });
    lines.push(Buffer.from(`${bytes.toString("base64")}\n`));
  }
  return { listed, lines };
}

/** True when what follows the first line of a bundle is what it lists, byte for byte. */
export function attachmentsFollow(rest: Buffer, listed: readonly BundledAttachment[]): boolean {
  let from = 0;
  for (const { sha256, size } of listed) {
    const to = rest.indexOf(LINE_FEED, from);
    if (to < 0) return false;
    const line = rest.toString("latin1", from, to);
    const bytes = Buffer.from(line, "base64");
    // One spelling: base64 with other padding or strange signs is an alteration too.
    if (bytes.length !== size || bytes.toString("base64") !== line || sha256Hex(bytes) !== sha256)
      return false;
    from = to + 1;
  }
  return from === rest.length;
}

/** Compares what a bundle lists with what its records name, but for what is declared erased. */
export function checkAttachments(
  shown: readonly ShownEntry[],
  listed: readonly BundledAttachment[],
  { erased, faults }: { erased: Erased; faults: FaultList },
): void {
  const named = namedBy(shown);
  const carried = new Map(listed.map(({ sha256, size }) => [sha256, size]));
  for (const { seq, attachment } of named.values()) {
    const size = carried.get(attachment.sha256);
    const declared = erased.attachment(attachment.sha256) !== undefined;
    if (declared !== (size === undefined))
      faults.add(fault(seq, declared ? "attachment_stays" : "attachment_missing", attachment.name));
    else if (size !== undefined && size !== attachment.size)
      faults.add(fault(seq, "attachment_differs", attachment.name));
  }
  for (const { sha256 } of listed)
    if (!named.has(sha256)) faults.add(fault(shown.at(-1)?.seq ?? 0, "attachment_extra", sha256));
}
