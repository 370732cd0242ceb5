import { type ConditionFault, parseCondition } from "./condition.ts";
import type { ModifierFault } from "./modifier-clash.ts";
import { readItem } from "./modifiers.ts";
import { type Path, Refused, refuse } from "./refusal.ts";
import type { Condition, Item, LogSource, Selection, Test } from "./rule.ts";

/** Values in one rule: far above what anyone writes, far below what a YAML bomb unfolds to. */
const MOST_VALUES = 50_000;
const DEEPEST = 20;

export type Json = Record<string, unknown>;

/** Selections and what is asked of them: the heart of a rule, and of a filter. */
export interface Detection {
  selections: Map<string, Selection>;
  condition: Condition;
  /** Names of placeholders (`|expand`) that it needs values for. */
  placeholders: string[];
}

/** Reads the map of a `detection:` or a `filter:`; `apart` are its keys that are no selections. */
export function readDetection(map: Json, path: Path, apart: readonly string[]): Detection {
  const text = map.condition;
  if (text === undefined || text === null) {
    refuse("condition_missing", path, `the ${path.join(".")} has no condition`, "add `condition:`");
  }
  // The condition first: an old aggregation explains a rule better than its odd selections do.
  const names = Object.keys(map).filter((name) => name !== "condition" && !apart.includes(name));
  const condition = readConditions(text, names, [...path, "condition"]);
  const selections = new Map<string, Selection>();
  const budget = { values: MOST_VALUES };
  for (const name of names) selections.set(name, readSelection(map[name], [...path, name], budget));
  return {
    selections,
    condition,
    placeholders: [...new Set([...selections.values()].flatMap(placeholdersOf))],
  };
}

/** A list of conditions is met when one of them is. */
function readConditions(raw: unknown, names: string[], path: Path): Condition {
  const texts = Array.isArray(raw) ? raw : [raw];
  const of = texts.map((text, at): Condition => {
    const here = Array.isArray(raw) ? [...path, at] : path;
    if (typeof text !== "string")
      return refuse("condition_invalid", here, "a condition must be a text", "quote it");
    const read = parseCondition(text, names);
    return read.fault === undefined ? read.condition : refuseFault(read.fault, here);
  });
  if (of.length === 0)
    refuse("condition_missing", path, "the list of conditions is empty", "write a condition");
  return of.length === 1 ? (of[0] as Condition) : { kind: "or", of };
}

function readSelection(raw: unknown, path: Path, budget: { values: number }): Selection {
  if (path.length > DEEPEST)
    refuse("rule_too_large", path, "the selection is nested too deeply", "write it flatter");
  if (raw === null || raw === "")
    refuse("selection_empty", path, "the selection is empty", "add a field or a keyword");
  if (isPlain(raw)) return { kind: "items", items: [item(null, raw, path, budget)] };
  if (Array.isArray(raw)) {
    if (raw.length === 0)
      refuse("selection_empty", path, "the selection is empty", "add a field or a keyword");
    if (raw.every(isPlain)) return { kind: "items", items: [item(null, raw, path, budget)] };
    return { kind: "any", of: raw.map((one, at) => readSelection(one, [...path, at], budget)) };
  }
  const entries = Object.entries(asMap(raw, path) ?? {});
  if (entries.length === 0)
    refuse("selection_empty", path, "the selection is empty", "add a field or a keyword");
  return { kind: "items", items: entries.map(([key, value]) => item(key, value, [...path, key], budget)) };
}

function item(key: string | null, value: unknown, path: Path, budget: { values: number }): Item {
  budget.values -= Array.isArray(value) ? value.length : 1;
  if (budget.values < 0)
    refuse("rule_too_large", path, `the rule has over ${MOST_VALUES} values`, "split it");
  try {
    return readItem(key, value);
  } catch (thrown) {
    if (thrown instanceof Error) throw thrown;
    return refuseFault(thrown as ModifierFault, path);
  }
}

function placeholdersOf(selection: Selection): string[] {
  if (selection.kind === "any") return selection.of.flatMap(placeholdersOf);
  const inTest = (test: Test): string[] => {
    if (test.kind === "any") return test.tests.flatMap(inTest);
    if (test.kind !== "expand") return [];
    return test.value.flatMap((part) => (typeof part === "object" ? [part.placeholder] : []));
  };
  return selection.items.flatMap((one) => one.tests.flatMap(inTest));
}

function refuseFault(fault: ConditionFault | ModifierFault, path: Path): never {
  throw new Refused({ ...fault, path });
}

/** Reads `logsource:`, which a rule and a filter must have. */
export function readLogSource(raw: unknown): LogSource {
  const path = ["logsource"];
  const map = asMap(raw, path);
  if (map === undefined)
    return refuse("logsource_missing", path, "a rule needs a logsource", "add `logsource:`");
  const found: LogSource = {};
  for (const key of ["category", "product", "service"] as const) {
    const value = map[key];
    if (value === undefined || value === null) continue;
    if (typeof value !== "string")
      refuse("logsource_invalid", [...path, key], `${key} must be a text`, "quote it");
    found[key] = String(value).toLowerCase();
  }
  if (Object.keys(found).length === 0) {
    refuse("logsource_invalid", path, "the logsource is empty", "name a category, a product or a service");
  }
  return found;
}

/** Reads `title:`, which a rule and a filter must have. */
export function readTitle(raw: unknown): string {
  if (typeof raw !== "string" || raw.trim() === "")
    return refuse("title_missing", ["title"], "a rule needs a title", "add `title:`");
  return raw;
}

export const isPlain = (value: unknown) => value === null || typeof value !== "object";

/** The value as a map; undefined when there is none. Anything else is refused. */
export function asMap(value: unknown, path: Path): Json | undefined {
  if (value === undefined || value === null) return undefined;
  if (isPlain(value) || Array.isArray(value)) {
    return refuse(
      "not_a_rule",
      path,
      `${path.join(".") || "the document"} must be a map`,
      "write `key: value` lines",
    );
  }
  return value as Json;
}
