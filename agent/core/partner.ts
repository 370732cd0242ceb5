import { z } from "zod";
import { enumOf } from "./enum-of.ts";

/** Who else a facility usually tells of an incident: a list to think with, that nothing makes compulsory. */
export const PARTNERS = {
  samu: "SAMU – Centre 15",
  ght: "Établissements du GHT",
  neighbours: "Établissements et laboratoires qui partagent le système",
  vendor: "Éditeur du logiciel",
  hosting: "Hébergeur ou infogérant",
  grades: "GRADeS et services régionaux",
  insurer: "Assureur cyber",
  police: "Police ou gendarmerie",
  staff: "Personnels et représentants",
  press: "Communication et presse",
} as const;
export const PartnerItem = enumOf(PARTNERS);
export type PartnerItem = z.infer<typeof PartnerItem>;

export const PARTNER_STATES = { to_tell: "À prévenir", told: "Prévenu", not_needed: "Sans objet" } as const;
export const PartnerState = enumOf(PARTNER_STATES);
export type PartnerState = z.infer<typeof PartnerState>;

/** Longest texts, and most lines that people add to the list of one incident. */
export const PARTNER = { label: 120, who: 200, own: 40 } as const;

const Instant = z.int();

/** One line of "qui prévenir aussi": absent from the record until a person says something of it. */
export const Partner = z.object({
  /** `<incident>/<item>` for a line of the default list. */
  id: z.string(),
  incident: z.string(),
  /** Null for a line that a person added. */
  item: PartnerItem.nullable(),
  label: z.string(),
  state: PartnerState,
  /** When the partner was told, or it was said to be needless. */
  at: Instant,
  written: Instant,
  by: z.object({ account: z.string(), name: z.string() }),
  /** Whom of them was told, or why nobody. */
  who: z.string(),
});
export type Partner = z.infer<typeof Partner>;
