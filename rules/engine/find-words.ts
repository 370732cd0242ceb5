import { EDGE, USUAL } from "./likelihood.ts";

/**
 * Many words to be found in texts, case apart, by runs of four or three characters: each word is entered under its
 * rarest run, a bit tells whether any word is entered under the run just read, and few runs have one.
 *
 * What is found is compared by class, so that a word may be found which is not there, but none is missed.
 */
export interface Words {
  /** Bits by run of four and by run of three, both hashed to `bits` bits. */
  bits: number;
  fours: Int32Array;
  threes: Int32Array;
  /** First entry of each run, in an open hash table; empty places are -1. */
  places: Int32Array;
  /** `ENTRY` numbers an entry: its run, where its classes begin and end, characters after the run, the word. */
  entries: Int32Array;
  /** Classes of all words, one after the other. */
  classes: Uint8Array;
  /** By word, the text in which it was last found, by number. */
  marks: Int32Array;
  turn: number;
}

const ENTRY = 8;
const CLASS_BITS = 6;
const FOUR_BITS = 24;
const THREE_BITS = 18;
/** Bits for each word, so that few runs seem to have one; and of the largest table, to fit the processor's cache. */
const BITS_PER_WORD = 32;
const MOST_HASH_BITS = 19;
const FOUR_MASK = (1 << FOUR_BITS) - 1;
const THREE_MASK = (1 << THREE_BITS) - 1;
/** Added to the runs under which words of three characters and less are entered. */
const THREE = 1 << FOUR_BITS;
const HASH = 0x9e3779b1;
const EDGE_CLASS = 1;

/** Class of each character; two share one where there are too few. Those beyond ASCII are in class 0. */
const CLASSES = classesOf([
  EDGE,
  ..."abcdefghijklmnopqrstuvwxyz0123456789 ./\\-_:;,'\"$%&()*+=#|",
  ..."[{ ]} ~^` !@ <>?".split(" "),
]);

function classesOf(groups: string[]): Uint8Array {
  const classes = new Uint8Array(65_536);
  for (const [at, group] of groups.entries()) {
    for (const character of group + group.toUpperCase()) classes[character.charCodeAt(0)] = at + 1;
  }
  // What folds to an ASCII letter, or is taken for one by a regular expression without case.
  classes[0x212a] = classes[0x6b] as number;
  classes[0x130] = classes[0x69] as number;
  classes[0x17f] = classes[0x73] as number;
  return classes;
}

function classesIn(text: string): Uint8Array {
  const classes = new Uint8Array(text.length);
  for (let at = 0; at < text.length; at += 1) classes[at] = CLASSES[text.charCodeAt(at)] as number;
  return classes;
}

/** Enters ASCII words of two characters or more, in lower case, `EDGE` standing for an end of the text. */
export function enterWords(words: readonly string[]): Words {
  const classes = classesIn(words.join(""));
  const uses = countRuns(classes);
  const bits = Math.min(MOST_HASH_BITS, Math.ceil(Math.log2((words.length + 1) * BITS_PER_WORD)));
  const fours = new Int32Array(1 << (bits - 5));
  const threes = new Int32Array(1 << (bits - 5));
  const found: [number, number, number, number, number][] = [];
  let start = 0;
  for (const [word, { length }] of words.entries()) {
    const end = start + length;
    const size = Math.min(length, 4);
    const at = size < 4 ? start : rarestRun(classes, start, end, uses);
    const run = runOf(classes, at, size);
    if (size === 4) setBit(fours, Math.imul(run, HASH) >>> (32 - bits));
    for (const key of size === 4 ? [run] : size === 3 ? [THREE | run] : anyBefore(run)) {
      if (size < 4) setBit(threes, Math.imul(key & THREE_MASK, HASH) >>> (32 - bits));
      found.push([key, start, end, end - at - size, word]);
    }
    start = end;
  }
  found.sort(([a], [b]) => a - b);
  return { bits, fours, threes, classes, ...placed(found), marks: new Int32Array(words.length), turn: 0 };
}

function placed(sorted: [number, number, number, number, number][]): Pick<Words, "places" | "entries"> {
  let size = 16;
  while (size < sorted.length * 3) size *= 2;
  const places = new Int32Array(size).fill(-1);
  // One more, of a run that does not exist, ends the last.
  const entries = new Int32Array((sorted.length + 1) * ENTRY).fill(-1);
  for (const [at, entry] of sorted.entries()) {
    entries.set(entry, at * ENTRY);
    if (entry[0] === sorted[at - 1]?.[0]) continue;
    let place = Math.imul(entry[0], HASH) & (size - 1);
    while (places[place] !== -1) place = (place + 1) & (size - 1);
    places[place] = at * ENTRY;
  }
  return { places, entries };
}

