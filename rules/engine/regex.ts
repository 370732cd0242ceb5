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
    return RE2JS.compile(source, bits);
  } catch (thrown) {
    const bare = source.replaceAll(/\\[^1-9kg]/g, "");
    return { refused: BEYOND.find(([shape]) => shape.test(bare))?.[1] ?? messageOf(thrown) };
  }
}
