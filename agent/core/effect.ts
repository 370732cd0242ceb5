import { z } from "zod";

export const EffectState = z.enum(["planned", "claimed", "done", "failed", "uncertain", "cancelled"]);
export type EffectState = z.infer<typeof EffectState>;

export const EFFECT_KINDS = ["notify", "deliver", "reminder", "clock"] as const;

/** Anything that leaves or must happen later: one row, found by its idempotency key. */
export const Effect = z.object({
  key: z.string(),
  kind: z.enum(EFFECT_KINDS),
  incident: z.string().nullable(),
  due: z.int(),
  state: EffectState,
  /** Attempts begun. */
  attempt: z.int(),
  /** The process that claimed it. */
  owner: z.string().nullable(),
  /** Grows at every claim; a settlement carrying an older one is refused. */
  fence: z.int(),
  payload: z.unknown(),
  because: z.string().nullable(),
});
export type Effect = z.infer<typeof Effect>;
