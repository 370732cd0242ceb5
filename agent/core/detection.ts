import { z } from "zod";
import { enumOf } from "./enum-of.ts";
import { Confidence, FactKind, PERSON_ONLY } from "./fact.ts";

/** CERT Santé's categories of cause as the press reports them: no official closed list is known. */
export const CAUSES = {
  ransomware: { malicious: true, label: "Rançongiciel" },
  system_compromise: { malicious: true, label: "Compromission du système d'information" },
  account_compromise: { malicious: true, label: "Compromission de comptes" },
  malware: { malicious: true, label: "Cheval de Troie ou code malveillant" },
  phishing: { malicious: true, label: "Hameçonnage" },
  vulnerability_exploit: { malicious: true, label: "Exploitation de vulnérabilité" },
  exfiltration: { malicious: true, label: "Exfiltration ou fuite de données" },
  credential_theft: { malicious: true, label: "Vol d'identifiants" },
  denial_of_service: { malicious: true, label: "Déni de service" },
  equipment_theft: { malicious: true, label: "Vol d'équipement" },
  defacement: { malicious: true, label: "Défacement" },
  infrastructure_failure: { malicious: false, label: "Dysfonctionnement de l'infrastructure" },
  link_loss: { malicious: false, label: "Perte du lien télécom" },
  software_bug: { malicious: false, label: "Bogue applicatif" },
  provider_failure: { malicious: false, label: "Panne d'un hébergeur ou prestataire" },
  power_failure: { malicious: false, label: "Panne électrique" },
  cooling_failure: { malicious: false, label: "Panne de climatisation" },
} as const satisfies Record<string, { malicious: boolean; label: string }>;

export const Cause = enumOf(CAUSES);
export type Cause = z.infer<typeof Cause>;

/** A fact that a rule states when it matches. */
export const FactStatement = z.object({
  fact: FactKind.refine((kind) => !PERSON_ONLY.has(kind), {
    error: ({ input }) => `${input} is for a person to state: remove it, or state what the alert shows`,
  }),
  /**
   * Dotted fields of the alert that name the host or service whose system is concerned, the first present
   * wins. (Default: host.name, host.hostname, host.ip, service.name, destination.ip, destination.domain, source.ip, source.domain.)
   */
  about: z.array(z.string()).optional(),
  confidence: Confidence.default("suspected"),
  /** Names of rules whose detections end this state on the same system. */
  ended_by: z.array(z.string()).default([]),
});
export type FactStatement = z.infer<typeof FactStatement>;

/** The `tocsin:` block of a rule: what a match means for the incident. */
export const RuleMeaning = z.strictObject({
  title_fr: z.string(),
  /** One French sentence that a delegate can read: why this matters. */
  reason_fr: z.string(),
  cause: Cause.optional(),
  /** RSIT v1003 `class/type`. */
  rsit: z
    .string()
    .regex(/^[a-z0-9-]+(\/[a-z0-9-]+)?$/)
    .optional(),
  facts: z.array(FactStatement).default([]),
});
export type RuleMeaning = z.infer<typeof RuleMeaning>;

/** The rule that matched, as far as a detection needs it. */
export const DetectionRule = z.object({
  id: z.string(),
  /** The Sigma `name` when there is one; what `ended_by` refers to. */
  name: z.string().optional(),
  /** First 12 hex digits of the SHA-256 of the rule's text: what ran, exactly. */
  version: z.string(),
  title: z.string(),
  level: z.enum(["informational", "low", "medium", "high", "critical"]),
  tags: z.array(z.string()),
  meaning: RuleMeaning.optional(),
  /** `part`: only counts for correlations, and touches no incident alone. `correlation`: made of other detections. */
  role: z.enum(["part", "correlation"]).optional(),
  /** The entry of a file of meanings that gave it (`file:line`), when the rule itself says nothing. */
  meaning_from: z.string().optional(),
});
export type DetectionRule = z.infer<typeof DetectionRule>;

/** Why a rule matched: the selections that held and, for each, the field, the pattern and the value met. */
export const MatchReason = z.object({
  selection: z.string(),
  field: z.string().nullable(),
  pattern: z.string(),
  value: z.string(),
});
export type MatchReason = z.infer<typeof MatchReason>;

/** An alert that satisfied a rule, with the reason. */
export const Detection = z.object({
  id: z.string(),
  alert: z.string(),
  rule: DetectionRule,
  because: z.array(MatchReason),
  /** For a correlation: the detections in its window, by their place in the order of arrival; the first and last ones. */
  based_on: z.array(z.int()).optional(),
});
export type Detection = z.infer<typeof Detection>;

/** A rule whose matches are no known breakdown: malicious, or without a word on what they mean. */
export function isSuspicious({ meaning, tags }: DetectionRule): boolean {
  if (meaning === undefined) return true;
  if (meaning.cause !== undefined) return CAUSES[meaning.cause].malicious;
  // Impact alone is what an outage has in common with an attack.
  return tags.some((tag) => tag.startsWith("attack.") && tag !== "attack.impact");
}

/** False for a detection that only counts for correlations; one that states a fact always stands. */
export function standsAlone({ role, meaning }: DetectionRule): boolean {
  return role !== "part" || (meaning?.facts.length ?? 0) > 0;
}
