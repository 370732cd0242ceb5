import { closingQuote, unquoted } from "./quotes.ts";
import { type PairStyle, styleOf } from "./style-of.ts";

/** Told of each pair: where its key stands in the text, and its value with quotes and escapes resolved. */
export type EachPair = (keyStart: number, keyEnd: number, value: string) => void;

/** What was read: how many pairs, and how many characters they make together. */
export interface PairsRead {
  pairs: number;
  characters: number;
}

/** Longest key; what is longer is text. */
const LONGEST_KEY = 128;

/**
 * Reads the `key=value` pairs of a text; linear.
 *
 * Values stand in double or single quotes, or run to the next key: they may hold spaces and equals signs. Pairs are
 * parted by blanks, commas, semicolons, bars or ` : `, whichever the text itself uses most. Check Point's
 * `key:"value"; ` and `Key: value, Key: value` are read too, and a `message: ` that ends the pairs. In logfmt a word without equals sign is a key that is true.
 */
export function readPairs(text: string, from: number, to: number, each: EachPair): PairsRead {
  const style = styleOf(text, from, to);
  const read: PairsRead = { pairs: 0, characters: 0 };
  const tell = (start: number, end: number, value: string, stop: number): void => {
    read.pairs++;
    read.characters += stop - start;
    each(start, end, value);
  };
  let at = from;
  let double = true;
  let single = true;
  let key = nextKey(text, at, to, style);
  for (;;) {
    if (style.flags && style.read > 0) readFlags(text, at, key?.start ?? to, tell);
    if (key === undefined) return read;
    style.read++;
    const quote = text.charCodeAt(key.value);
    let close = -1;
    if (quote === 0x22 || quote === 0x27) {
      // Where no quote closes, none further on does: it is looked for once.
      close = (quote === 0x22 ? double : single) ? closingQuote(text, key.value, to) : -1;
      if (close < 0 && quote === 0x22) double = false;
      else if (close < 0) single = false;
    }
    if (close >= 0) {
      tell(key.start, key.end, unquoted(text, key.value + 1, close), close + 1);
      at = close + 1;
      key = nextKey(text, at, to, style);
      continue;
    }
    // A value of logfmt is one word, whatever marks it holds: none of its characters is looked at again.
    const from = style.flags ? wordEnd(text, key.value, to) : key.value;
    const next = nextKey(text, from, to, style) ?? lastKey(text, key.value, to, style);
    if (next === undefined && quote === 0x22 && close < 0) {
      // Cut within the last value, whose quote stays open.
      tell(key.start, key.end, unquoted(text, key.value + 1, to), wordEnd(text, key.value, to));
      return read;
    }
    at = style.flags ? from : rawEnd(text, from, next?.before ?? to, next, style);
    const value = text.slice(key.value, at);
    // Of a value of several words only the first is surely a value.
    const blank = value.indexOf(" ");
    tell(key.start, key.end, value, blank < 0 ? at : key.value + blank);
    key = next;
  }
}

interface Key {
  start: number;
  end: number;
  /** Where its value begins. */
  value: number;
  /** Where the value before it ends. */
  before: number;
}

/** The first key from `from` on; undefined when there is none. */
function nextKey(text: string, from: number, to: number, style: PairStyle): Key | undefined {
  let mark = text.indexOf(style.mark, from);
  let floor = from;
  while (mark >= 0 && mark < to) {
    const key = keyBefore(text, mark, floor, from, style);
    if (key !== undefined) return key;
    floor = mark + 1;
    mark = text.indexOf(style.mark, floor);
  }
  return undefined;
}

const LAST = / (message|msg|pattern): /y;

/** The `message: ` that Meraki ends its pairs with, after a value of one word. */
function lastKey(text: string, from: number, to: number, style: PairStyle): Key | undefined {
  if (style.mark !== "=" || style.read < 3) return undefined;
  LAST.lastIndex = wordEnd(text, from, to);
  const found = LAST.exec(text);
  if (found === null || LAST.lastIndex > to) return undefined;
  const start = found.index + 1;
  return { start, end: LAST.lastIndex - 2, value: LAST.lastIndex, before: found.index };
}

