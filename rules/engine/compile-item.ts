import { inNetwork, type Network, parseAddress, parseNetwork } from "./address.ts";
import { wordOfPattern } from "./clauses.ts";
import { enterWords, findWords } from "./find-words.ts";
import { compileRegexTest } from "./native-regex.ts";
import { BEYOND_ASCII } from "./necessary.ts";
import { compilePattern, type Pattern, plainText, writePattern } from "./pattern.ts";
import type { Comparison, Item, Test } from "./rule.ts";
import { fold, foldedOf, type Scalar, type Subject, textsOf, valuesOf } from "./subject.ts";
import { readTimePart } from "./time-part.ts";

/** Gives every field name a number, shared by all rules of a set. */
export type NumberField = (name: string) => number;

/** One asked value, compiled: accepts values seen folded, as text, as both, as they are, or looks at the whole event. */
type Check =
  | { on: "folded" | "text"; accepts: (text: string) => boolean; cost: number; whole?: string; word?: string }
  | { on: "both"; accepts: (text: string, folded: string) => boolean; cost: number }
  | { on: "value"; accepts: (value: Scalar) => boolean; cost: number }
  | { on: "event"; holds: (subject: Subject, field: number) => boolean; cost: number };

/** One line of a selection, compiled. */
export interface CompiledItem {
  item: Item;
  field: number;
  cost: number;
  checks: Check[][];
  matches: (subject: Subject) => boolean;
}
/** What was met of one line. */
export interface Found {
  field: string | null;
  pattern: string;
  value: string;
}
const LONGEST_VALUE = 300;

/** Whether the event that a subject is turned to passes. */
export type Holds = (subject: Subject) => boolean;

export function allHold(of: Holds[]): Holds {
  const [first, second] = of as [Holds, Holds];
  if (of.length === 1) return first;
  if (of.length === 2) return (subject) => first(subject) && second(subject);
  return (subject) => {
    for (const holds of of) if (!holds(subject)) return false;
    return true;
  };
}

export function anyHolds(of: Holds[]): Holds {
  if (of.length === 1) return of[0] as Holds;
  return (subject) => {
    for (const holds of of) if (holds(subject)) return true;
    return false;
  };
}

export function someHold(least: number, of: Holds[]): Holds {
  if (least === 1) return anyHolds(of);
  if (least === of.length) return allHold(of);
  return (subject) => {
    let count = 0;
    for (const holds of of) if (holds(subject)) count += 1;
    return count >= least;
  };
}
/** Compiles one line of a selection. */
export function compileItem(item: Item, numberField: NumberField): CompiledItem {
  const field = item.field === null ? -1 : numberField(item.field);
  const checks = item.tests.map((test) => compileTest(test, numberField));
  const flat = checks.flat();
  const cost = flat.reduce((sum, check) => sum + check.cost, 0) + (item.negated ? 1 : 0);
  const positive =
    item.link === "all" ? allHold(checks.map((any) => checkField(any, field))) : checkField(flat, field);
  // What an event does not have is not different either.
  const negative: Holds = (subject) =>
    valuesOf(subject, at(field, subject)) !== undefined && !positive(subject);
  const matches = item.negated ? negative : positive;
  return { item, field, cost, checks, matches };
}

/** Whether any value of the field passes any of the checks. */
function checkField(checks: Check[], field: number): Holds {
  const on = (kind: Check["on"]) => checks.filter((check) => check.on === kind);
  const holds: Holds[] = [];
  const folded = on("folded") as Extract<Check, { on: "folded" | "text" }>[];
  if (folded.length > 0) holds.push(checkTexts(folded, field, foldedOf));
  const text = on("text") as Extract<Check, { on: "folded" | "text" }>[];
  if (text.length > 0) holds.push(checkTexts(text, field, textsOf));
  for (const check of on("both") as Extract<Check, { on: "both" }>[]) {
    holds.push((subject) => {
      const folded = foldedOf(subject, at(field, subject));
      return textsOf(subject, at(field, subject)).some((one, n) => check.accepts(one, folded[n] as string));
    });
  }
  for (const check of on("value") as Extract<Check, { on: "value" }>[]) {
    holds.push((subject) => valuesOf(subject, at(field, subject))?.some(check.accepts) ?? false);
  }
  for (const check of on("event") as Extract<Check, { on: "event" }>[]) {
    holds.push((subject) => check.holds(subject, at(field, subject)));
  }
  return holds.length === 0 ? () => false : anyHolds(holds);
}

