import { Buffer } from "node:buffer";
import { readOnce } from "../../agent/core/readings.ts";
import { parseNetwork } from "./address.ts";
import { COMPARISONS, clashOf, conflict, type ModifierFault, TIME_PARTS } from "./modifier-clash.ts";
import {
  DASH,
  joinParts,
  MANY,
  mapLiterals,
  type Part,
  type Pattern,
  parsePattern,
  partsOfRegex,
  plainText,
  writePattern,
} from "./pattern.ts";
import { compileRegex } from "./regex.ts";
import type { Comparison, Item, Test, TimePart } from "./rule.ts";

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
  const tests = values.map((one) => testOf(one, modifiers, field));
  return {
    field,
    tests,
    link: modifiers.includes("all") ? "all" : "any",
    negated: modifiers.includes("neq"),
    // Only plain values are left: a list of lists, spelt, could be of any length.
    written: values.map((one) => String(one ?? "null")),
  };
}

function testOf(value: unknown, modifiers: string[], field: string | null): Test {
  if (typeof value !== "string" || !modifiers.includes("expand"))
    return modified(draftOf(value, modifiers), modifiers, field);
  const parts = modifiers.includes("re") ? partsOfRegex(value) : parsePattern(value, true);
  const test: Test = { kind: "expand", value: parts, modifiers };
  if (!parts.some((part) => typeof part === "object")) return fillTest(test, [parts], field);
  try {
    // What is wrong whatever the values are is told with the rule.
    fillTest(test, [parts.map((part) => (typeof part === "object" ? ANY_VALUE : part))], field);
  } catch (fault) {
    const { code } = fault as ModifierFault;
    if (code === "modifier_conflict" || code === "value_invalid") throw fault;
  }
  return test;
}

/** What may stand for a text, a number and a part of a date. */
const ANY_VALUE = "1";

/** What a value with placeholders asks once it is known to be one of these. Throws a ModifierFault when one cannot be. */
export function fillTest(
  { modifiers }: Extract<Test, { kind: "expand" }>,
  values: readonly Pattern[],
  field: string | null,
): Test {
  const tests = values.map((value) => {
    const parts = joinParts(value);
    const original = modifiers.includes("re") ? parts.join("") : (plainText(parts) ?? writePattern(parts));
    return modified({ test: pattern(parts), bytes: false, original }, modifiers, field);
  });
  const [first] = tests;
  return first !== undefined && tests.length === 1 ? first : { kind: "any", tests };
}

function modified(draft: Draft, modifiers: string[], field: string | null): Test {
  let changed = draft;
  for (const [at, modifier] of modifiers.entries())
    changed = (CHANGES[modifier] as Change)(changed, modifiers.slice(0, at));
  const test = finish(changed, field);
  return field === null ? unanchored(test, modifiers) : test;
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
  return draft(pattern(parsePattern(value)));
}

/** Modifiers that read a number or a boolean as the text a rule's author wrote. */
const TEXT_ONLY = new Set(
  "contains startswith endswith re cased windash base64 base64offset wide utf16 utf16le utf16be expand".split(
    " ",
  ),
);

/** With the words that are booleans to older readers of YAML. */
const YES_OR_NO = new Map([
  ["true", true],
  ["yes", true],
  ["false", false],
  ["no", false],
]);

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
    if (before.some((modifier) => !["all", "neq", "cased", "expand"].includes(modifier))) {
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
    const exists = YES_OR_NO.get(String(draft.original).toLowerCase());
    if (exists === undefined) throw invalid("`exists` needs true or false", "write `field|exists: true`");
    return { ...draft, test: { kind: "exists", exists } };
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
  // Placeholders have their values before any modifier.
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
    readOnce("regex", `${test.flags}/${test.source}`, () => {
      const regex = compileRegex(test.source, test.flags);
      if (!("refused" in regex)) return null;
      throw {
        code: "regex_unsupported",
        message: `the regular expression cannot be used: ${regex.refused}`,
        remedy: "write it in RE2 syntax, or as several selections",
      } satisfies ModifierFault;
    });
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
