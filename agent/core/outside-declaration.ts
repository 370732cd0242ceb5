import { z } from "zod";

/** What is stated of a declaration that was not made through Tocsin. */
export const OutsideStatement = z.object({
  /** When it was made. */
  declared: z.int(),
  /** When the incident began; null when it is not known. */
  occurred: z.int().nullable(),
  /** Systems concerned, by id. */
  systems: z.array(z.string()),
  /** What happened, in the person's words. */
  what: z.string(),
  /** To whom: CERT Santé's portal, CNIL, a complaint… */
  where: z.string(),
  /** The receiver's own reference; empty when none was given. */
  reference: z.string(),
  /** Who declared. */
  by: z.string(),
  /** Id of the incident of Tocsin that it is about; null when there is none. */
  incident: z.string().nullable(),
  /** Duty that it fulfils, by the id of its law pack; null when none is named. */
  regime: z.string().nullable(),
});
export type OutsideStatement = z.infer<typeof OutsideStatement>;

/** A declaration made outside Tocsin, written down by hand: it is corrected by a new revision, never changed in place. */
export const OutsideDeclaration = z.object({
  id: z.string(),
  /** Oldest first; the last one stands. */
  revisions: z
    .array(
      OutsideStatement.extend({
        at: z.int(),
        writer: z.object({ account: z.string(), name: z.string() }),
        /** Why it was corrected; null for the first. */
        reason: z.string().nullable(),
        /** True when it should never have been written down. */
        void: z.boolean(),
      }),
    )
    .min(1),
});
export type OutsideDeclaration = z.infer<typeof OutsideDeclaration>;
