import { z } from "zod";
import { Fact } from "./fact.ts";
import { Incident } from "./incident.ts";

/** By which keys, and when, detections join an incident: what the index is rebuilt from after a restart. */
export const Links = z.object({
  /** The incident's own id. */
  id: z.string(),
  incident: z.string(),
  /** Key, then the first and the last instant of event time of each run in which it was seen. */
  spans: z.array(z.tuple([z.string(), z.int(), z.int()])),
  /** True when there were more than are kept: the rest is read from the detections again. */
  cut: z.boolean(),
});
export type Links = z.infer<typeof Links>;

/** Two incidents made one, or one made two: who, why, and what stood before, so that it can be undone. */
export const Regrouping = z.object({
  id: z.string(),
  /** The incident that stays: what the others went into, or came from. */
  incident: z.string(),
  kind: z.enum(["merge", "split"]),
  state: z.enum(["stands", "undone"]),
  /** Null when the machine did it. */
  by: z.object({ account: z.string(), name: z.string() }).nullable(),
  because: z.string(),
  at: z.int(),
  /** The last detection that was placed when it was done. */
  seq: z.int(),
  /** Every incident it touched, as it stood; the one that stays is first. */
  before: z.array(
    z.object({
      incident: Incident,
      facts: z.array(Fact),
      /** By law pack, since when each of its criteria was met; absent in older records. */
      met_at: z.record(z.string(), z.record(z.string(), z.int())).optional(),
    }),
  ),
  /** Incidents that it made. */
  made: z.array(z.string()),
  undone: z.object({ at: z.int(), name: z.string(), reason: z.string() }).nullable(),
});
export type Regrouping = z.infer<typeof Regrouping>;
