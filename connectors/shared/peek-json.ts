/** Characters of a record that recognisers look at. */
const BEGINNING = 16_384;
/** Names told, above which a record is told by those before. */
const MOST_NAMES = 256;

/** Names at the beginning of a JSON object: its own (`rule`), and those of the objects in it (`rule.level`). */
export type Names = ReadonlySet<string>;

const NONE: Names = new Set();
let last = "";
let names = NONE;

/**
 * Reads the names of the JSON object that a text begins with, or of the first object of the list; none when it
 * begins otherwise. The answer is kept for the last text: every recogniser asks.
 */
export function peekJson(text: string): Names {
  if (text !== last) {
    names = readNames(text);
    last = text;
  }
  return names;
}

/** How a format asks: all of these names, and no more. */
export function hasAll(told: Names, ...wanted: string[]): boolean {
  return wanted.every((name) => told.has(name));
}

function readNames(text: string): Names {
  let at = skipSpace(text, text.charCodeAt(0) === 0xfeff ? 1 : 0);
  if (text.charCodeAt(at) === 0x5b) at = skipSpace(text, at + 1);
  if (text.charCodeAt(at) !== 0x7b) return NONE;
  const told = new Set<string>();
  const end = Math.min(text.length, BEGINNING);
  let depth = 0;
  let parent = "";
  // Whether a string that comes now is a name; lists have none.
  let expectName = false;
  const lists: boolean[] = [];
  while (at < end && told.size < MOST_NAMES) {
    const code = text.charCodeAt(at);
    if (code === 0x22) {
      const close = endOfString(text, at, end);
      if (close < 0) return told;
      if (expectName) {
        const name = text.slice(at + 1, close);
        if (depth === 1) {
          told.add(name);
          parent = name;
        } else if (depth === 2) told.add(`${parent}.${name}`);
        expectName = false;
      }
      at = close + 1;
      continue;
    }
    if (code === 0x7b || code === 0x5b) {
      lists.push(code === 0x5b);
      depth++;
      expectName = code === 0x7b;
    } else if (code === 0x7d || code === 0x5d) {
      lists.pop();
      depth--;
      if (depth <= 0) return told;
      expectName = false;
    } else if (code === 0x2c) expectName = lists.at(-1) === false;
    at++;
  }
  return told;
}

/** The closing quote of a string, or -1 when it is further than what is looked at. */
function endOfString(text: string, open: number, end: number): number {
  let close = text.indexOf('"', open + 1);
  while (close > 0 && isEscaped(text, close)) close = text.indexOf('"', close + 1);
  return close < end ? close : -1;
}

/** Says whether an odd number of backslashes stands before. */
function isEscaped(text: string, quote: number): boolean {
  let at = quote - 1;
  while (text.charCodeAt(at) === 0x5c) at--;
  return (quote - at) % 2 === 0;
}

function skipSpace(text: string, from: number): number {
  let at = from;
  while (
    at < 256 &&
    (text.charCodeAt(at) === 0x20 || (text.charCodeAt(at) >= 0x09 && text.charCodeAt(at) <= 0x0d))
  )
    at++;
  return at;
}
