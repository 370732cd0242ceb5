import { z } from "zod";
import { canonicalJson } from "./canonical-json.ts";
import type { Masked } from "./masked.ts";
import { CriterionResult } from "./qualification.ts";
import { sha256Hex } from "./sha256.ts";
import type { Transitions } from "./transitions.ts";

export const DECLARATION_KINDS = {
  initial: "Déclaration initiale",
  complement: "Complément",
  resolution: "Avis de résolution",
  set_aside: "Non-déclaration motivée",
} as const;
export const DeclarationKind = z.enum(["initial", "complement", "resolution", "set_aside"]);
export type DeclarationKind = z.infer<typeof DeclarationKind>;

export const DECLARATION_STATES = {
  draft: "Projet de déclaration",
  approved: "Validé, PAS ENCORE DÉPOSÉ",
  filed: "Déposé",
  replaced: "Remplacé avant dépôt",
  set_aside: "Écarté",
  contested: "Validation orale contestée",
} as const;
export const DeclarationState = z.enum(["draft", "approved", "filed", "replaced", "set_aside", "contested"]);
export type DeclarationState = z.infer<typeof DeclarationState>;

/** An approved text changes no more: a later edit is the next version. */
export const DECLARATION_TRANSITIONS: Transitions<DeclarationState> = {
  draft: ["approved", "set_aside"],
  approved: ["filed", "replaced", "contested"],
  filed: [],
  replaced: [],
  set_aside: [],
  contested: [],
};

/** Where a value comes from (Origine : machine, personne, inconnue). */
export const Provenance = z.discriminatedUnion("by", [
  z.object({ by: z.literal("machine"), because: z.string(), evidence: z.array(z.string()) }),
  z.object({ by: z.literal("setting"), because: z.string() }),
  z.object({ by: z.literal("person"), name: z.string(), at: z.int() }),
  z.object({ by: z.literal("nobody") }),
]);
export type Provenance = z.infer<typeof Provenance>;

/** One field of the form. `value` null with `unknown` true is "inconnu à ce stade"; null alone is empty. */
export const FormField = z.object({
  id: z.string(),
  label: z.string(),
  value: z.string().nullable(),
  unknown: z.boolean(),
  provenance: Provenance,
  /**
   * A = arrêté of 30 October 2017, art. 1 or 4; O = implied by CERT Santé's statistics; F = a text or list of another
   * authority, found in a public copy; P = our addition.
   */
  basis: z.enum(["A", "O", "F", "P"]),
});
export type FormField = z.infer<typeof FormField>;

export const FormSection = z.object({ id: z.string(), title: z.string(), fields: z.array(FormField) });
export type FormSection = z.infer<typeof FormSection>;

/** What every text that is approved holds, whatever duty it answers. */
export const TextContent = z.strictObject({
  facility: z.object({ id: z.string(), name: z.string() }),
  incident: z.string(),
  reference: z.string(),
  version: z.int().min(1),
  exercise: z.boolean(),
  pack: z.object({ id: z.string(), version: z.string() }),
  template: z.object({ id: z.string(), version: z.string() }),
  criteria: z.array(CriterionResult),
  sections: z.array(FormSection),
  /** The whole text in French, as it is read, approved and printed. */
  text: z.string(),
});

/** Exactly what is approved and what leaves: its RFC 8785 bytes are stored, hashed and sent. */
export const DeclarationContent = TextContent.extend({ declaration: z.string(), kind: DeclarationKind });
export type DeclarationContent = z.infer<typeof DeclarationContent>;

/** One numbered version of a declaration with its life; `canonical` are the bytes that the decision binds. */
export const Declaration = z.object({
  id: z.string(),
  incident: z.string(),
  regime: z.string(),
  kind: DeclarationKind,
  version: z.int().min(1),
  state: DeclarationState,
  sha256: z.string(),
  /** RFC 8785 JSON of DeclarationContent. */
  canonical: z.string(),
  updated: z.int(),
});
export type Declaration = z.infer<typeof Declaration>;

/** A declaration that a person approved: the only thing that can be transmitted. */
export type ApprovedDeclaration = Declaration & { state: "approved" };

/** Key of a version among the records. */
export function declarationKey(declaration: { id: string; version: number }): string {
  return `${declaration.id}/${declaration.version}`;
}

/** The bytes and fingerprint of a text to decide on. */
export function sealContent(content: Masked<DeclarationContent>): { canonical: string; sha256: string } {
  const canonical = canonicalJson(DeclarationContent.parse(content));
  return { canonical, sha256: sha256Hex(canonical) };
}

/** Reads back what was sealed, without patients as it was then. */
export function contentOf(declaration: Declaration): Masked<DeclarationContent> {
  return DeclarationContent.parse(JSON.parse(declaration.canonical)) as Masked<DeclarationContent>;
}
