import { buildAutomaton } from "./automaton.ts";
import { requiredLiterals } from "./literals.ts";
import type { RuleSet } from "./rule-set.ts";

/** Says of raw bytes, before any parsing, whether some rule could match what they say. */
export interface Gate {
  /** False when no rule can match the record in `bytes[start, end)`. */
  scan: (bytes: Uint8Array, start: number, end: number) => boolean;
  /** Offset just after the next hit at or after `start`, or -1: a chunk of many lines in one pass. */
  firstHit: (bytes: Uint8Array, start: number, end: number) => number;
  /** Ids of the rules without literals: with any of them, everything passes. */
  ungated: string[];
}

/**
 * What always passes: U+212A, U+0130 and U+017F match ASCII letters, and a JSON escape may write such a letter
 * or an ASCII one. Bytes as Latin-1 characters.
 */
const ALWAYS = [
  "\u00e2\u0084\u00aa",
  "\u00c4\u00b0",
  "\u00c5\u00bf",
  "\\u00",
  "\\u212a",
  "\\u0130",
  "\\u017f",
];

/** Builds the gate of a rule set. */
export function compileGate(set: RuleSet): Gate {
  const words = new Set(ALWAYS);
  const ungated: string[] = [];
  for (const { loaded } of set.rules) {
    const literals = requiredLiterals(loaded);
    if (literals === null) ungated.push(loaded.rule.id);
    else for (const literal of literals) words.add(literal);
  }
  if (ungated.length > 0 || set.options.anyLogsource === true) {
    return { scan: () => true, firstHit: (_, start, end) => (start < end ? start + 1 : -1), ungated };
  }
  const firstHit = compileScan(withoutCovered([...words]));
  return { scan: (bytes, start, end) => firstHit(bytes, start, end) !== -1, firstHit, ungated };
}

/** A word that holds another adds nothing: whatever holds it holds the other. */
function withoutCovered(words: string[]): string[] {
  const kept: string[] = [];
  for (const word of words.toSorted((a, b) => a.length - b.length)) {
    if (!kept.some((one) => word.includes(one))) kept.push(word);
  }
  return kept;
}

/** The automaton over bytes: two table reads a byte, upper and lower case in one class. */
function compileScan(words: string[]): Gate["firstHit"] {
  const { classes, table, firstHit } = buildAutomaton(words);
  return (bytes, start, end) => {
    let state = 0;
    for (let at = start; at < end; at += 1) {
      state = table[state + (classes[bytes[at] as number] as number)] as number;
      if (state >= firstHit) return at + 1;
    }
    return -1;
  };
}
