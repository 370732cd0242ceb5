import { z } from "zod";
import type { Outbound } from "../../contract.ts";
import { NOTE_DOWN, openPhone, PHONE_SHEET, phoneGuide } from "../../shared/phone-sheet.ts";

const CERT = { to: "CERT Santé", phone: "09 72 43 91 25" };

const HelpPhoneConfig = z.strictObject({
  ...PHONE_SHEET,
  /** (Default: CERT Santé.) */
  to: PHONE_SHEET.to.default(CERT.to),
  /** (Default: 09 72 43 91 25.) */
  phone: PHONE_SHEET.phone.default(CERT.phone),
  hours: PHONE_SHEET.hours.default(
    "Du lundi au vendredi de 9 h à 18 h ; en dehors, astreinte pour un incident majeur qui impose déjà un mode dégradé. Heure de Paris.",
  ),
});
type HelpPhoneConfig = z.infer<typeof HelpPhoneConfig>;

/** Help asked for by telephone, by the IT on call, in a major incident; it is never filing. */
export const helpPhone = {
  name: "help-phone",
  summary: "The IT on call asks CERT Santé for help by telephone; it is not filing",
  config: HelpPhoneConfig,
  reach: "assisted",
  kinds: ["help"],
  repeatable: false,
  guide: (config) =>
    phoneGuide(config, {
      steps: [
        "Appel de l'informatique d'astreinte, pour un incident majeur qui impose déjà un mode dégradé. Ouvert d'abord aux établissements de santé et aux centres de radiothérapie. C'est une demande d'aide : elle ne vaut pas déclaration.",
        "Dire : « Ici [nom, fonction], informatique d'astreinte de [établissement, ville]. Rappelez-moi au [numéro]. »",
        "Dire : ce qui ne fonctionne plus et depuis quelle heure ; quels services sont passés en mode dégradé.",
        "Dire : si un acte malveillant est soupçonné et sur quels signes ; ce qui a déjà été fait (coupures, isolements) ; l'état des sauvegardes.",
        "Dire ce qui est attendu : mesures d'urgence, remédiation, accompagnement.",
        NOTE_DOWN,
        "Enregistrer l'appel dans Tocsin. La déclaration reste à déposer.",
      ],
      // A number that the facility set is its own to vouch for.
      ...(config.phone === CERT.phone && {
        source: { text: "cyberveille.esante.gouv.fr", verified: "2026-11-15" },
      }),
    }),
  open: openPhone,
} satisfies Outbound<HelpPhoneConfig>;
