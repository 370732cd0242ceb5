import { Buffer } from "node:buffer";
import { parseNetwork } from "./address.ts";
import {
  DASH,
  joinParts,
  MANY,
  mapLiterals,
  type Part,
  type Pattern,
  parsePattern,
  plainText,
} from "./pattern.ts";
import { compileRegex } from "./regex.ts";
import type { Comparison, Item, Test, TimePart } from "./rule.ts";

/** What is wrong with one line of a selection; the reader adds the place. */
export interface ModifierFault {
  code: "modifier_unknown" | "modifier_conflict" | "value_invalid" | "regex_unsupported" | "cidr_invalid";
  message: string;
  remedy: string;
}

const COMPARISONS = new Set<string>(["lt", "lte", "gt", "gte"]);
const TIME_PARTS = new Set<string>(["minute", "hour", "day", "week", "month", "year"]);
const REGEX_FLAGS: Record<string, string> = {
  i: "i",
  ignorecase: "i",
  m: "m",
  multiline: "m",
  s: "s",
  dotall: "s",
};
const MODIFIERS = new Set([
  ..."all neq cased contains startswith endswith re cidr exists fieldref expand windash".split(" "),
  ..."base64 base64offset wide utf16 utf16le utf16be".split(" "),
  ...COMPARISONS,
  ...TIME_PARTS,
  ...Object.keys(REGEX_FLAGS),
]);

/** One value on its way through the modifiers. */
interface Draft {
  test: Test;
  /** The literals hold bytes, one a character: what UTF-16 makes and Base64 takes. */
  bytes: boolean;
  /** As the rule writes it: regular expressions and placeholders begin from it. */
  original: unknown;
}

const conflict = (message: string, remedy: string): ModifierFault => ({
  code: "modifier_conflict",
  message,
  remedy,
});
const invalid = (message: string, remedy: string): ModifierFault => ({
  code: "value_invalid",
  message,
  remedy,
});

/** Reads one line of a selection: `field|modifier|modifier: value or values`. */
export function readItem(key: string | null, value: unknown): Item {
  const [name = "", ...modifiers] = key === null ? [""] : key.split("|");
  const field = name === "" ? null : name;
  for (const modifier of modifiers) {
    if (!MODIFIERS.has(modifier)) {
      throw {
        code: "modifier_unknown",
        message: `the modifier "${modifier}" does not exist`,
        remedy: `use one of ${[...MODIFIERS].sort().join(", ")}`,
      } satisfies ModifierFault;
    }
  }
  const values = Array.isArray(value) ? value : [value];
  const clash = clashOf(modifiers, values.length);
  if (clash !== undefined) throw clash;
  if (values.length === 0 && field !== null) values.push(null);
  let drafts = values.map((one) => draftOf(one, modifiers));
  // Only plain values are left: a list of lists, spelt, could be of any length.
  const written = values.map((one) => String(one ?? "null"));
  for (const [at, modifier] of modifiers.entries()) {
    const before = modifiers.slice(0, at);
    drafts = drafts.map((draft) => apply(modifier, draft, before));
  }
  const tests = drafts.map((draft) => finish(draft, field));
  return {
    field,
    tests: field === null ? tests.map((test) => unanchored(test, modifiers)) : tests,
    link: modifiers.includes("all") ? "all" : "any",
    negated: modifiers.includes("neq"),
    written,
  };
}

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
const NO_TEXT = [...NUMERIC, ...TEXTUAL, "windash", "base64", "base64offset", "expand"];
/** What a modifier cannot stand beside. */
const APART = new Map<string, readonly string[]>([
  ["re", [...NUMERIC, "expand"]],
  ["fieldref", NUMERIC],
  ["cidr", NO_TEXT],
  ["exists", NO_TEXT],
]);

