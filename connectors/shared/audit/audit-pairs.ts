/** One `key=value` of an audit record. */
export interface Pair {
  key: string;
  value: string;
  /** False when the value stood without quotes: then it may be in hexadecimal. */
  quoted: boolean;
}

/** Names that an enriched record appends in capitals, sometimes glued to the value before them. */
const ENRICHED =
  /(?:ARCH|SYSCALL|AUID|UID|GID|EUID|SUID|FSUID|EGID|SGID|FSGID|OUID|OGID|OAUID|SADDR|IUID|ID|OLD-AUID)=/;

/** Characters of a value in which they are looked for first: what repeats them is not read anew at each. */
const NEAR = 256;

/** More pairs than any record has. */
const MOST = 512;

const KEY = /[A-Za-z0-9_.[\]:+-]/;

/**
 * Reads `key=value` pairs: quoted, bare, `(null)`, `{ nested }` and `msg='nested'`, whose pairs join the others.
 *
 * Words between them are passed over. A bare value ends at white space, at the separator of enriched fields (0x1d), or where an enriched name is glued.
 */
export function auditPairs(text: string): Pair[] {
  const out: Pair[] = [];
  readInto(out, text, 0);
  return out;
}

function readInto(out: Pair[], text: string, depth: number): void {
  let at = 0;
  while (at < text.length && out.length < MOST) {
    if (isGap(text.charCodeAt(at))) {
      at++;
      continue;
    }
    const begin = at;
    while (at < text.length && at - begin < 64 && KEY.test(text.charAt(at))) at++;
    if (at > begin && text.charCodeAt(at) === 0x3d)
      at = readValue(out, text, text.slice(begin, at), at + 1, depth);
    else while (at < text.length && !isGap(text.charCodeAt(at))) at++;
  }
}

/** Reads a value and adds its pair; the index after it. */
function readValue(out: Pair[], text: string, key: string, from: number, depth: number): number {
  const first = text.charCodeAt(from);
  if (first === 0x22 && (key !== "msg" || depth > 0)) {
    const close = text.indexOf('"', from + 1);
    const end = close < 0 ? text.length : close;
    out.push({ key, value: text.slice(from + 1, end), quoted: true });
    return end + 1;
  }
  if ((first === 0x27 || first === 0x22) && key === "msg") {
    // What it quotes never holds the separator, and ends where the record does.
    const separator = text.indexOf("\x1d", from);
    const close = text.lastIndexOf(text.charAt(from), separator < 0 ? text.length : separator);
    const end = close <= from ? text.length : close;
    if (depth === 0) readInto(out, text.slice(from + 1, end), 1);
    return end + 1;
  }
  if (first === 0x27) {
    const close = text.indexOf("'", from + 1);
    const end = close < 0 ? text.length : close;
    out.push({ key, value: text.slice(from + 1, end), quoted: true });
    return end + 1;
  }
  if (first === 0x7b) {
    const close = text.indexOf("}", from);
    const end = close < 0 ? text.length : close;
    out.push({ key, value: text.slice(from + 1, end).trim(), quoted: true });
    if (depth < 2) readInto(out, text.slice(from + 1, end), 2);
    return end + 1;
  }
  return readBare(out, text, key, from);
}

function readBare(out: Pair[], text: string, key: string, from: number): number {
  for (const word of ["(null)", "(none)"]) {
    if (text.startsWith(word, from)) {
      out.push({ key, value: word, quoted: false });
      return from + word.length;
    }
  }
  let at = blankAfter(text, from, Math.min(text.length, from + NEAR));
  let enriched = gluedAfter(text, from, at);
  if (enriched < 0 && at === from + NEAR) {
    at = blankAfter(text, at, text.length);
    enriched = gluedAfter(text, from, at);
  }
  if (enriched > from) at = enriched;
  // `op=adding user id=500`, and what `ausearch -i` decodes: these values are words.
  if (key === "op" || key === "cmd" || key === "proctitle") at = endOfWords(text, at);
  let end = at;
  while (end > from && isTrailing(text.charCodeAt(end - 1))) end--;
  // `text='…msg='` closes in the last value of a record that is quoted and cut.
  if (text.charCodeAt(end - 1) === 0x27) end--;
  out.push({ key, value: text.slice(from, Math.max(from, end)), quoted: false });
  return at;
}

function blankAfter(text: string, from: number, end: number): number {
  let at = from;
  while (at < end && !isBlank(text.charCodeAt(at))) at++;
  return at;
}

/** Where the enriched pairs begin that are glued to a value; -1 when there are none. */
function gluedAfter(text: string, from: number, end: number): number {
  const value = text.slice(from, end);
  const found = value.includes("=") ? ENRICHED.exec(value) : null;
  return found === null ? -1 : from + found.index;
}

/** Where the words that follow a value end: before the next key. */
function endOfWords(text: string, from: number): number {
  let end = from;
  for (let at = from; text.charCodeAt(at) === 0x20; ) {
    let next = at + 1;
    while (next < text.length && !isBlank(text.charCodeAt(next)) && text.charCodeAt(next) !== 0x3d) next++;
    if (next === at + 1 || text.charCodeAt(next) === 0x3d || next - from > 256) return end;
    end = next;
    at = next;
  }
  return end;
}

const isBlank = (code: number) => code === 0x20 || code === 0x1d || code === 0x0a || code === 0x09;
const isGap = (code: number) => isBlank(code) || code === 0x2c || code === 0x28 || code === 0x29;
const isTrailing = (code: number) => code === 0x2c || code === 0x29;
