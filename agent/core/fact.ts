import { z } from "zod";
import { enumOf } from "./enum-of.ts";

/**
 * What can be stated about an incident. A *state* lasts and ends; an *event* happened and does not end.
 * `about` says whether the statement concerns one system of the facility or the incident as a whole.
 */
export const FACTS = {
  malicious_action_suspected: { lasts: "event", about: "incident", label: "Action malveillante suspectée" },
  account_compromised: { lasts: "event", about: "incident", label: "Compte compromis" },
  system_unavailable: { lasts: "state", about: "system", label: "Système indisponible" },
  data_inaccessible: { lasts: "state", about: "system", label: "Données inaccessibles" },
  data_altered: { lasts: "event", about: "system", label: "Données altérées" },
  data_lost: { lasts: "event", about: "system", label: "Données perdues" },
  data_disclosed: { lasts: "event", about: "system", label: "Données divulguées ou consultées sans droit" },
  recovery_destroyed: { lasts: "event", about: "system", label: "Moyens de restauration supprimés" },
  malware_present: { lasts: "event", about: "system", label: "Code malveillant présent" },
  health_data_affected: {
    lasts: "event",
    about: "incident",
    label: "Données de santé touchées (confidentialité ou intégrité)",
  },
  site_defaced: { lasts: "event", about: "system", label: "Site internet défiguré" },
  degraded_mode: { lasts: "state", about: "incident", label: "Mode dégradé (papier)" },
  care_interrupted: { lasts: "state", about: "incident", label: "Prise en charge interrompue ou reportée" },
  patient_harmed: { lasts: "event", about: "incident", label: "Patient mis en danger" },
  care_diverted: { lasts: "state", about: "incident", label: "Patients réorientés hors de l'établissement" },
  others_affected: { lasts: "event", about: "incident", label: "Autres établissements touchés ou exposés" },
  care_software_fault: {
    lasts: "event",
    about: "incident",
    label: "Bogue d'une application au cœur des soins, pouvant toucher les soins ou les données",
  },
  exceptional_situation: { lasts: "event", about: "incident", label: "Autre situation exceptionnelle" },
  personal_data_affected: {
    lasts: "event",
    about: "incident",
    label: "Données à caractère personnel touchées (confidentialité, intégrité ou disponibilité)",
  },
  risk_unlikely: { lasts: "event", about: "incident", label: "Risque pour les personnes jugé improbable" },
  high_risk_to_people: { lasts: "event", about: "incident", label: "Risque jugé élevé pour les personnes" },
  serious_adverse_event: {
    lasts: "event",
    about: "incident",
    label: "Événement indésirable grave associé aux soins",
  },
  device_harm: {
    lasts: "event",
    about: "incident",
    label: "Dispositif médical ayant causé, ou pu causer, un dommage grave",
  },
  essential_service_affected: {
    lasts: "event",
    about: "incident",
    label: "Incident à signaler au titre de la désignation d'opérateur de services essentiels",
  },
  defence_secret: {
    lasts: "event",
    about: "incident",
    label: "Dossier couvert par le secret de la défense nationale",
  },
} as const satisfies Record<
  string,
  { lasts: "state" | "event"; about: "system" | "incident"; label: string }
>;

export const FactKind = enumOf(FACTS);
export type FactKind = z.infer<typeof FactKind>;

/** What only a person may state: a rule that does is refused. */
export const PERSON_ONLY: ReadonlySet<FactKind> = new Set<FactKind>([
  "exceptional_situation",
  "risk_unlikely",
  "high_risk_to_people",
  "serious_adverse_event",
  "device_harm",
  "essential_service_affected",
  "defence_secret",
]);

/** What a probe sees of a system that answers no more: such a fact alone waits for the delay of its system. */
export const AVAILABILITY: ReadonlySet<FactKind> = new Set<FactKind>([
  "system_unavailable",
  "data_inaccessible",
]);

