import type { ErasedAttachment } from "../core/logbook.ts";

/** The journal's type of entry that declares an erasure: a note of what `erased`. */
export const ERASED = "note.erased";

/** What declares that a person had an attachment erased, as `Erasure` reads it. */
export function erasureBy({ sha256, by, because }: Omit<ErasedAttachment, "at">) {
  return { entries: [], alerts: [], attachments: [sha256], policy: "demande motivée", by, because };
}
