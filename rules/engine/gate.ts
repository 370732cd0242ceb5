import type { Claim } from "../../agent/core/claim.ts";
import { buildAutomaton, scanText, type Walk, walkToHit } from "./automaton.ts";
import { requirementsBeside } from "./literals.ts";
import type { RuleSet } from "./rule-set.ts";
import { finishSteps, type Steps } from "./steps.ts";

/** Where lines may matter again, and how many before that do not. */
export interface Skimmed {
  at: number;
  lines: number;
}

/** Says of raw bytes, before any parsing, whether some rule could match what they say. */
export interface Gate {
  /** False when no rule can match the one record in `bytes[start, end)`. */
  scan: (bytes: Uint8Array, start: number, end: number) => boolean;
  /**
   * Passes over lines that no rule can match, from the beginning of one, up to `end`, just after a line feed. Stops
   * before a line that may match, one longer than `limit` bytes, and one that begins with a digit or a control
   * character, which may be no line at all.
   */
  skim: (bytes: Uint8Array, start: number, end: number, limit: number) => Skimmed;
  /** Ids of the rules without literals: with any of them, everything passes. */
  ungated: string[];
}

/**
 * What always passes: U+212A, U+0130 and U+017F match ASCII letters, and an escape of JSON or a reference of XML may
 * write such a letter or an ASCII one; some escape a slash, an apostrophe, `<` or `>`. A comment or a CDATA section of XML parts a
 * text in two. Records of the Linux audit system write texts in hexadecimal or in pieces: their stamp is `audit(` and a
 * digit. The journal writes a message with a control character as numbers. Bytes as Latin-1 characters.
 */
const ALWAYS = [
  "\u00e2\u0084\u00aa",
  "\u00c4\u00b0",
  "\u00c5\u00bf",
  "\\u00",
  "\\/",
  "\\'",
  "&apos;",
  "&lt;",
  "&gt;",
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

/** A gate that lets everything through, because of these rules or because it is not made yet. */
export function openGate(ungated: string[] = []): Gate {
  return { scan: () => true, skim: (_, start) => ({ at: start, lines: 0 }), ungated };
}

/**
 * Builds the gate of a rule set for records whose readers claim these things; without claims they may say anything, and
 * more rules are ungated.
 */
export function compileGate(set: RuleSet, claims?: readonly Claim[]): Gate {
  return finishSteps(compilingGate(set, claims));
}

/** The same, a step a rule. */
export function* compilingGate(set: RuleSet, claims?: readonly Claim[]): Steps<Gate> {
  const requirementsOf = requirementsBeside(claims);
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
  if (ungated.length > 0 || set.options.anyLogsource === true) return openGate(ungated);
  return { ...compileScan([...groups.values(), { source: null, detection: new Set(ALWAYS) }]), ungated };
}

const [SPACE, ZERO, NINE] = [0x20, 0x30, 0x39];

/** What a word says when it is met: bits of the groups whose source it shows, and of those whose detection. */
interface Meaning {
  source: Int32Array;
  detection: Int32Array;
}

/** Rules ask for thousands of sums of files; nobody meets the beginning of one by chance. */
const HASH = /^[\da-f]{32,128}$/;
const HASH_LETTERS = 12;

function compileScan(groups: Group[]): Pick<Gate, "scan" | "skim"> {
  const width = Math.ceil(groups.length / 32);
  const meanings = new Map<string, Meaning>();
  const mean = (literal: string): Meaning => {
    const word = HASH.test(literal) ? literal.slice(0, HASH_LETTERS) : literal;
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
  const { firstHit, width: letters } = automaton;
  const ends = automaton.words.map((list) =>
    joined([...list].map((word) => meanings.get(words[word] ?? ""))),
  );
  const seen: Meaning = { source: new Int32Array(width), detection: new Int32Array(width) };
  let dirty = true;
  const forget = () => {
    if (!dirty) return;
    seen.source.set(given.source);
    seen.detection.set(given.detection);
    dirty = false;
  };
  /** Adds what a hit state says; whether some group has both halves. */
  const learn = (end: Meaning): boolean => {
    let both = 0;
    dirty = true;
    for (let cell = 0; cell < width; cell += 1) {
      const source = (seen.source[cell] as number) | (end.source[cell] as number);
      const detection = (seen.detection[cell] as number) | (end.detection[cell] as number);
      seen.source[cell] = source;
      seen.detection[cell] = detection;
      both |= source & detection;
    }
    return both !== 0;
  };
  /** Goes on to a place where some group has both halves, or past a line feed; false when there is neither. */
  const toPassOrFeed = (bytes: Uint8Array, end: number, walk: Walk): "pass" | "feed" | undefined => {
    while (walkToHit(automaton, bytes, end, walk)) {
      const meaning = ends[(walk.state - firstHit) / letters];
      if (meaning === undefined) return "feed";
      if (learn(meaning)) return "pass";
    }
    return undefined;
  };
  return {
    scan(bytes, start, end) {
      forget();
      const walk = { at: start, state: 0 };
      for (;;) {
        const found = toPassOrFeed(bytes, end, walk);
        if (found !== "feed") return found === "pass";
      }
    },
    skim(bytes, start, end, limit) {
      const walk = { at: start, state: 0 };
      let [at, lines] = [start, 0];
      while (at < end) {
        const first = bytes[at] as number;
        if (first < SPACE || (first >= ZERO && first <= NINE)) break;
        forget();
        if (toPassOrFeed(bytes, end, walk) !== "feed" || walk.at - at > limit + 1) break;
        at = walk.at;
        lines += 1;
      }
      return { at, lines };
    },
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
