import { RE2JS } from "re2js";
import { messageOf } from "../../agent/core/errors.ts";

/** A regular expression that takes time in proportion to the text, whatever either says. */
export interface SafeRegex {
  test(text: string): boolean;
}

const FLAGS: Record<string, number> = {
  i: RE2JS.CASE_INSENSITIVE,
  m: RE2JS.MULTILINE,
  s: RE2JS.DOTALL,
};

/** What a backtracking engine offers and a linear one cannot; read after the escaped characters are taken out. */
const BEYOND: [RegExp, string][] = [
  [/\(\?<?[=!]/, "look-around has no linear-time form"],
  [/\\[1-9]|\\[kg][<{']|\(\?P=/, "back-references have no linear-time form"],
  [/\(\?>|[*+?}]\+/, "atomic groups and possessive quantifiers have no linear-time form"],
];

/** Compiles a regular expression for the linear-time engine, or says why it cannot. */
export function compileRegex(source: string, flags: string): SafeRegex | { refused: string } {
  let bits = 0;
  for (const flag of flags) bits |= FLAGS[flag] ?? 0;
  try {
    return RE2JS.compile(flags.includes("m") ? source : endsAsPcre(source), bits);
  } catch (thrown) {
    const bare = source.replaceAll(/\\[^1-9kg]/g, "");
    return { refused: BEYOND.find(([shape]) => shape.test(bare))?.[1] ?? messageOf(thrown) };
  }
}

/** What ends the text for PCRE: its end, or the line feed that ends it. */
const END = "(?:\\n?\\z)";

/** Writes each `$` and `\\Z` of Sigma's regular expressions, which are PCRE's, as RE2 can read them. */
function endsAsPcre(source: string): string {
  // With lines of their own, or quoted, a `$` may be something else.
  if (!/\$|\\Z/.test(source) || /\(\?[a-zA-Z]*m|\\Q/.test(source)) return source;
  let written = "";
  for (let at = 0; at < source.length; at += 1) {
    const character = source[at] as string;
    if (character === "\\") {
      at += 1;
      written += source[at] === "Z" ? END : character + (source[at] ?? "");
    } else if (character === "[") {
      const end = endOfClass(source, at);
      written += source.slice(at, end);
      at = end - 1;
    } else written += character === "$" ? END : character;
  }
  return written;
}

/** Where the class that opens here is over. */
function endOfClass(source: string, from: number): number {
  let at = from + 1;
  if (source[at] === "^") at += 1;
  if (source[at] === "]") at += 1;
  while (at < source.length && source[at] !== "]") {
    const named = source.startsWith("[:", at) ? source.indexOf(":]", at) : -1;
    if (named !== -1) at = named + 2;
    else at += source[at] === "\\" ? 2 : 1;
  }
  return at + 1;
}
