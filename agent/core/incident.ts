import { z } from "zod";
import { Impossibility } from "./delivery.ts";
import { Cause } from "./detection.ts";
import { enumOf } from "./enum-of.ts";
import { HuntOutcome } from "./hunt.ts";
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
  merged: "Réuni à un autre incident",
} as const;

export const IncidentState = enumOf(INCIDENT_STATES);
export type IncidentState = z.infer<typeof IncidentState>;

/**
 * D.1111-16-3: a resolution is declared too, so only `facts_ended` and reasoned endings lead to `closed`; what is opened
 * again goes back where it was closed from, and a candidate becomes an incident.
 */
export const INCIDENT_TRANSITIONS: Transitions<IncidentState> = {
  candidate: ["open", "in_review", "set_aside", "closed", "merged"],
  open: ["in_review", "set_aside", "merged"],
  in_review: ["open", "approved", "set_aside", "merged"],
  approved: ["in_review", "declared"],
  declared: ["facts_ended", "in_review"],
  facts_ended: ["declared", "in_review", "closed"],
  set_aside: ["open", "in_review", "closed", "merged"],
  closed: ["open", "declared", "facts_ended", "set_aside"],
  // Only what had made them one can be undone.
  merged: ["candidate", "open", "in_review", "set_aside"],
};

const Instant = z.int();

/** What a rule of conservation took away; `left` while that goes on. */
const Gone = z.object({ at: Instant, policy: z.string(), left: z.literal(true).optional() });

/** Something that detections name and may share. */
export const Entity = z.object({
  kind: z.enum(["host", "user", "address", "hash", "process", "system", "source", "campaign"]),
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
  /** How many of `alerts` a search of old records gave it; absent when none did. */
  hunted: z.int().optional(),
  /** Searches of old records for it, the last ones. */
  hunts: z.array(HuntOutcome).optional(),
  entities: z.array(Entity),
  /** True when there were more than are listed: they join all the same. */
  entities_cut: z.boolean().optional(),
  /** True when the machine had to leave undecided whether it is several: it has too many detections to be read again. */
  undivided: z.boolean().optional(),
  systems: z.array(z.string()),
  causes: z.array(Cause),
  /** True once a detection of it is no known breakdown: nothing of it is muted any more. */
  suspicious: z.boolean().optional(),
  /** Answer of a person to "was it malicious?"; null while nobody has said. */
  malicious: z.boolean().nullable(),
  /** Account of the person who declares: the last delegate or director who acted; null while none has. */
  declarant: z.string().nullable(),
  opened_by: z.enum(["machine", "person"]),
  /** Why it is in its state, in French, for the page. */
  because: z.string(),
  /** Who closed it while it was only watched; absent while it runs. */
  closed_by: z.enum(["machine", "person"]).optional(),
  /** Who said last that they have seen it, one entry a person; `decides` for who may declare. */
  seen: z
    .array(z.object({ at: Instant, account: z.string(), name: z.string(), decides: z.boolean() }))
    .optional(),
  /** The person who closed it once it was declared or set aside, why, and where it stood; absent while it runs. */
  closure: z
    .object({
      at: Instant,
      writer: z.string(),
      reason: z.string(),
      from: IncidentState,
      /** Closed though no notice of resolution was filed (D.1111-16-3). */
      without_notice: z.literal(true).optional(),
      /** Nothing was wrong: it weighs on the rules that made it. */
      false_alarm: z.literal(true).optional(),
    })
    .optional(),
  /** What the next text is to say, as a person settled it: it stands until a text is filed, a withdrawal for good. */
  purpose: z
    .object({
      /** `reinstated`: a withdrawal that was noted by mistake is taken back. */
      kind: z.enum(["resolution", "withdrawal", "complement", "reinstated"]),
      at: Instant,
      writer: z.string(),
      reason: z.string(),
      /** The withdrawal that is taken back. */
      withdrawal: z.object({ at: Instant, writer: z.string(), reason: z.string() }).optional(),
    })
    .optional(),
  /** Why `occurred` was moved back, in French: what told it, and what stood before. */
  beginning: z.object({ because: z.string(), fact: z.string().nullable(), before: Instant }).optional(),
  /** The incident that this one was merged into. */
  merged_into: z.string().optional(),
  /** Incidents whose messages count as this one's, all of them or that of the opening: nobody is told twice. */
  told_with: z.array(z.object({ incident: z.string(), messages: z.enum(["all", "opening"]) })).optional(),
  /** Closed incidents whose alerts go on here. */
  follows: z.array(z.string()).optional(),
  /** Each time that a person found electronic declaration impossible, oldest first; absent when nobody did. */
  impossible: z.array(Impossibility).optional(),
  /** Incidents that the machine may not merge this one with, though they share something: a person is asked. */
  linked: z.array(z.object({ incident: z.string(), because: z.string() })).optional(),
  /**
   * Its content is erased: but for this and its dates nothing is left. `closed` is when it was; with `set_aside` a person
   * had set it aside, and it is since when nothing came.
   */
  erased: Gone.extend({ closed: Instant, set_aside: z.literal(true).optional() }).optional(),
  /** Only its alerts, or the bytes of its attachments, are erased. */
  evidence_erased: Gone.optional(),
  attachments_erased: Gone.optional(),
  /** Each time that a person suspended its conservation (contentieux), oldest first; the last stands until it is lifted. */
  holds: z
    .array(
      z.object({
        at: Instant,
        writer: z.string(),
        reason: z.string(),
        lifted: z.object({ at: Instant, writer: z.string(), reason: z.string() }).nullable(),
      }),
    )
    .optional(),
  /** Incidents that a person said are others. */
  apart: z.array(z.string()).optional(),
});
export type Incident = z.infer<typeof Incident>;

/** The suspension of its conservation that stands: nothing of it is erased meanwhile. */
export function holdOf({
  holds,
}: Pick<Incident, "holds">): NonNullable<Incident["holds"]>[number] | undefined {
  const last = holds?.at(-1);
  return last?.lifted === null ? last : undefined;
}
