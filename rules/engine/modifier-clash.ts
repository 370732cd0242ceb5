/** What is wrong with one line of a selection; the reader adds the place. */
export interface ModifierFault {
  code: "modifier_unknown" | "modifier_conflict" | "value_invalid" | "regex_unsupported" | "cidr_invalid";
  message: string;
  remedy: string;
}

export const COMPARISONS = new Set<string>(["lt", "lte", "gt", "gte"]);
export const TIME_PARTS = new Set<string>(["minute", "hour", "day", "week", "month", "year"]);

/** The fault of modifiers that do not go together. */
export const conflict = (message: string, remedy: string): ModifierFault => ({
  code: "modifier_conflict",
  message,
  remedy,
});

/** Sets of modifiers of which a line has one at most: each says the same thing otherwise. */
const ALTERNATIVES = [
  ["contains", "startswith", "endswith"],
  ["re", "cidr", "exists", "fieldref"],
  ["wide", "utf16", "utf16le", "utf16be"],
  [...COMPARISONS],
  [...TIME_PARTS],
];
const NUMERIC = [...COMPARISONS, ...TIME_PARTS];
const TEXTUAL = [...(ALTERNATIVES[0] as string[]), ...(ALTERNATIVES[2] as string[])];
const NO_TEXT = [...NUMERIC, ...TEXTUAL, "windash", "base64", "base64offset"];
/** What a modifier cannot stand beside. */
const APART = new Map<string, readonly string[]>([
  ["re", NUMERIC],
  ["fieldref", NUMERIC],
  ["cidr", NO_TEXT],
  ["exists", [...NO_TEXT, "expand"]],
]);

/** Says what keeps the modifiers of a line from being used together, or with so few values. */
export function clashOf(modifiers: readonly string[], values: number): ModifierFault | undefined {
  const pairs =
    modifiers.length < 2
      ? []
      : [
          ...ALTERNATIVES.map((set) => set.filter((one) => modifiers.includes(one))),
          ...[...APART].flatMap(([one, others]) =>
            modifiers.includes(one)
              ? others.filter((other) => modifiers.includes(other)).map((o) => [one, o])
              : [],
          ),
        ];
  const clash = pairs.find((pair) => pair.length > 1);
  if (clash !== undefined) {
    const said = clash.map((one) => `\`${one}\``).join(" and ");
    return conflict(`${said} do not go together`, "keep one of them, or write two selections");
  }
  if (modifiers.includes("exists") && values !== 1)
    return conflict("a field exists or does not", "write one value, `true` or `false`");
  if (modifiers.includes("all") && values < 2)
    return conflict(
      "`all` joins several values, and there is one",
      "remove `all`, or write the other values",
    );
  return undefined;
}
