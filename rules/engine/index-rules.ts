import { type Clause, clausesOf } from "./clauses.ts";
import type { CompiledRule } from "./compile.ts";
import type { NumberField } from "./compile-item.ts";
import { enterWords, findWords, type Words } from "./find-words.ts";
import { EDGE } from "./likelihood.ts";
import { BEYOND_ASCII } from "./necessary.ts";
import type { LoadedRule, LogSource } from "./rule.ts";
import type { Layout } from "./shape.ts";
import type { Steps } from "./steps.ts";
import { fold, knowFolded, rawIn, type Subject, textsIn } from "./subject.ts";

/**
 * All rules by texts that must be in an event for them to match: of each rule's clauses, the one met least often, and
 * another beside it where the first is met often. A hit is twice the position of the rule, plus one for the second.
 */
export interface RuleIndex {
  /** The log sources that rules are written for, each once. */
  sources: readonly LogSource[];
  dictionary: Dictionary;
  /** By word: field, log source and hit, one after the other. */
  posts: readonly Int32Array[];
  /** Words that rules look for as keywords, with their numbers. */
  keywords: readonly (readonly [word: string, number: number])[];
  /** Rules that need a character beyond ASCII, a field whatever it says, or nothing that can be shown. */
  beyond: readonly Post[];
  present: readonly Post[];
  always: readonly Post[];
  /** By rule, 1 if both its clauses must be met. */
  both: Uint8Array;
  /** By log source, the fields that its rules wait for. */
  fields: readonly ReadonlySet<number>[];
  /** Values met before, each where `slotOf` has it. */
  known: (Known | undefined)[];
}

/** Words to look for in texts. */
interface Dictionary {
  words: Words;
  /** Their numbers in the index, when these are some of its words only. */
  numbers?: readonly number[] | undefined;
}

/** What was found in a value met before, in the one cell where it was searched. */
interface Known {
  text: string;
  searched: Searched;
  hits: readonly number[];
  /** The value in lower case, alone in its list. */
  folded: readonly string[];
}

/** Values remembered, a power of two, and their lengths: a program or a user comes again, a command line seldom. */
const MOST_KNOWN = 8_192;
const SHORTEST_KNOWN = 8;
const LONGEST_KNOWN = 256;
/** Values looked up in vain, more than with success, before a cell is no more looked up; and for how many events. */
const PATIENCE = 32;
const REST = 1_000;

/** Rules of one log source that wait for something in one field. */
interface Post {
  /** -1 for keywords. */
  field: number;
  source: number;
  hits: number[];
}

/** The rules that apply to alerts of some origins. */
export interface RuleGroup {
  /** By number of a log source, 1 if its rules apply. */
  applies: Uint8Array;
  beyond: Int32Array;
  present: readonly Post[];
  always: readonly number[];
  /** Fields to look for words in. */
  searched: ReadonlySet<number>;
  /** The words to look for where only keywords are; undefined when there are none. */
  keywords: Dictionary | undefined;
  views: WeakMap<Layout, View>;
}

/** What a group's rules look for in events of one layout. */
interface View {
  /** Cells to be searched for words. */
  cells: readonly Searched[];
  /** What is met by the layout alone. */
  given: readonly number[];
}

interface Searched {
  cell: number;
  dictionary: Dictionary;
  /** Told apart by it from others that have the same value. */
  salt: number;
  /** How well looking its values up went lately; below zero it is not tried. */
  luck: number;
}

/** From this share of events on, a clause does not tell enough alone. */
const OFTEN = 1 / 200;
/** A clause met by more than this tells nothing. */
const NEARLY_ALWAYS = 0.9;

/** The clauses by which a rule is found: one, or two where the first is met often. */
function clausesToMeet(rule: LoadedRule): Clause[] {
  const [first, ...others] = clausesOf(rule);
  if (first === undefined) return [];
  if (first.likelihood < OFTEN) return [first];
  // What stands in the same field often comes together.
  const apart = others.filter((other) => other.clues[0]?.field !== first.clues[0]?.field);
  const second = [...apart, ...others].find(({ likelihood }) => likelihood < NEARLY_ALWAYS);
  return second === undefined ? [first] : [first, second];
}

