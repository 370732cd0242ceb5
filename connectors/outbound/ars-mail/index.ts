import { z } from "zod";
import type { Outbound } from "../../contract.ts";
import { openFilingMail } from "../../shared/mail/filing-mail.ts";
import { checkFilingMail, FILING_MAIL } from "../../shared/mail/filing-mail-settings.ts";
import { writeLetter } from "./write-letter.ts";

const ArsMailConfig = z
  .strictObject({
    ...FILING_MAIL,
    /** Whom it reaches, as people call them. (Default: Agence régionale de santé.) */
    receiver: z.string().min(1).max(200).default("Agence régionale de santé"),
    /** The facility's own copy of the official blank annex (PDF). */
    annex: z.string().min(1).optional(),
  })
  .superRefine(checkFilingMail);
type ArsMailConfig = z.infer<typeof ArsMailConfig>;

/**
 * The approved declaration by mail to the ARS, when electronic declaration is impossible (arrêté of 30 October 2017,
 * article 1): the text, its printable form and its data, and nothing beside what was approved.
 */
export const arsMail = {
  name: "ars-mail",
  summary: "Mail to the ARS when electronic declaration is impossible (S/MIME when certificates are given)",
  config: ArsMailConfig,
  reach: "authority",
  kinds: ["declaration"],
  fallback: true,
  // The Message-ID is that of the filing, and nothing obliges a mailbox to look at it.
  repeatable: false,
  handsOn: true,
  guide: ({ receiver, to }) => ({
    to: `${receiver}, par courriel (${to.join(", ")})`,
    steps: [
      "Tocsin envoie la déclaration validée : le texte, la version à imprimer (PDF) et les données (JSON).",
      "« Accepté par le serveur de messagerie » ne prouve pas que l'ARS l'a reçu : demander un accusé, ou appeler.",
      "Si un message de non-remise revient, le noter au dossier et prendre la voie suivante.",
      "Déposer sur le portail dès qu'il répond (régularisation).",
    ],
    source: { text: "Arrêté du 30 octobre 2017, article 1er", verified: "2026-11-15" },
  }),
  open: (config, reveal) =>
    openFilingMail(config, reveal, {
      receiver: "l'ARS",
      refuses: ({ kind, declaration }) =>
        kind === "declaration" && declaration.kind !== "set_aside"
          ? undefined
          : "Cette voie ne porte qu'une déclaration.",
      write: (filing) => writeLetter(filing, config),
    }),
} satisfies Outbound<ArsMailConfig>;
