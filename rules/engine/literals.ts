import { Alert, VERBATIM_FIELDS } from "../../agent/core/alert.ts";
import type { Claim } from "../../agent/core/claim.ts";
import { TAXONOMY } from "./field-places.ts";
import { type ClaimedAtoms, logSourceAtoms, type SourceAtoms } from "./logsource.ts";
import { type Atom, necessaryAtoms, rarityOf, worth } from "./necessary.ts";
import { regexLiterals } from "./regex-literals.ts";
import type { LoadedRule, LogSource, Test } from "./rule.ts";
import { VERDICT_FIELD } from "./verdict.ts";

/** Bytes below which a literal is met too often to spare anything; two signs side by side are seldom met. */
const SHORTEST = 3;
const SIGNS = /^[^a-z\d ]{2}$/;

const ECS_GROUPS = new Set(Object.keys(Alert.shape));

/** Whether every place the field may be read from holds text as the record has it; so do the source's own `fields`. */
function isVerbatim(field: string): boolean {
  if (field === VERDICT_FIELD) return false;
  return [...(TAXONOMY.get(field) ?? []), field].every(
    (path) => VERBATIM_FIELDS.has(path) || !ECS_GROUPS.has(path.split(".", 1)[0] as string),
  );
}

/**
 * Characters at which a literal is cut: those that an escape of CEF, LEEF, JSON, RFC 5424, key=value or XML may write
 * otherwise (`"` `=` `|` `]` `\` `&`), white space but the single space within, and all beyond ASCII.
 */
const CUT = /[^ !#-%'-<>-Z^-{}~]+/;

/** A number in JSON may be spelt otherwise in the record. */
const NUMBER = /^[\d.e+-]*$/;

/** The best literal of texts that cannot differ between raw record and field, in lower case; null without one. */
function literalOf(texts: readonly string[]): string | null {
  let best: string | null = null;
  for (const text of texts) {
    for (const piece of text.toLowerCase().split(CUT)) {
      const run = piece.trim();
      if ((run.length < SHORTEST && !SIGNS.test(run)) || NUMBER.test(run)) continue;
      if (best === null || worth(run) > worth(best)) best = run;
    }
  }
  return best;
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

const textsOf = (atoms: Atom[] | null): string[] | null =>
  atoms === null ? null : [...new Set(atoms.map((atom) => atom.text))].sort();

/** What a record must contain, case apart, for its alert to satisfy a rule: one of each list that is not null. */
export interface Requirements {
  /** By the rule's detection; when that tells nothing, by the names that its log source is read from. */
  detection: string[] | null;
  /** By its log source. */
  source: string[] | null;
}

/** Finds what records must hold, for rules that run beside the same readers. */
export type RequirementsOf = (rule: LoadedRule) => Requirements;

/**
 * Prepares to find the lower-case ASCII literals that a record of text must contain for its alert to satisfy a rule;
 * `claims` are all that the readers of records write of their origin by themselves. (Default: they may write anything.)
 *
 * Records with an escape of a slash, an apostrophe, `<`, `>` or an ASCII letter, with an XML comment or CDATA section, with one of the three letters beyond ASCII that match one, or with the stamp of the Linux audit system are
 * not covered: the gate lets all of them pass.
 */
export function requirementsBeside(claims?: readonly Claim[]): RequirementsOf {
  // Thousands of rules share a hundred log sources.
  const known = new Map<string, SourceAtoms>();
  const sourceOf = ({ category, product, service }: LogSource): SourceAtoms => {
    const key = [category, product, service].join("/");
    const atoms =
      known.get(key) ?? logSourceAtoms({ category, product, service }, atomsOf, claims && claimed(claims));
    known.set(key, atoms);
    return atoms;
  };
  return (rule) => {
    const source = sourceOf(rule.logsource);
    return {
      detection: textsOf(necessaryAtoms(rule, atomsOf)) ?? (source.values === null ? null : source.names),
      source: textsOf(source.values),
    };
  };
}

/** What every record holds of which a reader writes this by itself; none when nobody does, null when it is unknown. */
function claimed(claims: readonly Claim[]): ClaimedAtoms {
  return (field, value) => {
    const atoms: Atom[] = [];
    for (const claim of claims) {
      if (claim.field !== field || (claim.value ?? value).toLowerCase() !== value) continue;
      for (const pieces of claim.holds ?? [[]]) {
        const text = literalOf(pieces);
        if (text === null) return null;
        atoms.push({ field: null, text, whole: false });
      }
    }
    return atoms;
  };
}

/** The one list of literals that says most of a rule; null ("ungated") when none can be shown. */
export function requiredLiterals(rule: LoadedRule): string[] | null {
  const { detection, source } = requirementsBeside()(rule);
  if (detection === null || source === null) return detection ?? source;
  return rarityOf(source) > rarityOf(detection) ? source : detection;
}
