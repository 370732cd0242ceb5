import { readFile } from "node:fs/promises";
import { DECLARATION_KINDS } from "../../../agent/core/declaration.ts";
import type { Filing, Kept } from "../../contract.ts";
import { type Letter, nameOf } from "../../shared/mail/filing-mail.ts";
import { oneLine } from "../../shared/notify/words.ts";

const ANNEX = "annexe-arrete-du-30-octobre-2017.pdf";

/** Writes the letter to the ARS around an approved text; throws when its printable form cannot be made. */
export async function writeLetter(
  filing: Filing,
  settings: { contact: string; annex?: string | undefined },
): Promise<Letter> {
  const name = nameOf(filing);
  const annex = settings.annex === undefined ? undefined : await annexOf(settings.annex);
  const attachments: Kept[] = [
    { name: `${name}.pdf`, type: "application/pdf", bytes: await filing.print() },
    { name: `${name}.json`, type: "application/json", bytes: filing.bytes },
    ...(annex?.kept === undefined ? [] : [annex.kept]),
  ];
  const { facility, reference, declaration, text } = filing;
  const what = DECLARATION_KINDS[declaration.kind];
  const lines = [
    "Madame, Monsieur,",
    "",
    ...ABOUT[declaration.kind](oneLine(facility.name)),
    "",
    `Dossier de l'établissement : ${oneLine(reference)}, version ${declaration.version}`,
    `Empreinte SHA-256 des données jointes : ${declaration.sha256}`,
    `Pour nous rappeler : ${oneLine(settings.contact)}`,
    "",
    "Pièces jointes :",
    `- ${name}.pdf : le texte à imprimer. Il reprend les informations de l'article 1er de l'arrêté ; il ne reproduit pas l'annexe.`,
    `- ${name}.json : les mêmes informations, sous forme de données.`,
    ...(annex?.kept === undefined
      ? []
      : [`- ${ANNEX} : le formulaire annexé à l'arrêté, vierge, tel que l'établissement l'a conservé.`]),
    "",
    "Texte validé par l'établissement :",
    "",
    text,
    "",
  ];
  return {
    subject: `${what} : incident de sécurité des systèmes d'information, ${oneLine(facility.name)}, dossier ${oneLine(reference)}`,
    text: lines.join("\n"),
    attachments,
    remark: annex?.remark,
  };
}

const LATER =
  "La déclaration électronique a été impossible ; la saisie sur le portail de signalement sera faite dès qu'il sera de nouveau accessible.";

/** What the letter is about, by what is sent. */
const ABOUT: Readonly<Record<Filing["declaration"]["kind"], (facility: string) => string[]>> = {
  initial: (facility) => [
    `${facility} vous déclare un incident de sécurité de ses systèmes d'information.`,
    "Cette déclaration vous est adressée en application de l'article 1er de l'arrêté du 30 octobre 2017.",
    LATER,
  ],
  complement: (facility) => [
    `${facility} complète sa déclaration d'un incident de sécurité de ses systèmes d'information.`,
    LATER,
  ],
  resolution: (facility) => [
    `${facility} vous informe de la résolution d'un incident de sécurité de ses systèmes d'information.`,
    LATER,
  ],
  set_aside: () => [],
};

/** The blank annex as the facility filed it: what cannot be read does not keep a declaration from leaving. */
async function annexOf(file: string): Promise<{ kept?: Kept; remark?: string }> {
  try {
    return { kept: { name: ANNEX, type: "application/pdf", bytes: await readFile(file) } };
  } catch {
    return { remark: "Annexe vierge illisible : envoyé sans elle." };
  }
}
