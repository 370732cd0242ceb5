import { z } from "zod";

/** A dossier on a list, as it stood when the list was made. */
export const ListedDossier = z.object({
  incident: z.string(),
  reference: z.string(),
  /** When what it tells of began, and when it was closed. */
  occurred: z.int(),
  closed: z.int(),
  /** It was set aside and never closed: `closed` is since when nothing came. */
  set_aside: z.literal(true).optional(),
});
export type ListedDossier = z.infer<typeof ListedDossier>;

/**
 * *Bordereau d'élimination*: dossiers of a public facility whose time is over, listed for whoever holds the scientific
 * control over its archives. Nothing of them is destroyed before their visa is recorded.
 */
export const Elimination = z.object({
  id: z.string(),
  state: z.enum(["proposed", "authorised", "withdrawn"]),
  made: z.object({ at: z.int(), account: z.string(), name: z.string() }),
  /** The rule of conservation that is over. */
  policy: z.string(),
  dossiers: z.array(ListedDossier),
  /** SHA-256 of the RFC 8785 JSON of `dossiers`: what the visa is about. */
  sha256: z.string(),
  /** Who gave it, its date as written on it and its reference; who recorded it, and when. Null until then. */
  visa: z
    .object({
      by: z.string(),
      date: z.string(),
      reference: z.string(),
      recorded: z.object({ at: z.int(), account: z.string(), name: z.string() }),
    })
    .nullable(),
  /** Why it was withdrawn, and by whom; absent while it was not. */
  withdrawn: z.object({ at: z.int(), name: z.string(), reason: z.string() }).optional(),
});
export type Elimination = z.infer<typeof Elimination>;