function runOf(classes: Uint8Array, at: number, length: number): number {
  let run = 0;
  for (let n = at; n < at + length; n += 1) run = (run << CLASS_BITS) | (classes[n] as number);
  return run;
}

/** The runs of three that end in a run of two. */
const anyBefore = (run: number) =>
  Array.from({ length: 1 << CLASS_BITS }, (_, before) => THREE | (before << (2 * CLASS_BITS)) | run);

/** How often runs of four occur, by a hash that few share. */
function countRuns(classes: Uint8Array): Uint32Array {
  const counts = new Uint32Array(1 << COUNT_BITS);
  let run = 0;
  for (const next of classes) {
    run = ((run << CLASS_BITS) | next) & FOUR_MASK;
    const at = Math.imul(run, HASH) >>> (32 - COUNT_BITS);
    counts[at] = (counts[at] as number) + 1;
  }
  return counts;
}

const COUNT_BITS = 16;
const usual = countRuns(classesIn(USUAL));

/** Where the run of a word begins that usual values have least, and other words after them. */
function rarestRun(classes: Uint8Array, start: number, end: number, uses: Uint32Array): number {
  let best = start;
  let least = Number.POSITIVE_INFINITY;
  for (let at = start; at + 4 <= end; at += 1) {
    const hash = Math.imul(runOf(classes, at, 4), HASH) >>> (32 - COUNT_BITS);
    const often = (usual[hash] as number) * 100 + (uses[hash] as number);
    if (often >= least) continue;
    best = at;
    least = often;
  }
  return best;
}

function setBit(bits: Int32Array, at: number): void {
  bits[at >>> 5] = (bits[at >>> 5] as number) | (1 << (at & 31));
}

/**
 * Adds each word that occurs in the text to `found`, once; true when the text has a character
 * beyond ASCII.
 */
export function findWords(words: Words, text: string, found: number[]): boolean {
  const { fours, threes } = words;
  const { length } = text;
  const shift = 32 - words.bits;
  words.turn += 1;
  if (words.turn > 2_000_000_000) {
    words.turn = 1;
    words.marks.fill(0);
  }
  let run = EDGE_CLASS;
  let seen = 0;
  for (let at = 0; at <= length; at += 1) {
    let next = EDGE_CLASS;
    if (at < length) {
      const code = text.charCodeAt(at);
      seen |= code;
      next = CLASSES[code] as number;
    }
    run = ((run << CLASS_BITS) | next) & FOUR_MASK;
    const four = Math.imul(run, HASH) >>> shift;
    const three = Math.imul(run & THREE_MASK, HASH) >>> shift;
    if ((((fours[four >>> 5] as number) >>> (four & 31)) & 1) !== 0) meet(words, run, text, at, found);
    if ((((threes[three >>> 5] as number) >>> (three & 31)) & 1) !== 0)
      meet(words, THREE | (run & THREE_MASK), text, at, found);
  }
  return seen > 127;
}

/** Compares the words entered under a run whose last character is at `at`; the text's edges lie just outside of it. */
function meet(words: Words, run: number, text: string, at: number, found: number[]): void {
  const { places, entries, classes, marks, turn } = words;
  let place = Math.imul(run, HASH) & (places.length - 1);
  let entry = places[place] as number;
  while (entry !== -1 && entries[entry] !== run) {
    place = (place + 1) & (places.length - 1);
    entry = places[place] as number;
  }
  if (entry === -1) return;
  for (; entries[entry] === run; entry += ENTRY) {
    const word = entries[entry + 4] as number;
    if (marks[word] === turn) continue;
    const start = entries[entry + 1] as number;
    let here = at + (entries[entry + 3] as number);
    if (here > text.length) continue;
    let n = (entries[entry + 2] as number) - 1;
    for (; n >= start && here >= -1; n -= 1, here -= 1) {
      const actual = here < 0 || here === text.length ? EDGE_CLASS : CLASSES[text.charCodeAt(here)];
      if (actual !== classes[n]) break;
    }
    if (n >= start) continue;
    marks[word] = turn;
    found.push(word);
  }
}
