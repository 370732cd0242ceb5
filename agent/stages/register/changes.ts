import type { Instant } from "../../core/clock.ts";
import type { JournalEntry } from "../../core/journal.ts";
import { type Account, REVIEW_OUTCOMES, type ReviewOutcome, ROLES } from "../../core/person.ts";
import { inYear } from "./figures.ts";

/** A change of what Tocsin works with, as the journal tells it. */
export interface Change {
  entry: number;
  at: Instant;
  /** What changed, in French: rules, packs, accounts… */
  what: string;
  /** How, in one line; empty when the content was erased by retention. */
  how: string;
}

/** Ids named of one change. */
const NAMED = 5;

type Content = Record<string, unknown>;
const counted = (count: number, one: string, many = `${one}s`) => `${count} ${count === 1 ? one : many}`;

/** Who reviewed whose account, and what came of it. */
function reviewOf({ login, account, name, outcome, note }: Content): string {
  const came = REVIEW_OUTCOMES[outcome as ReviewOutcome] as string | undefined;
  const told = [came, note].filter((each) => typeof each === "string" && each !== "").join(", ");
  return `${String(login ?? account)} par ${String(name)}${told === "" ? "" : ` : ${told}`}`;
}

/** By which rule of conservation, or by whom and why. */
function erasureTold({ policy, by, because }: Content): string {
  const name = (by as { name?: unknown } | undefined)?.name;
  return name === undefined ? String(policy ?? "") : `pièce jointe, par ${String(name)} : ${String(because)}`;
}

const ofAccount = ({ account }: Content) => `compte ${String(account)}`;

/** The kinds of entry that are changes, what they are called and how they are told. */
const KINDS: Readonly<Record<string, { what: string; how: (content: Content) => string }>> = {
  "note.rules": { what: "Règles de détection", how: ruleChange },
  "note.mappings": { what: "Correspondances des sources", how: ruleChange },
  "note.law_packs": { what: "Textes de loi", how: packChange },
  "note.settings": { what: "Réglages", how: settingsChange },
  "note.credentials_changed": { what: "Secret d’un compte", how: ofAccount },
  "note.erased": { what: "Effacement", how: erasureTold },
  "note.account_reviewed": { what: "Revue d’un compte", how: reviewOf },
  "account.put": { what: "Comptes et rôles", how: accountChange },
};

/** Types of the journal's entries that are changes. */
export const CHANGE_TYPES: readonly string[] = Object.keys(KINDS);

/** The changes of a year from the journal's entries about the house; other entries are everyday acts. */
export function changesOf(house: readonly JournalEntry[], year: { from: Instant; to: Instant }): Change[] {
  return house.flatMap((entry) => {
    const kind = KINDS[entry.type];
    if (!inYear(year, entry.at) || kind === undefined) return [];
    const content = contentOf(entry.content);
    const how = content === undefined ? "" : kind.how(content);
    return [{ entry: entry.seq, at: entry.at, what: kind.what, how }];
  });
}

function contentOf(content: string | null): Content | undefined {
  if (content === null) return undefined;
  const read: unknown = JSON.parse(content);
  return typeof read === "object" && read !== null ? (read as Content) : undefined;
}

function ruleChange({ loaded, counts, refused }: Content): string {
  const { added = 0, removed = 0, changed = 0 } = (counts ?? {}) as Record<string, number>;
  const refusals = Array.isArray(refused) ? refused.length : 0;
  return [
    `${loaded} en vigueur`,
    counted(added, "ajoutée"),
    counted(removed, "retirée"),
    counted(changed, "modifiée"),
    ...(refusals > 0 ? [counted(refusals, "refusée")] : []),
  ].join(", ");
}

function packChange({ change }: Content): string {
  const {
    added = [],
    removed = [],
    changed = [],
  } = (change ?? {}) as Record<string, { id: string; version?: string; from?: string; to?: string }[]>;
  return [
    ...added.map(({ id, version }) => `${id} ${version} ajouté`),
    ...removed.map(({ id, version }) => `${id} ${version} retiré`),
    ...changed.map(({ id, from, to }) => (from === to ? `${id} ${to} modifié` : `${id} : ${from} → ${to}`)),
  ].join(" ; ");
}

function settingsChange(content: Content): string {
  return Object.entries((content.change ?? {}) as Record<string, Record<string, string[]>>)
    .map(([section, { added = [], removed = [], changed = [] }]) => {
      const parts = [
        ...listed("ajout", added),
        ...listed("retrait", removed),
        ...listed("modification", changed),
      ];
      return `${SECTIONS[section] ?? section} : ${parts.join(", ")}`;
    })
    .concat(valuesTold(content.values))
    .join(" ; ");
}

/** The first values that changed, from what to what. */
function valuesTold(values: unknown): string[] {
  const told = (Array.isArray(values) ? values : []) as Record<string, string | null>[];
  return told
    .slice(0, NAMED)
    .map(({ what, before, after }) => `${what} : ${before ?? "–"} → ${after ?? "–"}`);
}

const SECTIONS: Readonly<Record<string, string>> = {
  systems: "applications et services",
  notify: "moyens d’appel",
  outbound: "voies de dépôt",
  sources: "sources",
  roster: "tour de garde et relances",
  tools: "outils",
  facility: "établissement",
  retention: "conservation",
  rules: "règles et correspondances",
  access: "adresses et connexion",
};

function listed(word: string, ids: readonly string[]): string[] {
  if (ids.length === 0) return [];
  const more = ids.length > NAMED ? ` et ${ids.length - NAMED} autres` : "";
  return [`${word} de ${ids.slice(0, NAMED).join(", ")}${more}`];
}

function accountChange({ revision, content }: Content): string {
  const { login, name, role, active } = (content ?? {}) as Partial<Account>;
  const label = role === undefined ? "" : (ROLES[role] ?? role);
  return `${revision === 1 ? "créé" : "modifié"} : ${name} (${login}), ${label}${active === false ? ", inactif" : ""}`;
}
