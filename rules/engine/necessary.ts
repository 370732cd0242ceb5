import type { Condition, Item, LoadedRule, Selection, Test } from "./rule.ts";

/** A text that a value must hold for a rule to match: somewhere in the field, or as the whole of it. */
export interface Atom {
  /** Null: any text of the event (keywords). */
  field: string | null;
  text: string;
  whole: boolean;
}

/** Instead of a text: any character beyond ASCII. */
export const BEYOND_ASCII = "\u0080";

/** What may serve as an atom: turns one asked value into texts of which one must be there, or null. */
export type AtomsOf = (field: string | null, test: Test) => Atom[] | null;

/**
 * Finds a set of atoms of which at least one is present in whatever satisfies the rule, or null when none can
 * be shown; among several such sets, the one likely to be met least often.
 */
export function necessaryAtoms(rule: LoadedRule, atomsOf: AtomsOf): Atom[] | null {
  const anyOf = <T>(of: readonly T[], each: (one: T) => Atom[] | null): Atom[] | null => {
    const all: Atom[] = [];
    for (const one of of) {
      const atoms = each(one);
      if (atoms === null) return null;
      all.push(...atoms);
    }
    return of.length === 0 ? null : all;
  };
  const allOf = <T>(of: readonly T[], each: (one: T) => Atom[] | null): Atom[] | null => {
    let best: Atom[] | null = null;
    for (const one of of) {
      const atoms = each(one);
      if (atoms !== null && (best === null || rarity(atoms) > rarity(best))) best = atoms;
    }
    return best;
  };
  const inTest =
    (field: string | null) =>
    (test: Test): Atom[] | null =>
      test.kind === "any" ? anyOf(test.tests, inTest(field)) : atomsOf(field, test);
  const inItem = (item: Item): Atom[] | null => {
    if (item.negated) return null;
    return item.link === "all"
      ? allOf(item.tests, inTest(item.field))
      : anyOf(item.tests, inTest(item.field));
  };
  const inSelection = (selection: Selection): Atom[] | null =>
    selection.kind === "items" ? allOf(selection.items, inItem) : anyOf(selection.of, inSelection);
  const named = (name: string) => inSelection(rule.selections.get(name) as Selection);
  const inCondition = (condition: Condition): Atom[] | null => {
    switch (condition.kind) {
      case "selection":
        return named(condition.name);
      case "not":
        return null;
      case "and":
        return allOf(condition.of, inCondition);
      case "or":
        return anyOf(condition.of, inCondition);
      case "some":
        return condition.least >= condition.names.length
          ? allOf(condition.names, named)
          : anyOf(condition.names, named);
    }
  };
  return inCondition(rule.condition);
}

/** Words that logs are full of: an atom made of one says little. */
const COMMON = new Set(
  (
    "access account action active address administrator after agent alert application authentication backup client " +
    "command connect connection critical current daemon data database detected device directory disabled domain down " +
    "enabled error event exception execution failed failure file files following found host http https info information " +
    "interface invalid kernel local localhost login logon manager message network notification object operation " +
    "password path point policy port power problem process program protocol request response root running script " +
    "security server service services session started state status stop stopped success successful successfully " +
    "system task update user users value version warning windows"
  ).split(" "),
);

/** Words that every line of a web server has. */
const EVERYWHERE = new Set(["get", "post", "http", "http/1.1", "mozilla", "mozilla/5.0"]);

/** How seldom a set of atoms is met: long texts, whole values, few alternatives, no everyday word. */
export function rarity(atoms: readonly Atom[]): number {
  let least = Number.POSITIVE_INFINITY;
  for (const { text, whole } of atoms) least = Math.min(least, worth(text) + (whole ? 4 : 0));
  return least - Math.log2(atoms.length) / 2;
}

/** The same for texts in lower case that may stand anywhere. */
export function rarityOf(texts: readonly string[]): number {
  let least = Number.POSITIVE_INFINITY;
  for (const text of texts) least = Math.min(least, worth(text));
  return least - Math.log2(texts.length) / 2;
}

/** How much one text in lower case says. */
export function worth(text: string): number {
  if (EVERYWHERE.has(text)) return 0;
  return COMMON.has(text) ? 2.5 : Math.min(text.length, 16);
}
