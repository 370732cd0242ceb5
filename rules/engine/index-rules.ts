import { type Automaton, buildAutomaton, scanText } from "./automaton.ts";
import type { CompiledRule, NumberField } from "./compile.ts";
import { type Atom, BEYOND_ASCII, isWhole, longestRun, necessaryAtoms } from "./necessary.ts";
import { regexLiterals } from "./regex-literals.ts";
import type { Test } from "./rule.ts";
import { fold, foldedOf, type Subject, valuesOf } from "./subject.ts";
import { VERDICT_FIELD } from "./verdict.ts";

/** The rules of one log source, and which fields to look at to find the few worth running. */
export interface RuleIndex {
  /** Positions of rules that must always run. */
  always: number[];
  fields: FieldIndex[];
}

interface FieldIndex {
  /** -1 for keywords. */
  field: number;
  whole: Map<string, number[]>;
  /** Length of the longest whole value: longer texts need no look-up. */
  longest: number;
  /** Rules of each word of the automaton. */
  words: number[][];
  /** Rules that need a character beyond ASCII. */
  beyond: number[];
  automaton: Automaton | undefined;
}

const NON_ASCII = /[^\x20-\x7e]/;
const CUT = /[^\x20-\x7e]+/;
/** Letters kept of a literal: enough to be rare, few enough for small tables. */
const LONGEST = 8;

/** What an event must hold for a value asked of a field to be there; null when that cannot be told. */
function atomsOf(field: string | null, test: Test): Atom[] | null {
  // Computed from the whole alert: too dear to find candidates by.
  if (field === VERDICT_FIELD) return null;
  if (test.kind === "number") return [{ field, text: String(test.number), whole: true }];
  if (test.kind === "regex") {
    const texts = regexLiterals(test.source, NON_ASCII);
    return texts === null
      ? null
      : partsOf(
          field,
          texts.map((text) => [text]),
        );
  }
  if (test.kind !== "pattern") return null;
  const { pattern } = test;
  if (isWhole(pattern)) return [{ field, text: fold((pattern[0] as string | undefined) ?? ""), whole: true }];
  // A placeholder stands for unknown text; the rest of its pattern still holds.
  return partsOf(field, [pattern.filter((part) => typeof part === "string")]);
}

/** One atom for each set of texts that must all occur. */
function partsOf(field: string | null, sets: string[][]): Atom[] | null {
  const atoms: Atom[] = [];
  for (const texts of sets) {
    const folded = texts.map(fold);
    const beyond = folded.some((text) => /[^\0-\x7f]/.test(text));
    const text = beyond ? BEYOND_ASCII : longestRun(folded, CUT).slice(-LONGEST);
    if (text === "") return null;
    atoms.push({ field, text, whole: false });
  }
  return atoms;
}

/** Indexes rules, given by position, by what must be in an event for them to match. */
export function indexRules(
  rules: readonly CompiledRule[],
  positions: readonly number[],
  number: NumberField,
): RuleIndex {
  const always: number[] = [];
  const fields = new Map<number, { whole: Map<string, number[]>; parts: Map<string, number[]> }>();
  for (const position of positions) {
    const atoms = necessaryAtoms((rules[position] as CompiledRule).loaded, atomsOf);
    if (atoms === null) {
      always.push(position);
      continue;
    }
    for (const atom of atoms) {
      const field = atom.field === null ? -1 : number(atom.field);
      const entry = fields.get(field) ?? { whole: new Map(), parts: new Map() };
      fields.set(field, entry);
      const table = atom.whole ? entry.whole : entry.parts;
      const list = table.get(atom.text) ?? [];
      if (!list.includes(position)) list.push(position);
      table.set(atom.text, list);
    }
  }
  return {
    always,
    fields: [...fields].map(([field, { whole, parts }]) => {
      const beyond = parts.get(BEYOND_ASCII) ?? [];
      parts.delete(BEYOND_ASCII);
      const automaton = parts.size === 0 ? undefined : buildAutomaton([...parts.keys()]);
      const longest = Math.max(-1, ...[...whole.keys()].map((text) => text.length));
      return { field, whole, longest, beyond, words: [...parts.values()], automaton };
    }),
  };
}

/** Adds the positions of the rules worth running on the subject's event. */
export function candidates(index: RuleIndex, subject: Subject, add: (position: number) => void): void {
  for (const position of index.always) add(position);
  for (const { field, whole, longest, words, beyond, automaton } of index.fields) {
    const at = field === -1 ? subject.keywords : field;
    if (valuesOf(subject, at) === undefined) continue;
    for (const text of foldedOf(subject, at)) {
      const rules = text.length > longest ? undefined : whole.get(text);
      if (rules !== undefined) for (const position of rules) add(position);
      if (beyond.length > 0 && /[^\0-\x7f]/.test(text)) for (const position of beyond) add(position);
      if (automaton === undefined) continue;
      scanText(automaton, text, (word) => {
        for (const position of words[word] as number[]) add(position);
      });
    }
  }
}
