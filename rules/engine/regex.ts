import { RE2JS } from "re2js";
import { messageOf } from "../../agent/core/errors.ts";
import { regexLiterals } from "./regex-literals.ts";
import { fold } from "./subject.ts";

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
    return shortened(RE2JS.compile(source, bits), source);
  } catch (thrown) {
    const bare = source.replaceAll(/\\[^1-9kg]/g, "");
    return { refused: BEYOND.find(([shape]) => shape.test(bare))?.[1] ?? messageOf(thrown) };
  }
}

/** Length from which a text is searched for what the expression needs, which costs a hundredth of running it. */
const LONG = 256;

/** The same test, which does not run on a long text that lacks what any match holds. */
function shortened(regex: SafeRegex, source: string): SafeRegex {
  const needed = regexLiterals(source, /[^\x20-\x7e]/)?.map(fold);
  if (needed === undefined) return regex;
  return {
    test(text) {
      if (text.length < LONG) return regex.test(text);
      const folded = fold(text);
      // Without case the engine takes U+017F for an s, which it does not fold to.
      const may = folded.includes("\u017f") || needed.some((each) => folded.includes(each));
      return may && regex.test(text);
    },
  };
}
