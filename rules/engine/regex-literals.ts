import { rarityOf } from "./necessary.ts";

/**
 * Finds texts of which at least one occurs in whatever the regular expression matches, case apart, or null when
 * none can be shown; `cut` matches the characters that no text may hold.
 *
 * Reads RE2 syntax and errs on the side of null: what it does not know ends a text. Without case, RE2 lets `s`
 * match U+017F, which does not fold to it: whoever looks for the texts takes one for the other.
 */
export function regexLiterals(source: string, cut: RegExp): string[] | null {
  if (/\\Q/.test(source)) return null;
  const reader: Reader = { source, at: 0, depth: 0, cut };
  const found = readAlternatives(reader);
  return reader.at < source.length ? null : found;
}

interface Reader {
  source: string;
  at: number;
  depth: number;
  cut: RegExp;
}

const DEEPEST = 50;
const MOST = 64;

const _longest = (texts: string[]) =>
  texts.reduce((best, text) => (text.length > best.length ? text : best), "");

const lower = (texts: string[]) => texts.map((text) => text.toLowerCase());

/** `a|b|c` up to its closing parenthesis or the end. */
function readAlternatives(reader: Reader): string[] | null {
  let all: string[] | null = [];
  for (;;) {
    const branch = readBranch(reader);
    all = all === null || branch === null || all.length + branch.length > MOST ? null : [...all, ...branch];
    if (reader.source[reader.at] !== "|") return all;
    reader.at += 1;
  }
}

/** The best set of one sequence: its longest literal, or a group's. */
function readBranch(reader: Reader): string[] | null {
  let run = "";
  let best: string[] | null = null;
  const offer = (texts: string[] | null) => {
    if (texts === null || texts.length === 0 || texts.includes("")) return;
    if (best === null || rarityOf(lower(texts)) > rarityOf(lower(best))) best = texts;
  };
  const close = () => {
    const text = run.trim();
    if (text !== "") offer([text]);
    run = "";
  };
  while (reader.at < reader.source.length && !"|)".includes(reader.source[reader.at] as string)) {
    const unit = readUnit(reader);
    const repeat = readRepeat(reader);
    if (typeof unit === "string" && repeat !== "perhaps" && !reader.cut.test(unit)) {
      run += unit;
      if (repeat === "more") close();
      continue;
    }
    close();
    if (Array.isArray(unit) && repeat !== "perhaps") offer(unit);
  }
  close();
  return best;
}

/** One unit: a literal character, the set of a group, or null for anything else. */
function readUnit(reader: Reader): string | string[] | null {
  const { source } = reader;
  const character = source[reader.at] as string;
  reader.at += 1;
  if (character === "(") return readGroup(reader);
  if (character === "[") {
    skipClass(reader);
    return null;
  }
  if (character === "\\") {
    const escaped = source[reader.at] ?? "";
    reader.at += 1;
    if (/[^a-z0-9]/i.test(escaped)) return escaped;
    if (escaped === "x" || escaped === "p" || escaped === "P") skipBraces(reader, escaped === "x" ? 2 : 1);
    else if (/[0-9]/.test(escaped)) while (/[0-9]/.test(source[reader.at] ?? "")) reader.at += 1;
    return null;
  }
  return ".^$*+?{}".includes(character) ? null : character;
}

function readGroup(reader: Reader): string[] | null {
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
