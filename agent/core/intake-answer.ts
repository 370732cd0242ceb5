import { z } from "zod";

/** What a sender of alerts is told of each body, once every record of it is decided. */
export const IntakeAnswer = z.object({
  /** Records taken: stored, or found to matter to no rule. */
  accepted: z.int().min(0),
  /** Records whose event id the source sent before. */
  duplicates: z.int().min(0),
  /** Records that could not be read, the first hundred; the others of the body stand. */
  rejected: z.array(z.object({ index: z.int().min(0), code: z.string(), message: z.string() })),
  /** How many were rejected, when not all of them are listed. */
  rejected_total: z.int().min(0).optional(),
});
export type IntakeAnswer = z.infer<typeof IntakeAnswer>;
