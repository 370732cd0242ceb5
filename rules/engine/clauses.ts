import { EDGE, likelihoodOf } from "./likelihood.ts";
import { BEYOND_ASCII } from "./necessary.ts";
import type { Pattern } from "./pattern.ts";
import { regexLiterals } from "./regex-literals.ts";
import type { Condition, Item, LoadedRule, Selection, Test } from "./rule.ts";
import { fold } from "./subject.ts";
import { VERDICT_FIELD } from "./verdict.ts";

/** What a field must show for a test of it to hold. */
export interface Clue {
  /** Null: any text of the event (keywords). */
  field: string | null;
  /**
   * A text in lower case that some value holds, `EDGE` standing for where the value begins or ends; `BEYOND_ASCII`
   * for any character beyond ASCII; `EDGE` alone for the field being there at all.
   */
  text: string;
}

/** Clues of which at least one is met by whatever satisfies the rule. */
export interface Clause {
  clues: Clue[];
  /** Guessed share of events that meet it. */
  likelihood: number;
}

const NON_ASCII = /[^\x20-\x7e]/;
/** Finds clauses that every event satisfying the rule meets, the least likely first; none when none can be shown. */
export function clausesOf(rule: LoadedRule): Clause[] {
  const named = (name: string) => inSelection(rule.selections.get(name) as Selection);
  const inCondition = (condition: Condition): Clause[] => {
    switch (condition.kind) {
      case "selection":
        return named(condition.name);
      case "not":
        return [];
      case "and":
        return condition.of.flatMap(inCondition);
      case "or":
        return either(condition.of, inCondition);
      case "some":
        return condition.least >= condition.names.length
          ? condition.names.flatMap(named)
          : either(condition.names, named);
    }
  };
  return inCondition(rule.condition).sort((a, b) => a.likelihood - b.likelihood);
}

function inSelection(selection: Selection): Clause[] {
  return selection.kind === "items" ? selection.items.flatMap(inItem) : either(selection.of, inSelection);
}

function inItem(item: Item): Clause[] {
  if (item.negated) return [];
  const each = (test: Test) => inTest(item.field, test);
  return item.link === "all" ? item.tests.flatMap(each) : either(item.tests, each);
}

function inTest(field: string | null, test: Test): Clause[] {
  if (test.kind === "any") return either(test.tests, (one) => inTest(field, one));
  const texts = textsOf(field, test);
  return texts === null ? [] : [clause(texts.map((text) => ({ field, text })))];
}

/** The one clause that follows when any of several will do: what each of them needs most, together. */
function either<T>(of: readonly T[], each: (one: T) => Clause[]): Clause[] {
  const clues: Clue[] = [];
  for (const one of of) {
    const clauses = each(one);
    if (clauses.length === 0) return [];
    clues.push(...clauses.reduce((best, next) => (next.likelihood < best.likelihood ? next : best)).clues);
  }
  return clues.length === 0 ? [] : [clause(clues)];
}

function clause(all: Clue[]): Clause {
  const seen = new Set<string>();
  const clues = all.filter(({ field, text }) => {
    const key = `${field} ${text}`;
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
  let likelihood = 0;
  for (const { text } of clues) likelihood += likelihoodOf(text);
  return { clues, likelihood };
}

/** Texts of which one is in a field that passes the test; null when that cannot be told. */
function textsOf(field: string | null, test: Test): string[] | null {
  // Computed from the whole alert: too dear to find rules by.
  if (field === VERDICT_FIELD) return null;
  const present = field === null ? null : [EDGE];
  switch (test.kind) {
    case "number":
      return [`${EDGE}${test.number}${EDGE}`];
    case "boolean":
      return [`${EDGE}${test.boolean}${EDGE}`];
    case "pattern":
      return oneOf(wordOfPattern(test.pattern)) ?? present;
    case "regex":
      return textsOfRegex(test.source) ?? present;
    case "exists":
      return test.exists ? present : null;
    case "cidr":
    case "compare":
    case "time":
    case "fieldref":
      return present;
    default:
      return null;
  }
}

const oneOf = (text: string | null) => (text === null ? null : [text]);
const BEYOND = /[^\0-\x7f]+/;

/** The text of a pattern that is likely to be met least; null when none is worth looking for. */
export function wordOfPattern(pattern: Pattern): string | null {
  if (pattern.length === 0) return EDGE + EDGE;
  let best: string | null = null;
  for (const [at, part] of pattern.entries()) {
    if (typeof part !== "string") continue;
    const text = `${at === 0 ? EDGE : ""}${fold(part)}${at === pattern.length - 1 ? EDGE : ""}`;
    const runs = text.split(BEYOND);
    for (const run of runs.length > 1 ? [...runs, BEYOND_ASCII] : runs) {
      // A single character would be met in nearly every value.
      if (run.length < 2 && run !== BEYOND_ASCII) continue;
      if (best === null || likelihoodOf(run) < likelihoodOf(best)) best = run;
    }
  }
  return best;
}

function textsOfRegex(source: string): string[] | null {
  const texts = regexLiterals(source, NON_ASCII)?.map(fold);
  return texts === undefined || texts.some((text) => text.length < 2) ? null : texts;
}
