import type { DetectionRule, MatchReason } from "../../agent/core/detection.ts";
import type { Problem } from "../../agent/core/errors.ts";
import {
  allHold,
  anyHolds,
  compileItem,
  explainItem,
  type Found,
  type NumberField,
  someHold,
} from "./compile-item.ts";
import { fillPlaceholders, type Placeholders } from "./fill-placeholders.ts";
import type { ModifierFault } from "./modifier-clash.ts";
import type { Condition, LoadedRule, Selection } from "./rule.ts";
import type { Subject } from "./subject.ts";

/** A rule ready to run. */
export interface CompiledRule {
  loaded: LoadedRule;
  rule: DetectionRule;
  matches: (subject: Subject) => boolean;
  /** Why it matched; to be asked only after it did. */
  explain: (subject: Subject) => MatchReason[];
  /** Set when it threw once: it runs no more. */
  disabled: boolean;
}
type CompiledSelection = { matches: (subject: Subject) => boolean; explain: (subject: Subject) => Found[] };
const MOST_REASONS = 20;

/** Compiles a rule into closures; the problem, when a placeholder has no value, or one that cannot be used. */
export function compileRule(
  loaded: LoadedRule,
  numberField: NumberField,
  placeholders: Placeholders,
): CompiledRule | Problem {
  const missing = loaded.placeholders.filter((name) => !Object.hasOwn(placeholders, name));
  if (missing.length > 0) {
    return {
      code: "placeholder_without_value",
      where: loaded.file,
      message: `the rule "${loaded.rule.title}" needs values for ${missing.map((name) => `%${name}%`).join(", ")}`,
      remedy: "give the placeholder its values",
    };
  }
  let filled = loaded;
  try {
    filled = { ...loaded, selections: fillPlaceholders(loaded.selections, placeholders) };
  } catch (thrown) {
    const { code, message, remedy } = thrown as ModifierFault;
    const where = `the values of the placeholders of the rule "${loaded.rule.title}" cannot be used`;
    return { code, where: loaded.file, message: `${where}: ${message}`, remedy };
  }
  const selections = new Map<string, CompiledSelection>();
  for (const [name, selection] of filled.selections) {
    selections.set(name, compileSelection(selection, numberField));
  }
  const named = (name: string) => selections.get(name) as CompiledSelection;
  const reasons = compileReasons(loaded.condition, named);
  return {
    loaded: filled,
    rule: frozen(loaded.rule),
    matches: compileCondition(loaded.condition, named),
    explain: (subject) => reasons(subject).slice(0, MOST_REASONS),
    disabled: false,
  };
}

function compileCondition(
  condition: Condition,
  named: (name: string) => CompiledSelection,
): (subject: Subject) => boolean {
  switch (condition.kind) {
    case "selection":
      return named(condition.name).matches;
    case "not": {
      const inner = compileCondition(condition.of, named);
      return (subject) => !inner(subject);
    }
    case "and":
      return allHold(condition.of.map((one) => compileCondition(one, named)));
    case "or":
      return anyHolds(condition.of.map((one) => compileCondition(one, named)));
    case "some":
      return someHold(
        condition.least,
        condition.names.map((name) => named(name).matches),
      );
  }
}
/** The selections that hold and count for the match, with what was met in each. */
function compileReasons(
  condition: Condition,
  named: (name: string) => CompiledSelection,
): (subject: Subject) => MatchReason[] {
  const why = (name: string) => (subject: Subject) => {
    const selection = named(name);
    if (!selection.matches(subject)) return [];
    return selection.explain(subject).map((found) => ({ selection: name, ...found }));
  };
  switch (condition.kind) {
    case "selection":
      return why(condition.name);
    case "not":
      return () => [];
    case "some": {
      const of = condition.names.map(why);
      return (subject) => of.flatMap((reasons) => reasons(subject));
    }
    default: {
      const of = condition.of.map((one) => ({
        holds: compileCondition(one, named),
        reasons: compileReasons(one, named),
      }));
      return (subject) => of.flatMap(({ holds, reasons }) => (holds(subject) ? reasons(subject) : []));
    }
  }
}

function compileSelection(selection: Selection, numberField: NumberField): CompiledSelection {
  if (selection.kind === "any") {
    const of = selection.of.map((one) => compileSelection(one, numberField));
    return {
      matches: anyHolds(of.map((one) => one.matches)),
      explain: (subject) => of.find((one) => one.matches(subject))?.explain(subject) ?? [],
    };
  }
  const items = selection.items.map((item) => compileItem(item, numberField));
  const cheapFirst = items.toSorted((a, b) => a.cost - b.cost);
  return {
    matches: allHold(cheapFirst.map((item) => item.matches)),
    explain: (subject) => items.flatMap((item) => explainItem(item, subject)),
  };
}

/** Frozen throughout: it is part of the record of each match, which writes what cannot change only once. */
function frozen<T>(value: T): T {
  if (typeof value !== "object" || value === null || Object.isFrozen(value)) return value;
  for (const member of Object.values(value)) frozen(member);
  return Object.freeze(value);
}