/** Indexes rules by what must be in an event for them to match, a step a rule. */
export function* indexingRules(rules: readonly CompiledRule[], number: NumberField): Steps<RuleIndex> {
  const sources = new Map<string, { at: number; source: LogSource; fields: Set<number> }>();
  const posts = new Map<string, Map<string, Post>>();
  const post = (text: string, field: number, source: number): Post => {
    const ofText = posts.get(text) ?? new Map<string, Post>();
    posts.set(text, ofText);
    const key = `${field} ${source}`;
    const known = ofText.get(key) ?? { field, source, hits: [] };
    ofText.set(key, known);
    return known;
  };
  const both = new Uint8Array(rules.length);
  for (const [position, { loaded }] of rules.entries()) {
    yield;
    const { category, product, service } = loaded.logsource;
    const key = JSON.stringify([category, product, service]);
    const source = sources.get(key) ?? { at: sources.size, source: loaded.logsource, fields: new Set() };
    sources.set(key, source);
    const clauses = clausesToMeet(loaded);
    if (clauses.length === 0) post("", -1, source.at).hits.push(2 * position);
    both[position] = clauses.length === 2 ? 1 : 0;
    for (const [second, clause] of clauses.entries()) {
      for (const clue of clause.clues) {
        const field = clue.field === null ? -1 : number(clue.field);
        if (clue.text !== EDGE) source.fields.add(field);
        post(clue.text, field, source.at).hits.push(2 * position + second);
      }
    }
  }
  const take = (text: string): Post[] => {
    const taken = [...(posts.get(text)?.values() ?? [])];
    posts.delete(text);
    return taken;
  };
  const beyond = take(BEYOND_ASCII);
  const present = take(EDGE);
  const always = take("");
  const found = [...posts.values()].map((ofText) => flat([...ofText.values()]));
  const keywords = [...posts].flatMap(([word, ofText], number) =>
    [...ofText.values()].some(({ field }) => field === -1) ? [[word, number] as const] : [],
  );
  return {
    sources: [...sources.values()].map(({ source }) => source),
    dictionary: { words: enterWords([...posts.keys()]) },
    posts: found,
    keywords,
    beyond,
    present,
    always,
    both,
    fields: [...sources.values()].map(({ fields }) => fields),
    known: Array<undefined>(MOST_KNOWN).fill(undefined),
  };
}

const flat = (posts: readonly Post[]) =>
  Int32Array.from(posts.flatMap(({ field, source, hits }) => hits.flatMap((hit) => [field, source, hit])));

/** Takes the rules together that apply to alerts of certain log sources. */
export function groupRules(index: RuleIndex, belongs: (source: LogSource) => boolean): RuleGroup {
  const applies = Uint8Array.from(index.sources, (source) => (belongs(source) ? 1 : 0));
  const ours = (posts: readonly Post[]) => posts.filter(({ source }) => applies[source] === 1);
  const searched = new Set(
    index.fields.flatMap((fields, source) => (applies[source] === 1 ? [...fields] : [])),
  );
  const keywords = searched.delete(-1) ? keywordsOf(index, applies) : undefined;
  return {
    applies,
    beyond: flat(ours(index.beyond)),
    present: ours(index.present),
    always: ours(index.always).flatMap(({ hits }) => hits),
    searched,
    keywords,
    views: new WeakMap(),
  };
}

/** The few words that rules of these log sources look for anywhere: most of an alert is searched for nothing else. */
function keywordsOf({ keywords, posts }: RuleIndex, applies: Uint8Array): Dictionary {
  const ours = keywords.filter(([, number]) => {
    const list = posts[number] as Int32Array;
    for (let at = 0; at < list.length; at += 3)
      if (list[at] === -1 && applies[list[at + 1] as number] === 1) return true;
    return false;
  });
  return {
    words: enterWords(ours.map(([word]) => word)),
    numbers: ours.map(([, number]) => number),
  };
}

