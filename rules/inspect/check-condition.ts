import { plainText } from "../engine/pattern.ts";
import type { Condition, Item, LoadedRule, Selection } from "../engine/rule.ts";
import type { Finding } from "./finding.ts";

/** Selections told apart by trying all their truths; a condition of more is left alone. */
const MOST = 14;

/** Fields that an event has one value of: two different ones cannot be asked at once. */
const SINGLE = new Set([
  "EventID",
  "EventId",
  "Channel",
  "Provider_Name",
  "LogonType",
  "event.code",
  "sc-status",
  "cs-method",
]);

/** Finds selections and conditions that can never hold, always hold, or make no difference. */
export function checkCondition(loaded: LoadedRule): Finding[] {
  const { condition, selections } = loaded;
  const found: Finding[] = [];
  const say = (code: string, path: PropertyKey[], message: string, remedy: string) =>
    found.push({ loaded, code, path: ["detection", ...path], message, remedy });

  const named = new Set(namesOf(condition));
  for (const [name, selection] of selections) {
    if (!named.has(name)) {
      const message = `the selection "${name}" is defined and no condition uses it`;
      say("selection_unused", [name], message, "use it in the condition, or remove it");
    }
    const never = contradictionIn(selection);
    if (never !== undefined)
      say("selection_never_holds", [name], `the selection "${name}" can never hold: ${never}`, "correct it");
  }
  // Two selections that ask the same are one truth.
  const variables = variablesOf(selections, named);
  const distinct = [...new Set(variables.values())];
  if (distinct.length > MOST) return found;
  const worlds = worldsOf(variables, selections);
  const bitOf = (name: string) => 1 << (variables.get(name) as number);
  const truths = new Map<number, boolean>();
  for (const world of worlds)
    truths.set(
      world,
      evaluate(condition, (name) => (world & bitOf(name)) !== 0),
    );
  const holding = worlds.filter((world) => truths.get(world));
  if (holding.length === 0) {
    say(
      "condition_never_holds",
      ["condition"],
      "the condition contradicts itself: nothing can satisfy it",
      "correct it",
    );
  } else if (holding.length === worlds.length && worlds.length > 1) {
    const message = "the condition always holds: every event of the log source satisfies it";
    say("condition_always_holds", ["condition"], message, "correct it");
  } else {
    for (const name of named) {
      const bit = bitOf(name);
      const pairs = worlds.filter((world) => (world & bit) === 0 && truths.has(world | bit));
      if (pairs.some((world) => truths.get(world) !== truths.get(world | bit)) || pairs.length === 0)
        continue;
      const message = `the selection "${name}" makes no difference to the condition`;
      say(
        "selection_without_effect",
        ["condition"],
        message,
        "correct the condition, or remove the selection",
      );
    }
  }
  return found;
}

function namesOf(condition: Condition): string[] {
  switch (condition.kind) {
    case "selection":
      return [condition.name];
    case "not":
      return namesOf(condition.of);
    case "some":
      return condition.names;
    default:
      return condition.of.flatMap(namesOf);
  }
}

function evaluate(condition: Condition, holds: (name: string) => boolean): boolean {
  switch (condition.kind) {
    case "selection":
      return holds(condition.name);
    case "not":
      return !evaluate(condition.of, holds);
    case "and":
      return condition.of.every((one) => evaluate(one, holds));
    case "or":
      return condition.of.some((one) => evaluate(one, holds));
    case "some":
      return condition.names.filter(holds).length >= condition.least;
  }
}

type Selections = LoadedRule["selections"];

function variablesOf(selections: Selections, named: ReadonlySet<string>): Map<string, number> {
  const known = new Map<string, number>();
  const variables = new Map<string, number>();
  for (const name of named) {
    const text = JSON.stringify(selections.get(name), (_, value: unknown) =>
      typeof value === "symbol" ? String(value) : value,
    );
    if (!known.has(text)) known.set(text, known.size);
    variables.set(name, known.get(text) as number);
  }
  return variables;
}

/** Every set of selections, as bits, of which no two contradict each other and none itself. */
function worldsOf(variables: ReadonlyMap<string, number>, selections: Selections): number[] {
  const parts = [...new Map([...variables].map(([name, at]) => [at, name]))].flatMap(([at, name]) => {
    const selection = selections.get(name);
    if (selection === undefined || contradictionIn(selection) !== undefined) return [];
    return [{ bit: 1 << at, items: selection.kind === "items" ? selection.items : [] }];
  });
  let worlds = [0];
  for (const [at, { bit, items }] of parts.entries()) {
    let against = 0;
    for (const other of parts.slice(0, at))
      if (contradictionAmong([...items, ...other.items]) !== undefined) against |= other.bit;
    worlds = [...worlds, ...worlds.filter((world) => (world & against) === 0).map((world) => world | bit)];
  }
  return worlds;
}

function contradictionIn(selection: Selection): string | undefined {
  if (selection.kind === "items") return contradictionAmong(selection.items);
  const all = selection.of.map(contradictionIn);
  return all.includes(undefined) ? undefined : all[0];
}

/** Why these items cannot all hold of one event; undefined when nothing shows it. */
function contradictionAmong(items: readonly Item[]): string | undefined {
  const byField = Map.groupBy(
    items.filter((item) => item.field !== null),
    (item) => item.field as string,
  );
  for (const [field, own] of byField) {
    const needed = own.filter(needsValue);
    if (needed.length > 0 && own.some(needsAbsence)) return `${field} must be there and must not`;
    if (!SINGLE.has(field)) continue;
    const sets = own.flatMap((item) => wholesOf(item) ?? []);
    if (sets.length < 2) continue;
    const [first = new Set<string>(), ...others] = sets;
    if (![...first].some((value) => others.every((set) => set.has(value))))
      return `${field} has one value, and two that differ are asked`;
  }
  return undefined;
}

const needsValue = (item: Item) =>
  !item.negated &&
  item.tests.every((test) => test.kind !== "null" && (test.kind !== "exists" || test.exists));
const needsAbsence = (item: Item) =>
  !item.negated &&
  item.tests.every((test) => test.kind === "null" || (test.kind === "exists" && !test.exists));

/** The values of which the field must be one, as sets that must all be met; undefined when it asks anything else. */
function wholesOf(item: Item): Set<string>[] | undefined {
  if (item.negated) return undefined;
  const values: string[] = [];
  for (const test of item.tests) {
    const text =
      test.kind === "number"
        ? String(test.number)
        : test.kind === "pattern"
          ? plainText(test.pattern)
          : undefined;
    if (text === undefined) return undefined;
    values.push(text.toLowerCase());
  }
  return item.link === "all" ? values.map((value) => new Set([value])) : [new Set(values)];
}
