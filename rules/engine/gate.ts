import { buildAutomaton, scanText } from "./automaton.ts";
import { requirementsOf } from "./literals.ts";
import type { RuleSet } from "./rule-set.ts";
import { finishSteps, type Steps } from "./steps.ts";

/** Says of raw bytes, before any parsing, whether some rule could match what they say. */
export interface Gate {
  /** False when no rule can match the one record in `bytes[start, end)`. */
  scan: (bytes: Uint8Array, start: number, end: number) => boolean;
  /**
   * Of records that end in line feeds, the offset just after the byte at which the next one passes, or -1; the
   * search goes on at the beginning of a record.
   */
  firstHit: (bytes: Uint8Array, start: number, end: number) => number;
  /** Ids of the rules without literals: with any of them, everything passes. */
  ungated: string[];
}

/**
 * What always passes: U+212A, U+0130 and U+017F match ASCII letters, and an escape of JSON or a reference of XML may
 * write such a letter or an ASCII one. A comment or a CDATA section of XML parts a text in two. Records of the Linux audit system write texts in hexadecimal or in pieces: their stamp is
 * `audit(` and a digit. The journal writes a message with a control character as numbers. Bytes as Latin-1 characters.
 */
const ALWAYS = [
  "\u00e2\u0084\u00aa",
  "\u00c4\u00b0",
  "\u00c5\u00bf",
  "\\u00",
  "\\u212a",
  "\\u0130",
  "\\u017f",
  "&#",
  "<!--",
  "<![cdata[",
  '"message":[',
  '"message": [',
  ...Array.from("0123456789", (digit) => `audit(${digit}`),
];

/** Rules of one log source: a record passes for them when it holds a literal of the source and one of a rule. */
interface Group {
  /** Null: nothing is asked of the source. */
  source: string[] | null;
  /** Null: nothing more is asked than the source. */
  detection: Set<string> | null;
}

/** Groups told apart; those beyond share one of which only the detection is asked. */
const MOST_GROUPS = 128;

/** Builds the gate of a rule set. */
export function compileGate(set: RuleSet): Gate {
  return finishSteps(compilingGate(set));
}

/** The same, a step a rule. */
export function* compilingGate(set: RuleSet): Steps<Gate> {
  const groups = new Map<string, Group>();
  const ungated: string[] = [];
  for (const { loaded } of set.rules) {
    yield;
    const { detection, source } = requirementsOf(loaded);
    if (detection === null && source === null) {
      ungated.push(loaded.rule.id);
      continue;
    }
    // A rule of which only the source tells makes a group of its own: others would pass with it.
    const known = detection === null || groups.size < MOST_GROUPS - 2 ? source : null;
    const key = `${detection === null}${known?.join("\n")}`;
    const group = groups.get(key) ?? { source: known, detection: detection === null ? null : new Set() };
    for (const literal of detection ?? []) group.detection?.add(literal);
    groups.set(key, group);
  }
  if (ungated.length > 0 || set.options.anyLogsource === true) {
    return { scan: () => true, firstHit: (_, start, end) => (start < end ? start + 1 : -1), ungated };
  }
  return { ...compileScan([...groups.values(), { source: null, detection: new Set(ALWAYS) }]), ungated };
}

/** What a word says when it is met: bits of the groups whose source it shows, and of those whose detection. */
interface Meaning {
  source: Int32Array;
  detection: Int32Array;
}

function compileScan(groups: Group[]): Pick<Gate, "scan" | "firstHit"> {
  const width = Math.ceil(groups.length / 32);
  const meanings = new Map<string, Meaning>();
  const mean = (word: string): Meaning => {
    const known = meanings.get(word) ?? { source: new Int32Array(width), detection: new Int32Array(width) };
    meanings.set(word, known);
    return known;
  };
  // What holds of every record before anything is read: groups of which one half is not asked.
  const given: Meaning = { source: new Int32Array(width), detection: new Int32Array(width) };
  for (const [at, group] of groups.entries()) {
    const [cell, bit] = [at >> 5, 1 << (at & 31)];
    const set = (half: keyof Meaning, words: Iterable<string> | null) => {
      const targets = words === null ? [given] : [...words].map(mean);
      for (const target of targets) target[half][cell] = (target[half][cell] as number) | bit;
    };
    set("source", group.source);
    set("detection", group.detection);
  }
  const words = needed(meanings, given);
  const automaton = buildAutomaton([...words, "\n"]);
  const { classes, table, firstHit, width: letters } = automaton;
  const ends = automaton.words.map((list) =>
    joined([...list].map((word) => meanings.get(words[word] ?? ""))),
  );
  const seen: Meaning = { source: new Int32Array(width), detection: new Int32Array(width) };
  const forget = () => {
    seen.source.set(given.source);
    seen.detection.set(given.detection);
  };
  /** Adds what a hit state says; whether some group has both halves. */
  const learn = (end: Meaning): boolean => {
    let both = 0;
    for (let cell = 0; cell < width; cell += 1) {
      const source = (seen.source[cell] as number) | (end.source[cell] as number);
      const detection = (seen.detection[cell] as number) | (end.detection[cell] as number);
      seen.source[cell] = source;
      seen.detection[cell] = detection;
      both |= source & detection;
    }
    return both !== 0;
  };
  const search = (bytes: Uint8Array, start: number, end: number, lines: boolean): number => {
    forget();
    let state = 0;
    for (let at = start; at < end; at += 1) {
      state = table[state + (classes[bytes[at] as number] as number)] as number;
      if (state < firstHit) continue;
      const meaning = ends[(state - firstHit) / letters];
      if (meaning === undefined) {
        if (lines) forget();
      } else if (learn(meaning)) return at + 1;
    }
    return -1;
  };
  return {
    scan: (bytes, start, end) => search(bytes, start, end, false) !== -1,
    firstHit: (bytes, start, end) => search(bytes, start, end, true),
  };
}

/** The meanings of the words that end at one state, together; undefined for the line feed, which ends alone. */
function joined(meanings: (Meaning | undefined)[]): Meaning | undefined {
  const known = meanings.filter((meaning) => meaning !== undefined);
  const [first] = known;
  if (first === undefined) return undefined;
  const both: Meaning = { source: first.source.slice(), detection: first.detection.slice() };
  for (const { source, detection } of known.slice(1)) {
    for (let cell = 0; cell < source.length; cell += 1) {
      both.source[cell] = (both.source[cell] as number) | (source[cell] as number);
      both.detection[cell] = (both.detection[cell] as number) | (detection[cell] as number);
    }
  }
  return both;
}

/** The words without those that hold another which makes every record pass by itself. */
function needed(meanings: Map<string, Meaning>, given: Meaning): string[] {
  const words = [...meanings.keys()];
  const passes = (word: string): boolean => {
    const { source, detection } = meanings.get(word) as Meaning;
    return source.some(
      (bits, cell) =>
        ((bits | (given.source[cell] as number)) &
          ((detection[cell] as number) | (given.detection[cell] as number))) !==
        0,
    );
  };
  const alone = words.filter((word) => /^[\0-\x7f]*$/.test(word) && passes(word));
  const automaton = buildAutomaton(alone);
  return words.filter((word) => {
    let covered = false;
    scanText(automaton, word, (found) => {
      if (alone[found] !== word) covered = true;
    });
    return !covered;
  });
}
