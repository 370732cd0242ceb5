import { z } from "zod";

/** Instants a clock may start from; they are kept apart (constat is not prise de connaissance). */
export const STARTS = ["occurred", "first_alert", "found", "awareness", "confirmed", "transmitted"] as const;
export type Start = (typeof STARTS)[number];
export const START_LABELS = {
  occurred: "début estimé",
  first_alert: "première alerte",
  found: "constat",
  awareness: "prise de connaissance",
  confirmed: "confirmation",
  transmitted: "transmission",
} as const satisfies Record<Start, string>;

/** A clock started by a named instant; it never pauses at night or on holidays. */
export const Deadline = z.object({
  id: z.string(),
  incident: z.string(),
  regime: z.string(),
  label: z.string(),
  from: z.enum(STARTS),
  started: z.int(),
  /** Null for "sans délai": no number of hours is law, so the page counts minutes up. */
  due: z.int().nullable(),
  met: z.int().nullable(),
  /** `condition`: a right is lost by being late, no duty is broken. (Default: `duty`.) */
  nature: z.enum(["duty", "condition"]).optional(),
  /** Who has to settle from when it counts, while nobody has: until then it is proposed. */
  settled_by: z.enum(["rssi", "care", "dpo", "provider"]).optional(),
  /** Who settled from when it counts, who wrote it down, and why. */
  settled: z.object({ at: z.int(), source: z.string(), writer: z.string(), reason: z.string() }).optional(),
  /** Every instant it might count from; all are kept. */
  candidates: z.array(z.object({ from: z.enum(STARTS), at: z.int() })).optional(),
  /** True once what had started it was withdrawn. */
  void: z.boolean().optional(),
});
export type Deadline = z.infer<typeof Deadline>;
