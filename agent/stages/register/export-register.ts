import { type Instant, isoFromInstant } from "../../core/clock.ts";
import { INCIDENT_STATES } from "../../core/incident.ts";
import type { OutsideDeclaration } from "../../core/outside-declaration.ts";
import { VERDICTS } from "../../core/qualification.ts";
import type { Noted, RegisterEntry } from "./entry.ts";
import { beginningOf, stepsOf } from "./figures.ts";
import { filings, isDue, leadingOf } from "./find-entries.ts";
import { outsideLines } from "./outside-lines.ts";

/** One line of the register: an incident, or a declaration made outside Tocsin. */
export interface RegisterLine {
  kind: "incident" | "outside";
  id: string;
  /** The incident's reference, or the receiver's for what was made outside. */
  reference: string;
  state: string;
  occurred: Instant;
  found: Instant | null;
  approved: Instant | null;
  filed: Instant | null;
  systems: string[];
  /** Duties that are due, by name. */
  duties: string[];
  verdict: string;
  summary: string;
  declaredTo: string;
  filingReference: string;
  by: string;
  reason: string;
  exercise: boolean;
  entry: number;
}

/** The lines of a register, the latest beginning first, or one page of them. */
export function registerLines(
  entries: readonly RegisterEntry[],
  outside: readonly Noted<OutsideDeclaration & { revision: number }>[],
  names: ReadonlyMap<string, string>,
  { from = 0, to }: { from?: number; to?: number } = {},
): RegisterLine[] {
  const tellOutside = outsideLine(names);
  // A line is made only once it is known to be shown.
  return [
    ...entries.map((entry) => ({ at: entry.incident.occurred, tell: () => incidentLine(entry, names) })),
    ...outsideLines(outside).map((line) => ({ at: beginningOf(line), tell: () => tellOutside(line) })),
  ]
    .sort((a, b) => b.at - a.at)
    .slice(from, to)
    .map(({ tell }) => tell());
}

function incidentLine(entry: RegisterEntry, names: ReadonlyMap<string, string>): RegisterLine {
  const { incident, decisions, duties, closings } = entry;
  const { found, approved, filed } = stepsOf(entry);
  const leading = leadingOf(entry);
  const decision = decisions.at(-1);
  const [filing] = filings(entry);
  return {
    kind: "incident",
    id: incident.id,
    reference: incident.reference,
    state: INCIDENT_STATES[incident.state],
    occurred: incident.occurred,
    ...{ found, approved, filed },
    systems: incident.systems.map((each) => names.get(each) ?? each),
    duties: duties.filter(({ verdict }) => isDue(verdict)).map(({ title }) => title),
    verdict: leading === undefined ? "" : VERDICTS[leading.verdict],
    summary: leading?.sentence ?? incident.because,
    declaredTo: filing === undefined ? "" : filing.channel,
    filingReference: filing?.reference ?? "",
    by: decision?.delegate.name ?? "",
    reason: decision?.reason ?? incident.closure?.reason ?? closings.at(-1)?.because ?? "",
    exercise: filing?.exercise ?? false,
    entry: incident.entry,
  };
}

function outsideLine(names: ReadonlyMap<string, string>) {
  return (line: ReturnType<typeof outsideLines>[number]): RegisterLine => ({
    kind: "outside",
    id: line.id,
    reference: line.reference,
    state: line.void ? "Annulée" : "Déclaré hors de Tocsin",
    occurred: beginningOf(line),
    found: null,
    approved: null,
    filed: line.declared,
    systems: line.systems.map((each) => names.get(each) ?? each),
    duties: line.regime === null ? [] : [line.regime],
    verdict: "",
    summary: line.what,
    declaredTo: line.where,
    filingReference: line.reference,
    by: line.by,
    reason: line.reason ?? "",
    exercise: false,
    entry: line.entry,
  });
}

const COLUMNS: readonly [header: string, value: (line: RegisterLine) => string][] = [
  ["Nature", ({ kind }) => (kind === "incident" ? "Incident" : "Déclaration hors de Tocsin")],
  ["Référence", ({ reference }) => reference],
  ["État", ({ state }) => state],
  ["Début estimé", ({ occurred }) => isoFromInstant(occurred)],
  ["Constat", ({ found }) => isoOrEmpty(found)],
  ["Validation", ({ approved }) => isoOrEmpty(approved)],
  ["Dépôt", ({ filed }) => isoOrEmpty(filed)],
  ["Applications et services", ({ systems }) => systems.join(", ")],
  ["Obligations", ({ duties }) => duties.join(", ")],
  ["Évaluation proposée", ({ verdict }) => verdict],
  ["Résumé", ({ summary }) => summary],
  ["Déclaré à", ({ declaredTo }) => declaredTo],
  ["Numéro de dépôt", ({ filingReference }) => filingReference],
  ["Décidé ou déclaré par", ({ by }) => by],
  ["Motif", ({ reason }) => reason],
  ["Exercice", ({ exercise }) => (exercise ? "oui" : "non")],
  ["Entrée du journal", ({ entry }) => String(entry)],
];

const BYTE_ORDER_MARK = "\uFEFF";

/**
 * Writes lines as CSV (RFC 4180) with French headers; a byte order mark, when asked for, makes spreadsheets read UTF-8.
 * What a spreadsheet would run as a formula is kept as text by an apostrophe before it.
 */
export function registerCsv(lines: readonly RegisterLine[], { bom = false }: { bom?: boolean } = {}): string {
  const rows = [
    COLUMNS.map(([header]) => header),
    ...lines.map((line) => COLUMNS.map(([, value]) => value(line))),
  ];
  return `${bom ? BYTE_ORDER_MARK : ""}${rows.map((row) => `${row.map(csvField).join(",")}\r\n`).join("")}`;
}

/** The lines as JSON, instants as RFC 3339 in UTC. */
export function registerJson(lines: readonly RegisterLine[]): string {
  const told = lines.map(({ occurred, found, approved, filed, ...line }) => ({
    ...line,
    occurred: isoFromInstant(occurred),
    found: isoOrNull(found),
    approved: isoOrNull(approved),
    filed: isoOrNull(filed),
  }));
  return `${JSON.stringify({ lines: told }, null, 2)}\n`;
}

/** Most fields: they begin with a letter or a digit, and hold nothing to quote. */
const PLAIN = /^[A-Za-z0-9\u00c0-\u00ff][^",;'\p{Cc}\u2028\u2029]*$/u;

/**
 * One field, quoted where needed; blanks, tabs and full-width signs before a formula do not hide it. Lines become one:
 * a lone carriage return begins a row for some spreadsheets, and a row may begin with a formula.
 */
export function csvField(text: string): string {
  if (PLAIN.test(text)) return text;
  const flat = text.replace(/[\p{Cc}\u2028\u2029]+/gu, " ");
  const safe = /^[\s\p{Cf}]*[=+\-@\uFF1D\uFF0B\uFF0D\uFF20|%]/u.test(flat) ? `'${flat}` : flat;
  return /[",;']/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}

const isoOrNull = (instant: Instant | null) => (instant === null ? null : isoFromInstant(instant));
const isoOrEmpty = (instant: Instant | null) => isoOrNull(instant) ?? "";
