import { z } from "zod";
import { Cause } from "./detection.ts";
import type { Transitions } from "./transitions.ts";

export const INCIDENT_STATES = {
  candidate: "À surveiller",
  open: "En cours d'évaluation",
  in_review: "Attend votre décision",
  approved: "Validé, PAS ENCORE DÉPOSÉ",
  declared: "Déclaré, suivi en cours",
  facts_ended: "Rétabli, reste à clore",
  closed: "Clos",
  set_aside: "Non déclaré (motivé)",
} as const;

export const IncidentState = z.enum(
  Object.keys(INCIDENT_STATES) as [keyof typeof INCIDENT_STATES, ...(keyof typeof INCIDENT_STATES)[]],
);
export type IncidentState = z.infer<typeof IncidentState>;

/** D.1111-16-3: a resolution is declared too, so only `facts_ended` and reasoned endings lead to `closed`. */
export const INCIDENT_TRANSITIONS: Transitions<IncidentState> = {
  candidate: ["open", "in_review", "set_aside", "closed"],
  open: ["in_review", "set_aside"],
  in_review: ["open", "approved", "set_aside"],
  approved: ["in_review", "declared"],
  declared: ["facts_ended", "in_review"],
  facts_ended: ["declared", "in_review", "closed"],
  set_aside: ["open", "in_review", "closed"],
  closed: ["open", "in_review"],
};

const Instant = z.int();

/** Something that detections share and by which they join: weighted, since a proxy touches everything. */
export const Entity = z.object({
  kind: z.enum(["host", "user", "address", "hash", "system", "source", "campaign"]),
  value: z.string(),
});
export type Entity = z.infer<typeof Entity>;

/** Facts and detections that belong together. */
export const Incident = z.object({
  id: z.string(),
  facility: z.string(),
  /** Human reference, unique in the facility: `2026-0007`. */
  reference: z.string(),
  state: IncidentState,
  /** Estimated beginning: the earliest instant an alert or a person gives (date de survenue). */
  occurred: Instant,
  /** First alert received. */
  first_alert: Instant,
  /** Constat: when a person of the facility first took note; null until one has. */
  found: Instant.nullable(),
  last_alert: Instant,
  alerts: z.int(),
  entities: z.array(Entity),
  systems: z.array(z.string()),
  causes: z.array(Cause),
  /** Answer of a person to "was it malicious?"; null while nobody has said. */
  malicious: z.boolean().nullable(),
  /** Account of the person who declares: the last delegate or director who acted; null while none has. */
  declarant: z.string().nullable(),
  opened_by: z.enum(["machine", "person"]),
  /** Why it is in its state, in French, for the page. */
  because: z.string(),
});
export type Incident = z.infer<typeof Incident>;
