import { z } from "zod";

/** Kinds of structure that the code names (D.1111-16-4), as the configuration writes them. */
export const FacilityKind = z.enum([
  "etablissement_de_sante",
  "medico_social",
  "radiotherapie",
  "laboratoire",
  "autre",
]);
export type FacilityKind = z.infer<typeof FacilityKind>;

/** Designations by the State that bring duties of their own. */
export const DESIGNATIONS = ["ose", "oiv"] as const;

/** What a law pack may ask of the facility: settings, never facts of an incident. */
export interface FacilityTraits {
  kind: string;
  /** Designated operator: `ose` (NIS 1), `oiv` (code de la défense). */
  designations?: readonly (typeof DESIGNATIONS)[number][] | undefined;
  /** A contract makes a complaint within 72 hours a condition of being indemnified. */
  cyber_insurance?: boolean | undefined;
}
