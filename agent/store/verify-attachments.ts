import { createHash } from "node:crypto";
import type { JournalEntry } from "../core/journal.ts";
import type { Attachment } from "../core/logbook.ts";
import { attachmentsNamed, mayNameAttachments } from "./attachments-named.ts";
import type { Erased } from "./erasure.ts";
import { type FaultCode, type FaultList, fault } from "./proof.ts";
import { shownPieces } from "./sql/shown-pieces.ts";
import type { Prepare } from "./sqlite/prepare.ts";

/** Compares the bytes of attachments with the fingerprints that records hold, as the entries pass by in order. */
export function attachmentCheck(input: {
  prepare: Prepare;
  facility: string;
  erased: Erased;
  faults: FaultList;
}) {
  const { prepare, facility, faults } = input;
  const find = prepare("SELECT size, erased FROM attachments WHERE facility = ? AND sha256 = ?");
  const pieces = prepare(
    `SELECT ${shownPieces(prepare, "p")} FROM attachment_pieces p
     WHERE p.facility = ? AND p.sha256 = ? ORDER BY p.position`,
  );
  const named = new Set<string>();
  let unnamed = false;
  let gone = 0;

  function wrongWith({ sha256, size }: Attachment): FaultCode | undefined {
    const row = find.get(facility, sha256);
    if (row === undefined || row.size === null) return "attachment_missing";
    const declared = input.erased.attachment(sha256);
    if (declared !== undefined && pieces.get(facility, sha256) !== undefined) return "attachment_stays";
    if ((row.erased ?? undefined) !== declared || row.size !== size) return "attachment_differs";
    if (declared !== undefined) {
      gone += 1;
      return undefined;
    }
    const digest = createHash("sha256");
    let length = 0;
    for (const { bytes } of pieces.iterate(facility, sha256)) {
      length += (bytes as Uint8Array).length;
      digest.update(bytes as Uint8Array);
    }
    if (length === 0) return "attachment_missing";
    const same = length === size && digest.digest("hex") === sha256;
    return same ? undefined : "attachment_differs";
  }

  return {
    entry({ seq, type }: Pick<JournalEntry, "seq" | "type">, content: string): void {
      for (const attachment of attachmentsNamed({ type, content })) {
        if (named.has(attachment.sha256)) continue;
        named.add(attachment.sha256);
        const wrong = wrongWith(attachment);
        if (wrong !== undefined) faults.add(fault(seq, wrong, attachment.name));
      }
    },
    /** What a record named went with its content. */
    erased(entry: Pick<JournalEntry, "type">): void {
      if (mayNameAttachments(entry)) unnamed = true;
    },
    /** How many are declared erased, of which only the fingerprint is left. */
    gone: () => gone,
    end(): void {
      if (unnamed) return;
      const kept = prepare("SELECT sha256 FROM attachments WHERE facility = ? AND size IS NOT NULL");
      for (const { sha256 } of kept.iterate(facility))
        if (!named.has(String(sha256))) faults.add(fault(0, "attachment_extra", String(sha256)));
    },
  };
}
