import { bodyHash, contentHash, entryHash, type JournalEntry } from "../core/journal.ts";

/** Why a proof does not hold: stable codes, and the sentence that a person reads. */
export const FAULTS = {
  entry_missing: "cette entrée manque",
  entry_link: "elle ne suit pas l'entrée précédente",
  entry_body: "son type, sa date ou son dossier ont été modifiés",
  entry_hash: "son empreinte ne correspond pas à ce qu'elle contient",
  entry_content: "son contenu a été modifié",
  content_removed: "son contenu a été retiré, sans que le journal déclare cet effacement",
  entry_unreadable: "elle est illisible",
  entry_extra: "un contenu ne correspond à aucune entrée",
  tail_cut: "la fin du journal a été retirée : un point de contrôle signé atteste de ces entrées",
  chain_forged: "le journal a été réécrit : il contredit un point de contrôle signé",
  checkpoint_signature: "la signature d'un point de contrôle n'est pas valable",
  checkpoint_key: "un point de contrôle est signé par une autre clé que celle de l'établissement",
  checkpoint_removed: "un point de contrôle a été retiré de la base",
  checkpoint_line: "une ligne du fichier des points de contrôle est illisible",
  record_missing: "la fiche que cette entrée décrit a disparu",
  record_older: "la fiche est plus ancienne que ce que dit le journal",
  record_differs: "la fiche enregistrée diffère de ce que dit le journal",
  record_extra: "une fiche enregistrée ne figure pas au journal",
  alert_differs: "une alerte enregistrée diffère de son empreinte",
  alert_extra: "une alerte enregistrée ne figure pas au journal",
  alert_missing: "une alerte enregistrée a disparu, sans que le journal déclare cet effacement",
  joined_differs: "le rattachement d'une alerte à un dossier diffère de ce que dit le journal",
  joined_extra: "une alerte est rattachée à un dossier sans que le journal le dise",
  attachment_missing:
    "une pièce jointe que cette entrée nomme a disparu, sans que le journal déclare cet effacement",
  attachment_differs: "une pièce jointe enregistrée diffère de son empreinte",
  attachment_stays: "une pièce jointe que le journal déclare effacée est encore là",
  attachment_extra: "une pièce jointe enregistrée ne figure pas au journal",
  value_damaged: "une valeur chiffrée ne s'ouvre pas : modifiée, déplacée ou coupée",
  database_damaged: "le fichier de la base est endommagé",
  decision_text: "une décision ne porte pas sur le texte enregistré",
  declaration_text: "l'empreinte d'une déclaration n'est pas celle de son texte",
  delivery_unapproved: "un envoi porte sur une version que personne n'a validée",
  revision_gap: "une modification de fiche est répétée ou hors d'ordre",
} as const;
export type FaultCode = keyof typeof FAULTS;

/** A fault at an entry of the journal; with `through` it lies somewhere from `seq` to there. */
export interface Fault {
  seq: number;
  through?: number;
  code: FaultCode;
  /** A French sentence. */
  because: string;
}

/** Something that the proof does not cover. */
export interface Limit {
  code: string;
  /** A French sentence. */
  because: string;
}

export function fault(seq: number, code: FaultCode, detail?: string, through?: number): Fault {
  const because = detail === undefined ? FAULTS[code] : `${FAULTS[code]} (${detail})`;
  return through === undefined || through === seq ? { seq, code, because } : { seq, through, code, because };
}

/** What no hash can prove, whatever the file. */
export const ALWAYS_UNPROVEN: readonly Limit[] = [
  {
    code: "truth",
    because:
      "que les événements rapportés sont vrais : le journal prouve ce qui a été enregistré, pas ce qui s'est passé",
  },
  {
    code: "time",
    because: "que l'horloge du serveur était à l'heure : les dates ne sont pas attestées par un tiers",
  },
  {
    code: "key",
    because:
      "que la clé de signature n'a servi à personne d'autre : qui la détient peut refaire tout le journal",
  },
];

/** Checks one entry against the hash before it; returns the first thing wrong with it. */
export function entryFault(entry: JournalEntry, previous: string): FaultCode | undefined {
  try {
    if (entry.previous !== previous) return "entry_link";
    if (bodyHash(entry) !== entry.bodyHash) return "entry_body";
    if (entryHash(entry.previous, entry.bodyHash) !== entry.hash) return "entry_hash";
    const { salt, content } = entry;
    if (content === null) return salt === null ? undefined : "entry_content";
    // Loosely spelt hexadecimal would hash alike; a salt that is gone is not spelt at all.
    if (!/^[0-9a-f]{32}$/.test(String(salt))) return "entry_content";
    return contentHash(String(salt), content) === entry.contentHash ? undefined : "entry_content";
  } catch {
    return "entry_unreadable";
  }
}

export interface FaultList {
  add(found: Fault): void;
  first(): Fault | undefined;
  count(): number;
}

/** Keeps the earliest fault and counts the rest, so that a journal of any length can be read. */
export function faultList(): FaultList {
  let first: Fault | undefined;
  let count = 0;
  return {
    add(found) {
      count += 1;
      if (first === undefined || found.seq < first.seq) first = found;
    },
    first: () => first,
    count: () => count,
  };
}