const at = (field: number, subject: Subject) => (field === -1 ? subject.keywords : field);

function checkTexts(
  checks: { accepts: (text: string) => boolean; whole?: string; word?: string }[],
  field: number,
  read: (subject: Subject, field: number) => readonly string[],
): Holds {
  const wholes = new Set(checks.flatMap((check) => (check.whole === undefined ? [] : [check.whole])));
  const accepts = checks.filter((check) => check.whole === undefined).map((check) => check.accepts);
  const only =
    accepts.length === 1 && wholes.size === 0 ? (accepts[0] as (text: string) => boolean) : undefined;
  if (only !== undefined) {
    return (subject) => {
      for (const text of read(subject, at(field, subject))) if (only(text)) return true;
      return false;
    };
  }
  if (accepts.length >= MANY_ALTERNATIVES)
    return checkMany(checks, wholes, (subject) => read(subject, at(field, subject)));
  const passes = anyAccepts(accepts);
  if (wholes.size === 0)
    return (subject) => {
      for (const text of read(subject, at(field, subject))) if (passes(text)) return true;
      return false;
    };
  return (subject) => {
    for (const text of read(subject, at(field, subject))) if (wholes.has(text) || passes(text)) return true;
    return false;
  };
}

function anyAccepts(accepts: ((text: string) => boolean)[]): (text: string) => boolean {
  return (text) => {
    for (const accept of accepts) if (accept(text)) return true;
    return false;
  };
}

/** Alternatives from which on it is cheaper to look for all at once. */
const MANY_ALTERNATIVES = 48;

function checkMany(
  checks: { accepts: (text: string) => boolean; whole?: string; word?: string }[],
  wholes: ReadonlySet<string>,
  read: (subject: Subject) => readonly string[],
): Holds {
  const parts = checks.filter((check) => check.whole === undefined);
  const sought = parts.filter((check) => check.word !== undefined);
  const others = parts.filter((check) => check.word === undefined);
  const words = enterWords(sought.map((check) => check.word as string));
  return (subject) => {
    for (const text of read(subject)) {
      if (wholes.has(text)) return true;
      const found: number[] = [];
      findWords(words, text, found);
      for (const word of found) if (sought[word]?.accepts(text)) return true;
      for (const { accepts } of others) if (accepts(text)) return true;
    }
    return false;
  };
}

function compileTest(test: Test, numberField: NumberField): Check[] {
  switch (test.kind) {
    case "any":
      return test.tests.flatMap((one) => compileTest(one, numberField));
    case "pattern":
      return [compileText(test.pattern, test.cased)];
    case "expand":
      // A rule is compiled with the values in.
      return [];
    case "number": {
      const spelt = String(test.number);
      return [
        {
          on: "value",
          cost: 1,
          accepts: (value) => value === test.number || (typeof value === "string" && value === spelt),
        },
      ];
    }
    case "boolean": {
      const spelt = String(test.boolean);
      const accepts = (value: Scalar) =>
        value === test.boolean || (typeof value === "string" && fold(value) === spelt);
      return [{ on: "value", cost: 1, accepts }];
    }
    case "null":
      return [
        { on: "event", cost: 1, holds: (subject, field) => valuesOf(subject, field)?.every(isNull) ?? true },
      ];
    case "exists":
      return [
        {
          on: "event",
          cost: 1,
          holds: (subject, field) => (valuesOf(subject, field) !== undefined) === test.exists,
        },
      ];
    case "regex":
      return [{ on: "both", cost: 60, accepts: compileRegexTest(test.source, test.flags) }];
    case "cidr": {
      const network = parseNetwork(test.network) as Network;
      const accepts = (text: string) => {
        const address = parseAddress(text);
        return address !== undefined && inNetwork(network, address);
      };
      return [{ on: "text", cost: 20, accepts }];
    }
    case "compare":
      return [
        { on: "value", cost: 2, accepts: (value) => compare(numeric(value), test.operator, test.number) },
      ];
    case "time":
      return [
        {
          on: "value",
          cost: 20,
          accepts: (value) => compare(readTimePart(value, test.part), test.operator, test.number),
        },
      ];
    case "fieldref":
      return [{ on: "event", cost: 5, holds: compileReference(test, numberField(test.field)) }];
  }
}

