import { compileRegex, type SafeRegex } from "./regex.ts";
import { regexLiterals } from "./regex-literals.ts";

/**
 * A regular expression for the engine of the platform, which backtracks, with the length of text up to which it
 * provably takes few steps however the text is chosen.
 */
export interface NativeRegex {
  regex: RegExp;
  /** Longest text to be put to it; it must be ASCII. */
  longest: number;
  /** Length of the shortest match. */
  shortest: number;
}

/** Steps that one search may take; a millionth of a second is some hundred. */
const MOST_STEPS = 1_000_000;
const LENGTHS = [8192, 4096, 2048, 1024, 512, 256, 128, 64];
const DEEPEST = 50;

/**
 * Says the same as an RE2 expression in the platform's syntax, for ASCII texts; undefined when it uses what differs
 * between the two, or what the number of steps cannot be told of.
 */
export function nativeRegex(source: string, flags: string): NativeRegex | undefined {
  const inline = /^\(\?([is]+)\)/.exec(source);
  const all = flags + (inline?.[1] ?? "");
  if (/[^is]/.test(all) || /[\ud800-\udfff]/.test(source)) return undefined;
  // Beyond ASCII, the two fold case differently.
  if (all.includes("i") && /[^\0-\x7f]/.test(source)) return undefined;
  const reader: Reader = {
    source,
    at: inline?.[0].length ?? 0,
    depth: 0,
    dot: all.includes("s") ? "[^]" : "[^\\n]",
  };
  const found = readAlternatives(reader);
  if (found === undefined || reader.at < source.length) return undefined;
  const longest = LENGTHS.find((length) => (length + 1) * found.cost(length).work <= MOST_STEPS);
  if (longest === undefined) return undefined;
  return { regex: new RegExp(found.text, all.includes("i") ? "i" : ""), longest, shortest: found.shortest };
}

/**
 * Makes the quickest test that says what the linear engine says: it is asked only where the text holds what every
 * match must, and the platform's own engine cannot be relied on. The test is given the text in lower case too.
 */
export function compileRegexTest(source: string, flags: string): (text: string, folded: string) => boolean {
  const needed = regexLiterals(source, /[^\0-\x7f]/) ?? [""];
  const native = nativeRegex(source, flags);
  const { regex, longest, shortest } = native ?? { regex: /(?:)/, longest: -1, shortest: 0 };
  let linear: SafeRegex | undefined;
  return (text, folded) => {
    if (text.length < shortest) return false;
    // Without case, RE2 takes U+017F for an s, which it does not fold to.
    let may = false;
    for (let at = 0; at < needed.length && !may; at += 1) may = folded.includes(needed[at] as string);
    if (!may && !folded.includes("\u017f")) return false;
    if (text.length <= longest && ASCII.test(text)) return regex.test(text);
    // Reading has already refused what does not compile.
    linear ??= compileRegex(source, flags) as SafeRegex;
    return linear.test(text);
  };
}

const ASCII = /^[\0-\x7f]*$/;

/** For texts of one length: the ways in which a part can match from one place, and the steps to try them all. */
interface Cost {
  ways: number;
  work: number;
}

interface Part {
  /** In the platform's syntax. */
  text: string;
  shortest: number;
  cost: (length: number) => Cost;
  /** What it can begin with, as a class; undefined when that is not told. */
  begins?: RegExp | undefined;
  /** The class that it repeats without end, if that is what it does. */
  repeats?: RegExp | undefined;
}

interface Reader {
  source: string;
  at: number;
  depth: number;
  /** What a dot stands for. */
  dot: string;
}

const noCharacter = (text: string): Part => ({ text, shortest: 0, cost: () => ({ ways: 1, work: 1 }) });
const one = (text: string): Part => ({
  ...noCharacter(text),
  shortest: 1,
  begins: new RegExp(`^${text}`, "i"),
});

function readAlternatives(reader: Reader): Part | undefined {
  const branches: Part[] = [];
  for (;;) {
    const branch = readBranch(reader);
    if (branch === undefined) return undefined;
    branches.push(branch);
    if (reader.source[reader.at] !== "|") break;
    reader.at += 1;
  }
  return {
    text: branches.map(({ text }) => text).join("|"),
    shortest: Math.min(...branches.map(({ shortest }) => shortest)),
    cost: (length) => {
      const costs = branches.map((branch) => branch.cost(length));
      return { ways: sum(costs.map(({ ways }) => ways)), work: sum(costs.map(({ work }) => work + 1)) };
    },
  };
}

const sum = (numbers: number[]) => numbers.reduce((total, number) => total + number, 0);

function readBranch(reader: Reader): Part | undefined {
  const parts: Part[] = [];
  while (reader.at < reader.source.length && !"|)".includes(reader.source[reader.at] as string)) {
    const unit = readUnit(reader);
    const part = unit === undefined ? undefined : readRepeat(reader, unit);
    if (part === undefined) return undefined;
    parts.push(part);
  }
  return {
    text: parts.map(({ text }) => text).join(""),
    shortest: sum(parts.map(({ shortest }) => shortest)),
    cost: (length) =>
      inSequence(
        parts.map((part, at) => {
          const cost = part.cost(length);
          // What follows cannot begin within the repetition: of all its lengths, one at most goes on.
          return areDisjoint(part.repeats, parts[at + 1]?.begins) ? { ...cost, ways: 1 } : cost;
        }),
      ),
    begins: parts[0]?.begins,
  };
}

