import { ROLES } from "../../core/person.ts";
import { formatInstant } from "../french.ts";
import type { Mentions, Subject } from "./gather-subject.ts";

/** What is held on a person, as they can read it, in French. */
export function tellSubject(
  subject: Subject,
  { facility, zone, at }: { facility: string; zone: string; at: number },
): string {
  const when = (instant: number) => formatInstant(instant, zone);
  const listed = (title: string, { count, shown }: Mentions): string[] => [
    "",
    `${title} : ${count}${count > shown.length ? ` (les ${shown.length} premières sont données)` : ""}`,
    ...shown.map(({ entry, type, at: then, incident, excerpt }) => {
      const place = [
        entry === undefined ? "" : `entrée n° ${entry}`,
        type,
        incident === null ? "" : `incident ${incident}`,
      ];
      return `- ${when(then)}, ${place.filter((each) => each !== "").join(", ")} : ${oneLine(excerpt)}`;
    }),
  ];
  const { accounts, acts, texts, alerts, refused, withheld, erased } = subject;
  const lines = [
    `Données détenues par Tocsin, ${facility}, au ${when(at)}`,
    `Recherché : ${subject.sought.join(" ; ")}`,
    "",
    `Comptes : ${accounts.length}`,
    ...accounts.flatMap((account) => [
      `- ${account.name}, identifiant ${account.login}, ${ROLES[account.role]}${account.active ? "" : ", fermé"}`,
      `  fonction : ${account.function || "non renseignée"} ; courriel : ${account.email || "non renseigné"} ; téléphone : ${account.phone || "non renseigné"}`,
      `  créé le ${when(account.created)} ; ${account.sessions} session(s) ouverte(s) ; clés d'accès : ${account.passkeys.map(({ name }) => name).join(", ") || "aucune"}`,
      ...(account.delegations ?? []).map(
        ({ document, by, from }) => `  délégation : ${document}, par ${by}, à compter du ${when(from)}`,
      ),
    ]),
    ...listed("Actes de ce compte au journal", acts),
    ...listed("Autres mentions dans le journal et les dossiers", texts),
    ...listed("Alertes conservées qui portent ces mots", alerts),
    ...listed("Messages refusés qui portent ces mots", refused),
    "",
    "Ce que ce relevé ne dit pas :",
    "- les mots de passe, codes et clés ne sont pas donnés : Tocsin n'en garde que des empreintes ou des secrets ;",
    "- la recherche porte sur les mots exacts : un surnom ou une faute de frappe n'est pas trouvé ;",
    "- les octets des pièces jointes, les saisies non envoyées et les envois en attente ne sont pas lus ;",
    `- le contenu de ${erased} entrée(s) a été effacé par une règle de conservation ;`,
    ...(withheld > 0
      ? [`- ${withheld} dossier(s) sous le secret de la défense nationale ne sont pas lus ici ;`]
      : []),
    "- des extraits peuvent nommer d'autres personnes : à relire avant toute remise.",
  ];
  return `${lines.join("\n")}\n`;
}

/** Extracts come from attackers too: one line, without controls. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Cf}\u2028\u2029]+/gu, " ");
}