/** Who can have told a person what they write down. */
export const FACT_SOURCES = {
  self: "la personne qui l'écrit",
  care: "cadre de santé",
  provider: "prestataire",
  partner: "partenaire",
  anssi: "ANSSI",
  cert_sante: "CERT Santé",
  press: "presse",
  other: "autre",
} as const;
export const FactSource = enumOf(FACT_SOURCES);
export type FactSource = z.infer<typeof FactSource>;

/** Judgements of a person for one duty: they tell nothing of what happened. */
export const JUDGEMENTS: ReadonlySet<FactKind> = new Set<FactKind>([
  "risk_unlikely",
  "high_risk_to_people",
  "serious_adverse_event",
  "essential_service_affected",
  "defence_secret",
]);

/** Rules and sources listed of one fact; one more says that there were others. */
export const MOST_SAYERS = 20;

const Instant = z.int();

/** How sure the statement is: a rule's guess, or something seen or said by someone who knows. */
export const Confidence = z.enum(["suspected", "confirmed"]);
export type Confidence = z.infer<typeof Confidence>;

/** Who stated a fact; for people, who knew it (source) and who wrote it down (writer) stand apart. */
export const FactOrigin = z.discriminatedUnion("by", [
  z.object({ by: z.literal("rule"), rule: z.string(), version: z.string(), title: z.string() }),
  z.object({
    by: z.literal("person"),
    source: z.string(),
    writer: z.string(),
    /** The question of the law pack that it answers. */
    question: z.string().optional(),
    /** The link by which it was answered: it proves who held the link, and nothing of who they are. */
    link: z.string().optional(),
  }),
  z.object({ by: z.literal("clock"), because: z.string() }),
]);
export type FactOrigin = z.infer<typeof FactOrigin>;

/** A dated statement about an incident. It may be withdrawn (it was never true), never erased. */
export const Fact = z.object({
  id: z.string(),
  incident: z.string(),
  kind: FactKind,
  /** False for a statement of the contrary: "no diversion". */
  holds: z.boolean(),
  /** The system's id, for facts about a system; null when it could not be named. */
  system: z.string().nullable(),
  /** Hosts or services, as the sources name them, for which it was stated; a state ends when the last of them is well. */
  subjects: z.array(z.string()),
  /** When it began or happened, on the event's own clock. */
  since: Instant,
  /** When a state ended; null while it lasts, and always for events. */
  until: Instant.nullable(),
  /** Who said that it ended, when a person did; meaningless once it goes on again. */
  ended: z.object({ at: Instant, source: z.string(), writer: z.string() }).optional(),
  confidence: Confidence,
  origin: FactOrigin,
  /** Names of the rules whose detections end it for a subject. */
  ended_by: z.array(z.string()),
  /** Alerts that show it, the first ones, bounded. */
  evidence: z.array(z.string()),
  /** Ids of all rules and sources that state it; one more than twenty says that there were others. */
  rules: z.array(z.string()).optional(),
  sources: z.array(z.string()).optional(),
  /** How many alerts say the same in all. */
  alerts: z.int(),
  stated: Instant,
  /**
   * What of it only a search of old records tells: since when live detections tell it, null when none does, and how many
   * of `alerts` were found. Absent when all of it is live.
   */
  hunted: z.object({ live_since: Instant.nullable(), alerts: z.int() }).optional(),
  /** The person's own account of it, when one was given. */
  text: z.string().optional(),
  withdrawn: z.object({ at: Instant, writer: z.string(), reason: z.string() }).nullable(),
});
export type Fact = z.infer<typeof Fact>;

/** True of a fact that says yes, was not withdrawn and has not ended. */
export function holdsAt(
  { holds, withdrawn, until }: Pick<Fact, "holds" | "withdrawn" | "until">,
  at: number,
) {
  return holds && withdrawn === null && (until === null || until > at);
}

/** True while a person's flag stands that the dossier is under the secret of national defence (arrêté of 2017, art. 1). */
export function underDefenceSecret(facts: readonly Fact[]): boolean {
  return facts.some(
    ({ kind, holds, withdrawn, origin }) =>
      kind === "defence_secret" && holds && withdrawn === null && origin.by === "person",
  );
}
