import { z } from "zod";

/** A candidate that was closed without a declaration: a record of its own, so that nothing of it is hidden. */
export const Closing = z.object({
  id: z.string(),
  incident: z.string(),
  reference: z.string(),
  by: z.enum(["machine", "person"]),
  /** The person who closed it; null for the machine. */
  writer: z.string().nullable(),
  at: z.int(),
  /** Month of `at` in the facility's zone, `2026-11`: what is signed off together. */
  month: z.string(),
  /** In French, for who signs off. */
  because: z.string(),
  /** True when a person said that nothing was wrong: it weighs on the rules that made it. */
  false_alarm: z.literal(true).optional(),
  /** The law pack under which nothing was found to declare. */
  regime: z.string(),
  regime_version: z.string(),
  /** Who opened it again, and why; null while it stands. */
  reopened: z.object({ at: z.int(), writer: z.string(), reason: z.string() }).nullable(),
});
export type Closing = z.infer<typeof Closing>;

/** A person's signature under what the machine closed in one month: the exact list, by its fingerprint. */
export const SignOff = z.object({
  id: z.string(),
  month: z.string(),
  /** SHA-256 of the RFC 8785 JSON of the list. */
  sha256: z.string(),
  count: z.int(),
  account: z.string(),
  name: z.string(),
  at: z.int(),
});
export type SignOff = z.infer<typeof SignOff>;
