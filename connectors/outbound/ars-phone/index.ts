import { z } from "zod";
import type { Outbound } from "../../contract.ts";
import { NOTE_DOWN, openPhone, PHONE_SHEET, phoneGuide } from "../../shared/phone-sheet.ts";

const ArsPhoneConfig = z.strictObject(PHONE_SHEET);
type ArsPhoneConfig = z.infer<typeof ArsPhoneConfig>;

/** The ARS told by telephone, by a person, when electronic declaration is impossible; the call is recorded. */
export const arsPhone = {
  name: "ars-phone",
  summary: "A person declares to the ARS by telephone when electronic declaration is impossible",
  config: ArsPhoneConfig,
  reach: "assisted",
  kinds: ["declaration"],
  fallback: true,
  repeatable: false,
  guide: (config) =>
    phoneGuide(config, {
      steps: [
        "Avoir sous les yeux le texte validé, imprimé, et de quoi écrire.",
        "Dire : « Ici [nom, fonction], pour [établissement]. Nous déclarons un incident de sécurité de nos systèmes d'information. La déclaration électronique est impossible : nous le faisons auprès de vous, en application de l'article 1er de l'arrêté du 30 octobre 2017. »",
        "Lire le texte validé, dans son ordre. « Inconnu à ce stade » est une réponse.",
        "Donner le numéro où rappeler et la référence du dossier.",
        "Demander à quelle adresse envoyer la version écrite : l'arrêté demande de respecter la forme et le contenu de son annexe.",
        NOTE_DOWN,
        "Enregistrer l'appel dans Tocsin, puis déposer sur le portail dès qu'il répond (régularisation).",
      ],
      source: {
        text: "Arrêté du 30 octobre 2017, article 1er ; numéro réglé par l'établissement",
        verified: "2026-11-15",
      },
    }),
  open: openPhone,
} satisfies Outbound<ArsPhoneConfig>;