/** What keeps the modifiers of a line from being used together, or with so few values. */
function clashOf(modifiers: readonly string[], values: number): ModifierFault | undefined {
  const pairs = [
    ...ALTERNATIVES.map((set) => set.filter((one) => modifiers.includes(one))),
    ...[...APART].flatMap(([one, others]) =>
      modifiers.includes(one) ? others.filter((other) => modifiers.includes(other)).map((o) => [one, o]) : [],
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

function draftOf(value: unknown, modifiers: string[]): Draft {
  const draft = (test: Test): Draft => ({ test, bytes: false, original: value });
  if (value === null || value === undefined) return draft({ kind: "null" });
  if (typeof value === "boolean" || typeof value === "number" || typeof value === "bigint") {
    if (modifiers.some((modifier) => TEXT_ONLY.has(modifier))) return draft(pattern([String(value)]));
    if (typeof value === "boolean") return draft({ kind: "boolean", boolean: value });
    return draft({ kind: "number", number: Number(value) });
  }
  if (typeof value !== "string") {
    throw invalid(
      "a value must be a text, a number, a boolean, null, or a list of them",
      "write a plain value or a list",
    );
  }
  if (modifiers.includes("re")) return draft(pattern([value]));
  return draft(pattern(parsePattern(value, modifiers.includes("expand"))));
}

/** Modifiers that read a number or a boolean as the text a rule's author wrote. */
const TEXT_ONLY = new Set(
  "contains startswith endswith re cased windash base64 base64offset wide utf16 utf16le utf16be expand".split(
    " ",
  ),
);

const pattern = (parts: Pattern): Test => ({ kind: "pattern", pattern: joinParts(parts), cased: false });

type Change = (draft: Draft, before: string[]) => Draft;

const CHANGES: Record<string, Change> = {
  all: (draft) => draft,
  neq: (draft) => draft,
  cased: onTests((test) => {
    if (test.kind === "pattern" || test.kind === "fieldref") return { ...test, cased: true };
    if (test.kind === "regex") return test;
    throw invalid("`cased` needs a text", "remove the modifier or quote the value");
  }),
  contains: affix(true, true),
  startswith: affix(false, true),
  endswith: affix(true, false),
  windash: onPatterns((parts) => mapLiterals(parts, splitDashes)),
  wide: utf16("le", false),
  utf16le: utf16("le", false),
  utf16be: utf16("be", false),
  utf16: utf16("le", true),
  base64: (draft) => {
    const bytes = literalBytes(draft, "base64");
    return { ...draft, bytes: false, test: pattern([bytes.toString("base64")]) };
  },
  base64offset: (draft) => {
    const bytes = literalBytes(draft, "base64offset");
    return {
      ...draft,
      bytes: false,
      test: { kind: "any", tests: offsets(bytes).map((text) => pattern([text])) },
    };
  },
  re: (draft, before) => {
    if (before.some((modifier) => !["all", "neq", "cased"].includes(modifier))) {
      throw conflict(
        "`re` must come first: it takes the value as it is written",
        "write `field|re`, flags after it",
      );
    }
    if (draft.original === null || typeof draft.original === "object") {
      throw invalid("`re` needs a text", "quote the value");
    }
    return { ...draft, test: { kind: "regex", source: String(draft.original), flags: "" } };
  },
  cidr: (draft) => {
    const text = draft.test.kind === "pattern" ? plainText(draft.test.pattern) : undefined;
    if (text === undefined || parseNetwork(text) === undefined) {
      throw {
        code: "cidr_invalid",
        message: `"${String(draft.original)}" is not a network`,
        remedy: "write it as 10.0.0.0/8 or 2001:db8::/32",
      } satisfies ModifierFault;
    }
    return { ...draft, test: { kind: "cidr", network: text } };
  },
  exists: (draft) => {
    const said = draft.test.kind === "boolean" ? draft.test.boolean : String(draft.original).toLowerCase();
    if (said !== true && said !== false && said !== "true" && said !== "false") {
      throw invalid("`exists` needs true or false", "write `field|exists: true`");
    }
    return { ...draft, test: { kind: "exists", exists: said === true || said === "true" } };
  },
  fieldref: (draft) => {
    const field = typeof draft.original === "string" ? plainText(parsePattern(draft.original)) : undefined;
    if (field === undefined || field === "" || draft.test.kind !== "pattern")
      throw invalid("`fieldref` needs the name of a field", "write it without wildcards");
    const { pattern: parts, cased } = draft.test;
    return {
      ...draft,
      test: { kind: "fieldref", field, starts: parts.at(-1) === MANY, ends: parts[0] === MANY, cased },
    };
  },
  // Placeholders are read with the escapes, before any modifier.
  expand: (draft) => draft,
};
for (const operator of COMPARISONS) {
  CHANGES[operator] = (draft) => compare(draft, operator as Comparison);
}
for (const part of TIME_PARTS) {
  CHANGES[part] = (draft) => timePart(draft, part as TimePart);
}
for (const [name, flag] of Object.entries(REGEX_FLAGS)) {
  CHANGES[name] = (draft) => {
    if (draft.test.kind !== "regex")
      throw conflict(`\`${name}\` is a flag of \`re\``, `write \`field|re|${name}\``);
    return { ...draft, test: { ...draft.test, flags: draft.test.flags + flag } };
  };
}

function apply(modifier: string, draft: Draft, before: string[]): Draft {
  return (CHANGES[modifier] as Change)(draft, before);
}

function onTests(change: (test: Test) => Test): Change {
  const deep = (test: Test): Test =>
    test.kind === "any" ? { kind: "any", tests: test.tests.map(deep) } : change(test);
  return (draft) => ({ ...draft, test: deep(draft.test) });
}

function onPatterns(change: (parts: Pattern) => Pattern): Change {
  return onTests((test) => {
    if (test.kind !== "pattern") throw invalid("this modifier needs a text", "quote the value");
    return { ...test, pattern: change(test.pattern) };
  });
}

/** Opens a text at its beginning, its end, or both. */
function affix(before: boolean, after: boolean): Change {
  return onTests((test) => {
    if (test.kind === "fieldref") return { ...test, starts: test.starts || after, ends: test.ends || before };
    // A regular expression is already looked for anywhere.
    if (test.kind === "regex") return test;
    if (test.kind !== "pattern")
      throw invalid("`contains`, `startswith` and `endswith` need a text", "quote the value");
    const parts: Part[] = [...(before ? [MANY] : []), ...test.pattern, ...(after ? [MANY] : [])] as Part[];
    return { ...test, pattern: joinParts(parts) };
  });
}

/** A dash counts where a flag begins: after what is no word, before what is one. */
function splitDashes(literal: string): Part[] {
  return literal
    .split(/(?<![\p{L}\p{N}_])([-/\u2013\u2014\u2015])(?=[\p{L}\p{N}_])/u)
    .map((part, at) => (at % 2 === 1 ? DASH : part));
}

function utf16(order: "le" | "be", mark: boolean): Change {
  const encode = (literal: string): string => {
    const bytes = Buffer.from(literal, "utf16le");
    return (order === "be" ? bytes.swap16() : bytes).toString("latin1");
  };
  return (draft, before) => ({
    ...onPatterns((parts) => joinParts([mark ? "\u00ff\u00fe" : "", ...mapLiterals(parts, encode)]))(
      draft,
      before,
    ),
    bytes: true,
  });
}

function literalBytes(draft: Draft, modifier: string): Buffer {
  const text = draft.test.kind === "pattern" ? plainText(draft.test.pattern) : undefined;
  if (text === undefined)
    throw invalid(`\`${modifier}\` needs a text without wildcards`, "escape `*` and `?` with a backslash");
  return Buffer.from(text, draft.bytes ? "latin1" : "utf8");
}

/** The three forms a text takes inside Base64, cut to the characters that depend on it alone. */
function offsets(bytes: Buffer): string[] {
  return [0, 1, 2].map((shift) => {
    const encoded = Buffer.concat([Buffer.alloc(shift, 0x20), bytes]).toString("base64");
    const ends = [encoded.length, encoded.length - 3, encoded.length - 2];
    return encoded.slice([0, 2, 3][shift], ends[(bytes.length + shift) % 3]);
  });
}

const NUMBER = /^\s*[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?\s*$/i;

function numberOf(draft: Draft, what: string): number {
  if (draft.test.kind === "number") return draft.test.number;
  const text = draft.test.kind === "pattern" ? plainText(draft.test.pattern) : undefined;
  if (text === undefined || !NUMBER.test(text)) throw invalid(`\`${what}\` needs a number`, "write a number");
  return Number(text);
}

function compare(draft: Draft, operator: Comparison): Draft {
  if (draft.test.kind === "time") return { ...draft, test: { ...draft.test, operator } };
  return { ...draft, test: { kind: "compare", operator, number: numberOf(draft, operator) } };
}

/** The values that a part of a date may have; a week is one of ISO 8601, of which some years have 53. */
const RANGES: Record<TimePart, readonly [number, number]> = {
  minute: [0, 59],
  hour: [0, 23],
  day: [1, 31],
  week: [1, 53],
  month: [1, 12],
  year: [0, 9999],
};

function timePart(draft: Draft, part: TimePart): Draft {
  if (draft.test.kind === "compare") return { ...draft, test: { ...draft.test, kind: "time", part } };
  const number = numberOf(draft, part);
  const [least, most] = RANGES[part];
  if (number < least || number > most)
    throw invalid(`no ${part} is ${number}`, `write a number from ${least} to ${most}`);
  return { ...draft, test: { kind: "time", part, operator: "eq", number } };
}

function finish(draft: Draft, field: string | null): Test {
  const { test } = draft;
  if (field === null && !["pattern", "number", "boolean", "regex", "any"].includes(test.kind)) {
    throw invalid("a keyword must be a text: this needs a field", "name the field before the modifier");
  }
  if (test.kind === "regex") {
    const regex = compileRegex(test.source, test.flags);
    if ("refused" in regex) {
      throw {
        code: "regex_unsupported",
        message: `the regular expression cannot be used: ${regex.refused}`,
        remedy: "write it in RE2 syntax, or as several selections",
      } satisfies ModifierFault;
    }
  }
  return test;
}

/** A keyword is looked for anywhere, unless a modifier says where. */
function unanchored(test: Test, modifiers: string[]): Test {
  if (test.kind === "any") return { kind: "any", tests: test.tests.map((one) => unanchored(one, modifiers)) };
  if (test.kind === "number") return unanchored(pattern([String(test.number)]), modifiers);
  if (test.kind === "boolean") return unanchored(pattern([String(test.boolean)]), modifiers);
  if (test.kind !== "pattern" || modifiers.includes("startswith") || modifiers.includes("endswith"))
    return test;
  return { ...test, pattern: joinParts([MANY, ...test.pattern, MANY]) };
}