const isNull = (value: Scalar) => value === null;

function compileText(pattern: Pattern, cased: boolean): Check {
  const on = cased ? "text" : "folded";
  const folded = cased ? pattern : pattern.map((part) => (typeof part === "string" ? fold(part) : part));
  const whole = plainText(folded);
  if (whole !== undefined) return { on, accepts: compilePattern(folded), cost: 1, whole };
  const word = wordOfPattern(pattern);
  const isWord = word !== null && word !== BEYOND_ASCII;
  return { on, accepts: compilePattern(folded), cost: 4, ...(isWord ? { word } : {}) };
}

/** Pairs of values from which on a set is quicker, and those that are compared at most where it cannot tell. */
const MANY_PAIRS = 64;
const MOST_PAIRS = 100_000;

function compileReference(
  test: Extract<Test, { kind: "fieldref" }>,
  other: number,
): (s: Subject, f: number) => boolean {
  const read = test.cased ? textsOf : foldedOf;
  const agrees = (value: string, reference: string): boolean => {
    if (test.starts && test.ends) return value.includes(reference);
    if (test.starts) return value.startsWith(reference);
    return test.ends ? value.endsWith(reference) : value === reference;
  };
  return (subject, field) => {
    const references = read(subject, other);
    const values = read(subject, field);
    if (!test.starts && !test.ends && values.length * references.length > MANY_PAIRS) {
      const wholes = new Set(references);
      return values.some((value) => wholes.has(value));
    }
    const few = references.slice(0, Math.max(1, Math.floor(MOST_PAIRS / values.length)));
    return values.some((value) => few.some((reference) => agrees(value, reference)));
  };
}

/** The number that a value is or spells; undefined when it is none. */
function numeric(value: Scalar): number | undefined {
  if (typeof value === "number") return value;
  if (typeof value !== "string" || !/^\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*$/i.test(value))
    return undefined;
  return Number(value);
}

function compare(value: number | undefined, operator: Comparison | "eq", than: number): boolean {
  if (value === undefined) return false;
  switch (operator) {
    case "lt":
      return value < than;
    case "lte":
      return value <= than;
    case "gt":
      return value > than;
    case "gte":
      return value >= than;
    case "eq":
      return value === than;
  }
}

/** What of the event met the line; to be asked only after it did. */
export function explainItem(compiled: CompiledItem, subject: Subject): Found[] {
  const { item, checks } = compiled;
  const field = at(compiled.field, subject);
  const negation = item.negated ? "not " : "";
  const found: Found[] = [];
  for (const [position, any] of checks.entries()) {
    const value = metByAny(any, subject, field);
    if (value === undefined && !item.negated) continue;
    const pattern = `${negation}${item.written[position] ?? writtenTest(item.tests[position])}`;
    found.push({
      field: item.field,
      pattern,
      value: (value ?? textsOf(subject, field)[0] ?? "").slice(0, LONGEST_VALUE),
    });
    if (item.link === "any") break;
  }
  return found;
}

/** The first value of a field that passes one of the checks, as text. */
function metByAny(checks: Check[], subject: Subject, field: number): string | undefined {
  for (const check of checks) {
    if (check.on === "event") {
      if (check.holds(subject, field)) return textsOf(subject, field)[0] ?? "";
      continue;
    }
    const met = valuesOf(subject, field)?.find((value) => accepts(check, value));
    if (met !== undefined) return String(met);
  }
  return undefined;
}

function accepts(check: Exclude<Check, { on: "event" }>, value: Scalar): boolean {
  if (check.on === "value") return check.accepts(value);
  if (value === null) return false;
  const text = String(value);
  if (check.on === "both") return check.accepts(text, fold(text));
  return check.accepts(check.on === "folded" ? fold(text) : text);
}

function writtenTest(test: Test | undefined): string {
  return test?.kind === "pattern" ? writePattern(test.pattern) : "";
}
