/**
 * Finds many ASCII words at once in text or bytes (Aho–Corasick), upper and lower case alike.
 *
 * A state is an offset into `table`; `table[state + classes[code]]` is the next one, and a state at or above
 * `firstHit` ends at least one word. Codes that no word has share class 0.
 */
export interface Automaton {
  classes: Uint8Array;
  table: Int32Array;
  width: number;
  firstHit: number;
  /** Words (their positions in the list given) that end at a hit state, by `(state - firstHit) / width`. */
  words: Uint32Array[];
}

/** Builds the automaton; words must be ASCII, and are folded to lower case. */
export function buildAutomaton(words: readonly string[]): Automaton {
  const classes = new Uint8Array(256);
  let width = 1;
  for (const word of words) {
    for (let at = 0; at < word.length; at += 1) {
      const code = lowered(word.charCodeAt(at));
      if (classes[code] === 0) {
        classes[code] = width;
        if (code >= 97 && code <= 122) classes[code - 32] = width;
        width += 1;
      }
    }
  }
  const trie = buildTrie(words, classes, width);
  return numbered(trie, classes, width);
}

interface Trie {
  next: Int32Array;
  states: number;
  ends: (number[] | undefined)[];
}

function buildTrie(words: readonly string[], classes: Uint8Array, width: number): Trie {
  const most = words.reduce((sum, word) => sum + word.length, 1);
  const next = new Int32Array(most * width);
  const ends: (number[] | undefined)[] = [undefined];
  let states = 1;
  for (const [position, word] of words.entries()) {
    let state = 0;
    for (let at = 0; at < word.length; at += 1) {
      const slot = state * width + (classes[lowered(word.charCodeAt(at))] as number);
      if (next[slot] === 0) {
        next[slot] = states;
        ends[states] = undefined;
        states += 1;
      }
      state = next[slot] as number;
    }
    const list = ends[state] ?? [];
    list.push(position);
    ends[state] = list;
  }
  return { next, states, ends };
}

/** Fills the failure transitions in breadth-first order, then numbers the states so that hits come last. */
function numbered(trie: Trie, classes: Uint8Array, width: number): Automaton {
  const { next, states, ends } = trie;
  const fail = new Int32Array(states);
  const queue = [0];
  for (let at = 0; at < queue.length; at += 1) {
    const state = queue[at] as number;
    const inherited = ends[fail[state] as number];
    if (state !== 0 && inherited !== undefined) ends[state] = [...(ends[state] ?? []), ...inherited];
    for (let letter = 1; letter < width; letter += 1) {
      const slot = state * width + letter;
      const child = next[slot] as number;
      const through = state === 0 ? 0 : (next[(fail[state] as number) * width + letter] as number);
      if (child === 0) next[slot] = through;
      else {
        fail[child] = through;
        queue.push(child);
      }
    }
  }
  const quiet = queue.filter((state) => ends[state] === undefined);
  const hits = queue.filter((state) => ends[state] !== undefined);
  const offsets = new Int32Array(states);
  for (const [at, state] of [...quiet, ...hits].entries()) offsets[state] = at * width;
  const table = new Int32Array(states * width);
  for (let state = 0; state < states; state += 1) {
    for (let letter = 1; letter < width; letter += 1) {
      table[(offsets[state] as number) + letter] = offsets[next[state * width + letter] as number] as number;
    }
  }
  const words = hits.map((state) => Uint32Array.from(new Set(ends[state])));
  return { classes, table, width, firstHit: quiet.length * width, words };
}

function lowered(code: number): number {
  return code >= 65 && code <= 90 ? code + 32 : code;
}

/** How far a text was looked through, and the state of the automaton there. */
export interface Walk {
  at: number;
  state: number;
}

/**
 * Goes on from a place and a state to just after the next byte at which a word ends; false when none does before `end`.
 *
 * A function of its own: nothing that is called within keeps the loop from its pace.
 */
export function walkToHit(
  { classes, table, firstHit }: Automaton,
  bytes: Uint8Array,
  end: number,
  walk: Walk,
): boolean {
  let { state } = walk;
  for (let { at } = walk; at < end; at += 1) {
    state = table[state + (classes[bytes[at] as number] as number)] as number;
    if (state < firstHit) continue;
    walk.at = at + 1;
    walk.state = state;
    return true;
  }
  walk.at = end;
  walk.state = state;
  return false;
}

/** Calls `found` with each word that occurs in the text, possibly more than once. */
export function scanText(automaton: Automaton, text: string, found: (word: number) => void): void {
  const { classes, table, width, firstHit, words } = automaton;
  let state = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    // The long s of old print, which regular expressions without case take for an s.
    const plain = code === 0x17f ? 0x73 : code;
    state = plain < 128 ? (table[state + (classes[plain] as number)] as number) : 0;
    if (state >= firstHit) for (const word of words[(state - firstHit) / width] as Uint32Array) found(word);
  }
}
