import type { ModifierFault } from "./modifier-clash.ts";
import { fillTest } from "./modifiers.ts";
import { type Part, type Pattern, parsePattern } from "./pattern.ts";
import type { Selection, Test } from "./rule.ts";

/** Values of placeholders, by their names. */
export type Placeholders = Readonly<Record<string, readonly string[]>>;

/** What the placeholders of one value may make of it. */
const MOST_CHOICES = 10_000;

/**
 * Puts the values of placeholders in the selections of a rule, wildcards and all; in a regular expression they are
 * expressions. A placeholder without value matches nothing. Throws a ModifierFault when a value cannot be used.
 */
export function fillPlaceholders(
  selections: ReadonlyMap<string, Selection>,
  values: Placeholders,
): Map<string, Selection> {
  const inSelection = (selection: Selection): Selection =>
    selection.kind === "any"
      ? { kind: "any", of: selection.of.map(inSelection) }
      : {
          kind: "items",
          items: selection.items.map((item) =>
            item.tests.some(({ kind }) => kind === "expand")
              ? { ...item, tests: item.tests.map((test) => filled(test, item.field, values)) }
              : item,
          ),
        };
  return new Map([...selections].map(([name, selection]) => [name, inSelection(selection)]));
}

function filled(test: Test, field: string | null, values: Placeholders): Test {
  if (test.kind !== "expand") return test;
  const written = test.modifiers.includes("re");
  let choices: Part[][] = [[]];
  for (const part of test.value) {
    const here: Pattern[] =
      typeof part === "object"
        ? (values[part.placeholder] ?? []).map((value) => (written ? [value] : parsePattern(value)))
        : [[part]];
    if (choices.length * here.length > MOST_CHOICES) {
      throw {
        code: "value_invalid",
        message: `the placeholders of one value make more than ${MOST_CHOICES} of it`,
        remedy: "give them fewer values, or write several selections",
      } satisfies ModifierFault;
    }
    choices = choices.flatMap((before) => here.map((value) => [...before, ...value]));
  }
  return fillTest(test, choices, field);
}