function viewOf(index: RuleIndex, group: RuleGroup, layout: Layout): View {
  const known = group.views.get(layout);
  if (known !== undefined) return known;
  const { cellOf, keyword, cells } = layout;
  const wanted = new Map<number, Dictionary>();
  for (const field of group.searched)
    if (cellOf[field] !== -1) wanted.set(cellOf[field] as number, index.dictionary);
  if (group.keywords !== undefined)
    for (let cell = 0; cell < cells; cell += 1)
      if (keyword[cell] === 1 && !wanted.has(cell)) wanted.set(cell, group.keywords);
  const present = group.present.flatMap(({ field, hits }) => (cellOf[field] === -1 ? [] : hits));
  const view = {
    cells: [...wanted].map(([cell, dictionary]) => ({ cell, dictionary, salt: cell, luck: PATIENCE })),
    given: [...group.always, ...present],
  };
  group.views.set(layout, view);
  return view;
}

/** Adds the hits of the subject's event. */
export function findHits(
  index: RuleIndex,
  group: RuleGroup,
  subject: Subject,
  add: (hit: number) => void,
): void {
  const { layout } = subject;
  const { cells, given } = viewOf(index, group, layout);
  for (const hit of given) add(hit);
  for (const searched of cells) {
    const raw = rawIn(subject, searched.cell);
    if (typeof raw === "string") {
      const known = recall(index, group, layout, searched, raw);
      if (known === undefined) for (const hit of hitsIn(index, group, layout, searched, raw)) add(hit);
      else {
        knowFolded(subject, searched.cell, known.folded);
        for (const hit of known.hits) add(hit);
      }
    } else {
      const texts = typeof raw === "number" ? [String(raw)] : textsIn(subject, searched.cell);
      for (const text of texts) for (const hit of hitsIn(index, group, layout, searched, text)) add(hit);
    }
  }
}

/** The hits of the words that a text holds. */
function hitsIn(
  index: RuleIndex,
  group: RuleGroup,
  { keyword, cellOf }: Layout,
  { cell, dictionary }: Searched,
  text: string,
): number[] {
  const { words, numbers } = dictionary;
  const found: number[] = [];
  const beyond = findWords(words, text, found);
  const hits: number[] = [];
  const take = (posts: Int32Array) => {
    for (let at = 0; at < posts.length; at += 3) {
      const field = posts[at] as number;
      if (field === -1 ? keyword[cell] !== 1 : cellOf[field] !== cell) continue;
      if (group.applies[posts[at + 1] as number] === 1) hits.push(posts[at + 2] as number);
    }
  };
  for (const word of found)
    take(index.posts[numbers === undefined ? word : (numbers[word] as number)] as Int32Array);
  if (beyond) take(group.beyond);
  return hits;
}

/** What is known of a value that came before in this place, or is now; undefined where that does not pay. */
function recall(
  index: RuleIndex,
  group: RuleGroup,
  layout: Layout,
  searched: Searched,
  text: string,
): Known | undefined {
  if (searched.luck < 0) {
    searched.luck += 1;
    if (searched.luck === 0) searched.luck = PATIENCE / 4;
    return undefined;
  }
  if (text.length < SHORTEST_KNOWN || text.length > LONGEST_KNOWN) return undefined;
  const slot = slotOf(text, searched.salt);
  const before = index.known[slot];
  if (before !== undefined && before.searched === searched && before.text === text) {
    if (searched.luck < PATIENCE) searched.luck += 1;
    return before;
  }
  searched.luck -= 1;
  if (searched.luck < 0) searched.luck = -REST;
  // A copy: the text may be a piece of a record, which it would keep in memory.
  const own = Buffer.from(text).toString();
  const known = {
    text: own,
    searched,
    hits: hitsIn(index, group, layout, searched, text),
    folded: [fold(own)],
  };
  index.known[slot] = known;
  return known;
}

/** Characters by which the place of a value is found: to read all of it would take as long as to search it. */
const SAMPLES = 8;

/** Where a value is remembered; those that differ in few characters only may stand in each other's place. */
function slotOf(text: string, salt: number): number {
  const step = text.length >> 3;
  let hash = Math.imul(text.length, 31) + salt;
  for (let n = 0, at = text.length - 1; n < SAMPLES; n += 1, at -= step)
    hash = Math.imul(hash ^ text.charCodeAt(at), 0x01000193);
  return (hash ^ (hash >>> 15)) & (MOST_KNOWN - 1);
}
