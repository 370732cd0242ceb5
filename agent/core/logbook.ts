import { z } from "zod";

/** Longest text of one note, and most notes of one incident: what is written at night is read at dawn. */
export const LOGBOOK = { text: 4000, notes: 300 } as const;

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
});
export type LogbookEntry = z.infer<typeof LogbookEntry>;
