import { type Instant, isoFromInstant } from "../../core/clock.ts";
import { DUTY_STATES } from "../../core/duty-file.ts";
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
  /** The texts of the other duties: name and state. */
  dutyFiles: string[];
  verdict: string;
  summary: string;
  declaredTo: string;
  filingReference: string;
  by: string;
  reason: string;
  exercise: boolean;
  entry: number;
}

/** The lines of a register, the latest beginning first, or one page of them; each is made only when it is asked for. */
export function* eachRegisterLine(
  entries: readonly RegisterEntry[],
  outside: readonly Noted<OutsideDeclaration & { revision: number }>[],
  names: ReadonlyMap<string, string>,
  { from = 0, to }: { from?: number; to?: number } = {},
): Generator<RegisterLine> {
  const tellOutside = outsideLine(names);
  // Incidents come nearly in this order, which a sort of them alone is quick with.
  const incidents = entries.toSorted((a, b) => b.incident.occurred - a.incident.occurred);
  const others = outsideLines(outside).sort((a, b) => beginningOf(b) - beginningOf(a));
  const last = Math.min(to ?? Number.POSITIVE_INFINITY, incidents.length + others.length);
  for (let at = 0, other = 0; at + other < last; ) {
    const [entry, line] = [incidents[at], others[other]];
    const wanted = at + other >= from;
    if (line === undefined || (entry !== undefined && entry.incident.occurred >= beginningOf(line))) {
      if (wanted && entry !== undefined) yield incidentLine(entry, names);
      at += 1;
    } else {
      if (wanted) yield tellOutside(line);
      other += 1;
    }
  }
}

/** The same lines where all is an exercise, decided on or not: what leaves says so line by line. */
export function* asExercise(lines: Iterable<RegisterLine>): Generator<RegisterLine> {
  for (const line of lines) yield { ...line, exercise: true };
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
    dutyFiles: dutyFilesOf(entry),
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

function dutyFilesOf({ duties, dutyVersions }: RegisterEntry): string[] {
  const last = new Map(dutyVersions.map((each) => [each.regime, each]));
  return [...last.values()].map(({ regime, state }) => {
    const title = duties.find((each) => each.regime === regime)?.title ?? regime;
    return `${title} : ${DUTY_STATES[state]}`;
  });
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
    dutyFiles: [],
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
  ["Textes des autres obligations", ({ dutyFiles }) => dutyFiles.join(" ; ")],
];

const BYTE_ORDER_MARK = "\uFEFF";

/**
 * Writes lines as CSV (RFC 4180) with French headers, row by row; a byte order mark, when asked for, makes spreadsheets
 * read UTF-8. What a spreadsheet would run as a formula is kept as text by an apostrophe before it.
 */
export function* registerCsv(
  lines: Iterable<RegisterLine>,
  { bom = false }: { bom?: boolean } = {},
): Generator<string> {
  const row = (fields: readonly string[]) => `${fields.map(csvField).join(",")}\r\n`;
  yield `${bom ? BYTE_ORDER_MARK : ""}${row(COLUMNS.map(([header]) => header))}`;
  for (const line of lines) yield row(COLUMNS.map(([, value]) => value(line)));
}

/** The lines as JSON, line by line, instants as RFC 3339 in UTC. */
export function* registerJson(lines: Iterable<RegisterLine>): Generator<string> {
  let before = '{\n  "lines": [';
  for (const { occurred, found, approved, filed, ...line } of lines) {
    const told = {
      ...line,
      occurred: isoFromInstant(occurred),
      found: isoOrNull(found),
      approved: isoOrNull(approved),
      filed: isoOrNull(filed),
    };
    yield `${before}\n    ${JSON.stringify(told, null, 2).replaceAll("\n", "\n    ")}`;
    before = ",";
  }
  yield before === "," ? "\n  ]\n}\n" : `${before}]\n}\n`;
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
