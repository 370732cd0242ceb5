import { z } from "zod";
import { enumOf } from "./enum-of.ts";

export const CRITERION_VALUES = {
  met: "Rempli",
  not_met: "Non rempli",
  unknown: "À déterminer",
  not_evaluated: "–",
} as const;
export const CriterionValue = z.enum(["met", "not_met", "unknown", "not_evaluated"]);
export type CriterionValue = z.infer<typeof CriterionValue>;

/** Only where the law has degrees: "potentielles ou avérées". */
export const Degree = z.enum(["potential", "proven"]);
export type Degree = z.infer<typeof Degree>;
export const DEGREE_LABELS = { potential: "potentiel", proven: "avéré" } as const satisfies Record<
  Degree,
  string
>;

/** Why a criterion has its value: one line for people, the facts behind it. */
export const Because = z.object({
  text: z.string(),
  facts: z.array(z.string()),
  /** `law` cites an article; `setting` is the facility's own threshold or attribute, shown apart. */
  basis: z.enum(["law", "setting", "person"]),
  /** The settings of the facility without which it would not count, in French. */
  setting: z.string().optional(),
});
export type Because = z.infer<typeof Because>;

/** A question that only a person can answer, with the fact that each answer states. */
export const Question = z.object({
  id: z.string(),
  text: z.string(),
  /** Who can know. */
  asked_of: z.enum(["rssi", "care", "dpo", "provider"]),
  answers: z.array(z.object({ id: z.string(), label: z.string() })),
  criteria: z.array(z.string()),
});
export type Question = z.infer<typeof Question>;

/** What a criterion leads to when it is met: `nothing` for one that only feeds others. */
export const LeadsTo = z.enum(["duty", "advice", "nothing"]);
export type LeadsTo = z.infer<typeof LeadsTo>;

export const CriterionResult = z.object({
  id: z.string(),
  label: z.string(),
  article: z.string(),
  verbatim: z.string(),
  /** False for D6: doctrine, kept apart from the legal criteria. */
  legal: z.boolean(),
  /** What it leads to when met. (Default: `duty` when legal, else `advice`.) */
  leads_to: LeadsTo.optional(),
  value: CriterionValue,
  degree: Degree.nullable(),
  because: z.array(Because),
});
export type CriterionResult = z.infer<typeof CriterionResult>;

export const VERDICTS = {
  declare: "À déclarer",
  advised: "Déclaration conseillée",
  answer_missing: "Il manque une réponse",
  no_duty_found: "Pas d'obligation relevée",
  watching: "À surveiller",
  not_applicable: "Sans objet",
  withheld: "Secret de la défense nationale",
} as const;
export const Verdict = enumOf(VERDICTS);
export type Verdict = z.infer<typeof Verdict>;

/** Our proposed evaluation of an incident under one regime; *qualification* in law is CERT Santé's act. */
export const Qualification = z.object({
  incident: z.string(),
  regime: z.string(),
  regime_version: z.string(),
  criteria: z.array(CriterionResult),
  verdict: Verdict,
  /** The first line of the page, in French. */
  sentence: z.string(),
  questions: z.array(Question),
  /** The pack's own name of the duty; absent in records older than it. */
  title: z.string().optional(),
  /** Day on which the pack's texts were last verified, `2026-11-15`. */
  verified: z.string().optional(),
  /** False beside the qualification that leads state, draft and verdict. (Default: true.) */
  leads: z.boolean().optional(),
  /** Since when each met criterion has been so, by its id: what a clock counts from. */
  met_at: z.record(z.string(), z.int()).optional(),
  /** What the reader must know, in French: a law that was not in force, what is due in any case. */
  remarks: z.array(z.string()).optional(),
});
export type Qualification = z.infer<typeof Qualification>;