const CHARACTERS = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code));

const areDisjoint = (one: RegExp | undefined, other: RegExp | undefined) =>
  one !== undefined &&
  other !== undefined &&
  !CHARACTERS.some((character) => one.test(character) && other.test(character));

/** Every way through one part begins the next. */
function inSequence(costs: Cost[]): Cost {
  let ways = 1;
  let work = 1;
  for (const cost of costs) {
    work += ways * cost.work;
    ways *= cost.ways;
  }
  return { ways, work };
}

function readUnit(reader: Reader): Part | undefined {
  const { source } = reader;
  const character = source[reader.at] as string;
  reader.at += 1;
  if (character === "(") return readGroup(reader);
  if (character === "[") return readClass(reader);
  if (character === ".") return one(reader.dot);
  if (character === "^") return noCharacter(character);
  if (character === "$") return noCharacter("(?=\\n?$)");
  if ("*+?".includes(character)) return undefined;
  if (character !== "\\") return one(/[{}\]/]/.test(character) ? `\\${character}` : character);
  const escaped = source[reader.at] ?? "";
  reader.at += 1;
  if (escaped === "s") return one("[\\t\\n\\f\\r ]");
  if (escaped === "S") return one("[^\\t\\n\\f\\r ]");
  if (escaped === "b" || escaped === "B") return noCharacter(`\\${escaped}`);
  return /^(?:[dDwWtnrf]|[!-/:-@[-`{-~])$/.test(escaped) ? one(`\\${escaped}`) : undefined;
}

function readGroup(reader: Reader): Part | undefined {
  if (reader.source[reader.at] === "?") {
    if (reader.source[reader.at + 1] !== ":") return undefined;
    reader.at += 2;
  }
  reader.depth += 1;
  const inner = reader.depth > DEEPEST ? undefined : readAlternatives(reader);
  reader.depth -= 1;
  if (inner === undefined || reader.source[reader.at] !== ")") return undefined;
  reader.at += 1;
  return { ...inner, text: `(?:${inner.text})` };
}

function readClass(reader: Reader): Part | undefined {
  const { source } = reader;
  let text = "[";
  if (source[reader.at] === "^") {
    text += "^";
    reader.at += 1;
  }
  // Here RE2 takes the bracket for itself, the platform for the end.
  if (source[reader.at] === "]") return undefined;
  for (; source[reader.at] !== "]"; reader.at += 1) {
    const character = source[reader.at];
    if (character === undefined || source.startsWith("[:", reader.at)) return undefined;
    if (character !== "\\") {
      text += character === "[" ? "\\[" : character;
      continue;
    }
    reader.at += 1;
    const escaped = source[reader.at] ?? "";
    if (escaped === "s") text += "\\t\\n\\f\\r ";
    else if (/^(?:[dDwWtnrf]|[!-/:-@[-`{-~])$/.test(escaped)) text += `\\${escaped}`;
    else return undefined;
  }
  reader.at += 1;
  return one(`${text}]`);
}

function readRepeat(reader: Reader, unit: Part): Part | undefined {
  const found = /^(?:[*+?]|\{(\d{1,4})(,?)(\d{0,4})\})\??/.exec(
    reader.source.slice(reader.at, reader.at + 14),
  );
  if (found === null) return unit;
  // Only RE2 repeats what takes no character.
  if (unit.shortest === 0 && !unit.text.startsWith("(?:")) return undefined;
  const [text, least = "0", comma, most] = found;
  reader.at += text.length;
  const endless = text.startsWith("*") || text.startsWith("+") || (comma === "," && most === "");
  const times = text.startsWith("?") ? 1 : Number(comma === "," ? most : least);
  const fewest = text.startsWith("+") ? 1 : Number(least);
  return {
    text: unit.text + text,
    shortest: unit.shortest * fewest,
    cost: (length) => {
      const once = unit.cost(length);
      if (!endless) return repeated(once, fewest, times);
      // A part of several ways, repeated without end, has ways without number.
      if (once.ways > 1) return { ways: Number.POSITIVE_INFINITY, work: Number.POSITIVE_INFINITY };
      return { ways: length + 1, work: (length + 1 + fewest) * (once.work + 1) };
    },
    begins: fewest > 0 ? unit.begins : undefined,
    repeats: unit.text === unit.begins?.source.slice(1) ? unit.begins : undefined,
  };
}

function repeated(once: Cost, least: number, most: number): Cost {
  let ways = 0;
  let work = 1;
  let paths = 1;
  for (let times = 0; times <= most; times += 1) {
    if (times >= least) ways += paths;
    if (times < most) work += paths * (once.work + 1);
    paths *= once.ways;
  }
  return { ways, work };
}
