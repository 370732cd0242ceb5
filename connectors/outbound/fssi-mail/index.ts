import { z } from "zod";
import type { Filing, Outbound } from "../../contract.ts";
import { type Letter, nameOf, openFilingMail } from "../../shared/mail/filing-mail.ts";
import { checkFilingMail, FILING_MAIL } from "../../shared/mail/filing-mail-settings.ts";
import { oneLine } from "../../shared/notify/words.ts";

const FssiMailConfig = z
  .strictObject({
    ...FILING_MAIL,
    /** (Default: ssi@sg.social.gouv.fr.) */
    to: FILING_MAIL.to.default(["ssi@sg.social.gouv.fr"]),
  })
  .superRefine(checkFilingMail);
type FssiMailConfig = z.infer<typeof FssiMailConfig>;

/** Tells the FSSI, outside of working days, of a suspected critical incident; it is information, never filing. */
export const fssiMail = {
  name: "fssi-mail",
  summary: "Mail to the FSSI outside working days, for a suspected critical incident; it is not filing",
  config: FssiMailConfig,
  reach: "authority",
  kinds: ["information"],
  // The Message-ID is that of the filing, and nothing obliges a mailbox to look at it.
  repeatable: false,
  guide: ({ to }) => ({
    to: `FSSI, par courriel (${to.join(", ")})`,
    hours: "En dehors des jours ouvrés, en cas d'incident critique suspecté",
    steps: [
      "Tocsin envoie le texte validé, pour information.",
      "Cet envoi ne vaut pas déclaration : déposer sur le portail reste à faire.",
    ],
    source: {
      text: "Démarche de signalement (2017), reprise par esante-paysdelaloire.fr",
      verified: "2026-11-15",
    },
  }),
  open: (config, reveal) =>
    openFilingMail(config, reveal, {
      receiver: "le FSSI",
      refuses: ({ kind }) =>
        kind === "information" ? undefined : "Cette voie informe le FSSI : elle ne porte pas de déclaration.",
      write: (filing) => writeLetter(filing, config.contact),
    }),
} satisfies Outbound<FssiMailConfig>;

async function writeLetter(filing: Filing, contact: string): Promise<Letter> {
  const { facility, reference, declaration, text } = filing;
  const name = nameOf(filing);
  const lines = [
    "Madame, Monsieur,",
    "",
    `${oneLine(facility.name)} vous informe d'un incident critique suspecté de sécurité de ses systèmes d'information.`,
    "La démarche de signalement prévoit que vous puissiez être saisi directement en dehors des jours ouvrés.",
    "Ce message est une information : il ne vaut pas déclaration et ne la remplace pas.",
    "",
    `Dossier de l'établissement : ${oneLine(reference)}, version ${declaration.version}`,
    `Empreinte du texte validé (SHA-256) : ${declaration.sha256}`,
    `Pour nous rappeler : ${oneLine(contact)}`,
    "",
    "Texte validé par l'établissement :",
    "",
    text,
    "",
  ];
  return {
    subject: `Information : incident critique suspecté, ${oneLine(facility.name)}, dossier ${oneLine(reference)}`,
    text: lines.join("\n"),
    attachments: [{ name: `${name}.pdf`, type: "application/pdf", bytes: await filing.print() }],
  };
}
