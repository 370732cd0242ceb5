import { type Atom, longestRun, necessaryAtoms } from "./necessary.ts";
import { regexLiterals } from "./regex-literals.ts";
import type { LoadedRule, Test } from "./rule.ts";

/** Bytes below which a literal is met too often to spare anything. */
const SHORTEST = 3;

/**
 * ECS fields that a parser of plain syslog or CEF text only ever copies from the text, byte for byte save for
 * the escapes below: a text in the field stands in the raw record.
 *
 * Left out are fields that may be translated, computed, re-spelt, or come from the transport: event.action,
 * event.outcome, event.category, event.code, host.*, log.*, service.state, source.ip, file.name, numbers, dates…
 */
export const VERBATIM_FIELDS: ReadonlySet<string> = new Set([
  "message",
  "event.original",
  "process.command_line",
  "user.name",
  "file.path",
  "url.original",
]);

/**
 * Characters at which a literal is cut: whatever an escape of CEF, LEEF, JSON, key=value or syslog may write
 * otherwise, white space that a parser may trim, fold or decode, and all beyond ASCII.
 */
const CUT = /[^!#-&(-<>-Z^-{}~]+/;

/** The literal of a text that cannot differ between raw record and field, in lower case; null when too short. */
function literalOf(texts: readonly string[]): string | null {
  const run = longestRun(texts, CUT).toLowerCase();
  return run.length < SHORTEST ? null : run;
}

function atomsOf(field: string | null, test: Test): Atom[] | null {
  // Keywords look at the message, the raw text and the source's own fields, numbers and all: the last may be computed.
  if (field === null || !VERBATIM_FIELDS.has(field)) return null;
  if (test.kind === "pattern") {
    const text = literalOf(test.pattern.filter((part) => typeof part === "string"));
    return text === null ? null : [{ field, text, whole: false }];
  }
  if (test.kind !== "regex") return null;
  const sets = regexLiterals(test.source, test.flags)?.map((text) => literalOf([text]));
  if (sets === undefined || sets.includes(null)) return null;
  return sets.map((text) => ({ field, text: text as string, whole: false }));
}

/**
 * Finds lower-case ASCII literals of which a record of plain syslog or CEF text must contain at least one, case
 * apart, for its alert to satisfy the rule; null ("ungated") when that cannot be shown.
 */
export function requiredLiterals(rule: LoadedRule): string[] | null {
  const atoms = necessaryAtoms(rule, atomsOf);
  return atoms === null ? null : [...new Set(atoms.map((atom) => atom.text))].sort();
}