/** The key that ends at the mark; `floor` is where the last mark was, `from` where the last pair ended. */
function keyBefore(
  text: string,
  mark: number,
  floor: number,
  from: number,
  style: PairStyle,
): Key | undefined {
  let end = mark;
  while (end > floor && text.charCodeAt(end - 1) === 0x20) end--;
  let start = end;
  while (start > floor && end - start <= LONGEST_KEY && isKeyCode(text.charCodeAt(start - 1), style)) start--;
  if (end - start > LONGEST_KEY) return undefined;
  while (start < end && text.charCodeAt(start) === 0x20) start++;
  const head = start;
  let before = start;
  while (before > floor && isBlank(text.charCodeAt(before - 1))) before--;
  while (start < end && isOpening(text.charCodeAt(start))) {
    if (style.read === 0) style.closing = text.charCodeAt(start) === 0x28 ? 0x29 : 0x5d;
    start++;
  }
  if (start === end) return undefined;
  const parting = before > floor ? text.charCodeAt(before - 1) : 0;
  if (parting === style.delimiter || (before === from + 1 && isParting(parting))) before--;
  else if (before === head) {
    if (style.read > 0 || before > from) return undefined;
  } else if (before > from && style.delimiter !== 0x20 && style.read > 0) return undefined;
  let value = mark + style.mark.length;
  // Check Point doubles the colon before some values.
  if (style.mark === ":" && text.startsWith(':"', value)) value++;
  // A blank before the mark has its like after it; after a colon one is the rule.
  if (end < mark || style.mark === ":" || isQuote(text.charCodeAt(value + 1)))
    while (text.charCodeAt(value) === 0x20) value++;
  return { start, end, value, before };
}

/** Where a value without quotes ends, before the next key or at the end of the text. */
function rawEnd(text: string, from: number, limit: number, next: Key | undefined, style: PairStyle): number {
  let end = Math.max(from, limit);
  while (end > from && isBlank(text.charCodeAt(end - 1))) end--;
  if (next === undefined && end > from && text.charCodeAt(end - 1) === style.delimiter) end--;
  // What was opened before the first key is closed after the last value.
  if (next === undefined && end > from && text.charCodeAt(end - 1) === style.closing) end--;
  return end;
}

/** Where a value of logfmt ends. */
function wordEnd(text: string, from: number, to: number): number {
  let end = from;
  while (end < to && !isBlank(text.charCodeAt(end))) end++;
  return end;
}

/** Words between pairs, which logfmt takes for keys that are true. */
function readFlags(
  text: string,
  from: number,
  to: number,
  tell: (start: number, end: number, value: string, stop: number) => void,
): void {
  let at = from;
  while (at < to) {
    while (at < to && isBlank(text.charCodeAt(at))) at++;
    const start = at;
    while (at < to && isKeyCode(text.charCodeAt(at), PLAIN)) at++;
    if (at === start || (at < to && !isBlank(text.charCodeAt(at)))) return;
    tell(start, at, "true", at);
  }
}

const PLAIN: PairStyle = { mark: "=", delimiter: 0x20, words: false, flags: true, read: 0, closing: 0 };

const KEY_CODES = Uint8Array.from({ length: 128 }, (_, code) =>
  /[A-Za-z0-9_.\-/@$#[\]()%*+]/.test(String.fromCharCode(code)) ? 1 : 0,
);

function isKeyCode(code: number, style: PairStyle): boolean {
  return (
    code > 0x7f ||
    KEY_CODES[code] === 1 ||
    (code === 0x20 && style.words && (style.read > 0 || style.mark === ":"))
  );
}

function isOpening(code: number): boolean {
  return code === 0x5b || code === 0x28;
}

function isQuote(code: number): boolean {
  return code === 0x22 || code === 0x27;
}

function isParting(code: number): boolean {
  return code === 0x2c || code === 0x3b || code === 0x7c;
}

function isBlank(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0a || code === 0x0d || code === 0;
}
