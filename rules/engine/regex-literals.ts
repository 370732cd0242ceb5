import { rarityOf } from "./necessary.ts";

/**
 * Finds texts, in lower case, of which at least one occurs in whatever the regular expression matches, case apart,
 * or null when none can be shown; `cut` matches the characters that no text may hold.
 *
 * Reads RE2 syntax and errs on the side of null: what it does not know ends a text. Without case, RE2 lets `s`
 * match U+017F, which does not fold to it: whoever looks for the texts takes one for the other.
 */
export function regexLiterals(source: string, cut: RegExp): string[] | null {
  if (/\\Q/.test(source)) return null;
  const reader: Reader = { source, at: 0, depth: 0, cut };
  const found = readAlternatives(reader);
  return reader.at < source.length || found === null || found.texts.includes("") ? null : found.texts;
}

interface Reader {
  source: string;
  at: number;
  depth: number;
  cut: RegExp;
}

/** Texts of which one is in whatever a part matches; exact when they are all that it can match. */
interface Texts {
  texts: string[];
  exact: boolean;
}

const DEEPEST = 50;
const MOST = 64;
/** Texts that may be written out one by one from alternatives within a text. */
const MOST_SPELT = 16;

/** `a|b|c` up to its closing parenthesis or the end; null when one of them shows nothing. */
function readAlternatives(reader: Reader): Texts | null {
  let all: Texts | null = { texts: [], exact: true };
  for (;;) {
    const branch = readBranch(reader);
    all =
      all === null || branch === null || all.texts.length + branch.texts.length > MOST
        ? null
        : { texts: [...all.texts, ...branch.texts], exact: all.exact && branch.exact };
    if (reader.source[reader.at] !== "|") return all;
    reader.at += 1;
  }
}

/** The best set of one sequence: that of its longest texts, or a group's. */
function readBranch(reader: Reader): Texts | null {
  let run = [""];
  let exact = true;
  let best: string[] | null = null;
  const offer = (texts: string[]) => {
    if (texts.includes("")) return;
    if (best === null || rarityOf(texts) > rarityOf(best)) best = texts;
  };
  const close = () => {
    offer(run.map((text) => text.trim()));
    run = [""];
    exact = false;
  };
  while (reader.at < reader.source.length && !"|)".includes(reader.source[reader.at] as string)) {
    const unit = readUnit(reader);
    const repeat = readRepeat(reader);
    if (unit === null || repeat === "perhaps") close();
    else if (unit.exact && unit.texts.length * run.length <= MOST_SPELT) {
      run = run.flatMap((before) => unit.texts.map((text) => before + text));
      if (repeat === "more") close();
    } else {
      close();
      offer(unit.texts);
    }
  }
  if (exact) return { texts: run, exact };
  close();
  return best === null ? null : { texts: best, exact };
}

/** One unit: a literal character, a class of few, a group, or null for anything else. */
function readUnit(reader: Reader): Texts | null {
  const { source } = reader;
  const character = source[reader.at] as string;
  reader.at += 1;
  if (character === "(") return readGroup(reader);
  if (character === "[") return readClass(reader);
  if (character === "\\") {
    const escaped = source[reader.at] ?? "";
    reader.at += 1;
    if (/[^a-z0-9]/i.test(escaped)) return literal(reader, [escaped]);
    if (escaped === "x" || escaped === "p" || escaped === "P") skipBraces(reader, escaped === "x" ? 2 : 1);
    else if (/[0-9]/.test(escaped)) while (/[0-9]/.test(source[reader.at] ?? "")) reader.at += 1;
    return null;
  }
  return ".^$*+?{}".includes(character) ? null : literal(reader, [character]);
}

function literal(reader: Reader, characters: string[]): Texts | null {
  if (characters.some((character) => reader.cut.test(character))) return null;
  return { texts: [...new Set(characters.map((character) => character.toLowerCase()))], exact: true };
}

/** A class written as a few characters without ranges, `[Aa]` or `["']`. */
function readClass(reader: Reader): Texts | null {
  const start = reader.at;
  skipClass(reader);
  const inner = reader.source.slice(start, reader.at - 1);
  return /^[^\\^\][:&~-]{1,4}$/.test(inner) ? literal(reader, Array.from(inner)) : null;
}

function readGroup(reader: Reader): Texts | null {
  const head = /^\?(?:P?<\w+>|[a-zA-Z-]*([:)]))/.exec(reader.source.slice(reader.at, reader.at + 80));
  if (head !== null) {
    reader.at += head[0].length;
    if (head[1] === ")") return null;
  }
  reader.depth += 1;
  const inner = reader.depth > DEEPEST ? null : readAlternatives(reader);
  reader.depth -= 1;
  if (reader.source[reader.at] === ")") reader.at += 1;
  return inner;
}

function skipClass(reader: Reader): void {
  const { source } = reader;
  if (source[reader.at] === "^") reader.at += 1;
  if (source[reader.at] === "]") reader.at += 1;
  while (reader.at < source.length && source[reader.at] !== "]") {
    if (source.startsWith("[:", reader.at) && source.includes(":]", reader.at))
      reader.at = source.indexOf(":]", reader.at) + 2;
    else reader.at += source[reader.at] === "\\" ? 2 : 1;
  }
  reader.at += 1;
}

function skipBraces(reader: Reader, otherwise: number): void {
  const end = reader.source[reader.at] === "{" ? reader.source.indexOf("}", reader.at) : -1;
  reader.at = end === -1 ? reader.at + otherwise : end + 1;
}

/** The quantifier after a unit: once, at least once, or perhaps never. */
function readRepeat(reader: Reader): "once" | "more" | "perhaps" {
  const quantifier = /^(?:[*+?]|\{\d+(?:,\d*)?\})\??/.exec(
    reader.source.slice(reader.at, reader.at + 20),
  )?.[0];
  if (quantifier === undefined) return "once";
  reader.at += quantifier.length;
  return /^[*?]|^\{0/.test(quantifier) ? "perhaps" : "more";
}
