import { z } from "zod";

/** Longest text of one note, and most notes of one incident: what is written at night is read at dawn. */
export const LOGBOOK = { text: 4000, notes: 300 } as const;

const MB = 1_000_000;

/** Most bytes of one attachment, most attachments of one note, and most bytes of all those of one incident. */
export const ATTACHMENTS = { bytes: 10 * MB, perNote: 5, ofIncident: 100 * MB } as const;

/** A file that a person put beside a note: kept by the fingerprint of its bytes, never opened, never shown inline. */
export const Attachment = z.object({
  /** As `safeFileName` leaves it. */
  name: z.string().min(1),
  /** The media type that the browser declared: nothing of the bytes was looked at. */
  type: z.string(),
  size: z.int().min(1),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
});
export type Attachment = z.infer<typeof Attachment>;

/**
 * An attachment whose bytes were erased: when, by whom and why, because they should never have been put there; or by a rule
 * of conservation, which is then the reason, and nobody's name.
 */
export interface ErasedAttachment {
  sha256: string;
  at: number;
  by: { account: string; name: string };
  because: string;
}

/** A person's own note on an incident (main courante): part of the record, never of the declaration. */
export const LogbookEntry = z.object({
  id: z.string(),
  incident: z.string(),
  /** When it was written. */
  at: z.int(),
  /** When what it tells of was; `at` unless the person says otherwise. */
  about: z.int(),
  author: z.object({ account: z.string(), name: z.string() }),
  text: z.string(),
  /** The note of the same incident that this one corrects: its text stays, and is marked so. Absent when none. */
  corrects: z.string().optional(),
  /** Absent when there are none. */
  attachments: z.array(Attachment).optional(),
});
export type LogbookEntry = z.infer<typeof LogbookEntry>;

/** Which note corrects which, by the id of the one that is corrected. */
export function correctionsIn<T extends Pick<LogbookEntry, "corrects">>(notes: readonly T[]): Map<string, T> {
  return new Map(notes.flatMap((note) => (note.corrects === undefined ? [] : [[note.corrects, note]])));
}
