import { z } from "zod";

/** A clock started by a named instant; it never pauses at night or on holidays. */
export const Deadline = z.object({
  id: z.string(),
  incident: z.string(),
  regime: z.string(),
  label: z.string(),
  from: z.enum(["occurred", "first_alert", "found", "aware", "approved"]),
  started: z.int(),
  /** Null for "sans délai": no number of hours is law, so the page counts minutes up. */
  due: z.int().nullable(),
  met: z.int().nullable(),
});
export type Deadline = z.infer<typeof Deadline>;
