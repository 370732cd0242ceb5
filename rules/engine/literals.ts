import { Alert } from "../../agent/core/alert.ts";
import { logSourceAtoms } from "./logsource.ts";
import { type Atom, necessaryAtoms, rarity, rarityOf } from "./necessary.ts";
import { regexLiterals } from "./regex-literals.ts";
import type { LoadedRule, Test } from "./rule.ts";
import { TAXONOMY } from "./taxonomy.ts";

/** Bytes below which a literal is met too often to spare anything. */
const SHORTEST = 3;

/**
 * ECS fields that the parsers of text only ever copy from it: a text in the field stands in the raw record, save
 * for the escapes below.
 *
 * Left out is whatever may be translated, computed, spelt anew or told by the transport: event.action,
 * event.outcome, event.category, event.code, event.module, host.*, log.*, addresses, numbers, dates, tags.
 */
export const VERBATIM_FIELDS: ReadonlySet<string> = new Set([
  "message",
  "event.original",
  "event.provider",
  "event.reason",
  "file.name",
  "file.path",
  "http.request.method",
  "process.command_line",
  "process.executable",
  "process.name",
  "process.parent.command_line",
  "process.parent.executable",
  "process.parent.name",
  "process.working_directory",
  "rule.name",
  "url.extension",
  "url.full",
  "url.original",
  "url.path",
  "url.query",
  "user.name",
]);

const ECS_GROUPS = new Set(Object.keys(Alert.shape));

/** Whether every place the field may be read from holds text as the record has it; so do the source's own `fields`. */
function isVerbatim(field: string): boolean {
  return [...(TAXONOMY.get(field) ?? []), field].every(
    (path) => VERBATIM_FIELDS.has(path) || !ECS_GROUPS.has(path.split(".", 1)[0] as string),
  );
}

/**
 * Characters at which a literal is cut: those that an escape of CEF, LEEF, JSON, RFC 5424 or key=value may write
 * otherwise (`"` `'` `=` `|` `]` `\` `/`), white space but the single space within, and all beyond ASCII.
 */
const CUT = /[^ !#-&(-.0-<>-Z^-{}~]+/;

/** A number in JSON may be spelt otherwise in the record. */
const NUMBER = /^[\d.e+-]*$/;

/** The best literal of texts that cannot differ between raw record and field, in lower case; null without one. */
function literalOf(texts: readonly string[]): string | null {
  const runs = texts.flatMap((text) =>
    text
      .toLowerCase()
      .split(CUT)
      .map((run) => run.trim()),
  );
  const usable = runs.filter((run) => run.length >= SHORTEST && !NUMBER.test(run));
  return usable.toSorted((a, b) => rarityOf([b]) - rarityOf([a]))[0] ?? null;
}

function atomsOf(field: string | null, test: Test): Atom[] | null {
  if (field !== null && !isVerbatim(field)) return null;
  if (test.kind === "pattern") {
    const text = literalOf(test.pattern.filter((part) => typeof part === "string"));
    return text === null ? null : [{ field, text, whole: false }];
  }
  if (test.kind !== "regex") return null;
  const texts = regexLiterals(test.source, CUT)?.map((text) => literalOf([text]));
  if (texts === undefined) return null;
  const found = texts.filter((text) => text !== null);
  return found.length < texts.length ? null : found.map((text) => ({ field, text, whole: false }));
}

/**
 * Finds lower-case ASCII literals of which a record of text must contain at least one, case apart, for its alert
 * to satisfy the rule; null ("ungated") when that cannot be shown.
 *
 * Records with a JSON escape of an ASCII letter, or with one of the three letters beyond ASCII that match one,
 * are not covered: the gate lets all of them pass.
 */
export function requiredLiterals(rule: LoadedRule): string[] | null {
  const ofRule = necessaryAtoms(rule, atomsOf);
  const ofSource = logSourceAtoms(rule.logsource, atomsOf);
  const best =
    ofRule === null || (ofSource !== null && rarity(ofSource) > rarity(ofRule)) ? ofSource : ofRule;
  return best === null ? null : [...new Set(best.map((atom) => atom.text))].sort();
}
