import { z } from "zod";
import type { Guide, OpenWayOut } from "../contract.ts";
import { phoneNumber } from "./notify/words.ts";

/** Settings of a call that a person makes. */
export const PHONE_SHEET = {
  /** Whom the number reaches: `ARS Bretagne, point focal régional`. */
  to: z.string().min(1).max(200),
  phone: z
    .string()
    .max(30)
    .refine((text) => phoneNumber(text) !== undefined, "not a telephone number, such as 09 72 43 91 25"),
  /** When somebody answers. */
  hours: z.string().min(1).max(300).optional(),
  /** What to do, to say and to note down. (Default: the sheet that comes with the program.) */
  steps: z.array(z.string().min(1).max(1000)).min(1).max(20).optional(),
};
type PhoneSheet = z.infer<z.ZodObject<typeof PHONE_SHEET>>;

/** What a person is given before a call. */
export function phoneGuide(
  { to, phone, hours, steps }: PhoneSheet,
  own: { steps: readonly string[]; source?: Guide["source"] },
): Guide {
  return {
    to,
    phone,
    ...(hours !== undefined && { hours }),
    steps: steps ?? own.steps,
    ...(own.source !== undefined && { source: own.source }),
  };
}

/** A call is never made by the program. */
export function openPhone(): OpenWayOut {
  return {
    async send() {
      return { outcome: "refused", because: "L'appel est passé par une personne." };
    },
  };
}

/** What to write down of any call to an authority. */
export const NOTE_DOWN =
  "Noter : l'heure de l'appel, le numéro appelé, le nom et la fonction de la personne, ce qu'elle a répondu et demandé, le numéro de dossier si elle en donne un.";
