/** A stretch of a folded text that identifies somebody. */
export interface Span {
  from: number;
  /** The place after its last character. */
  to: number;
  /** What it is, as its mark says: `NIR`, `nom`, a name of the configuration. */
  kind: string;
  /** The same for every spelling of the same identity. */
  value: string;
}

const WORD = /[0-9A-Za-z\u00c0-\u024f]/;
/** Letters and digits looked at on each side. */
const REACH = 64;

export function isWord(character: string | undefined): boolean {
  if (character === undefined) return false;
  const code = character.charCodeAt(0);
  // Nearly all characters are ASCII, and all of them come by here.
  if (code < 0x80) return (code >= 0x30 && code <= 0x39) || ((code | 0x20) >= 0x61 && (code | 0x20) <= 0x7a);
  return WORD.test(character);
}

/**
 * True when the number between two places stands by itself: not within a longer number, a decimal fraction, a
 * hexadecimal word such as a hash. A word of other letters may be glued to it (`NIR185…`).
 */
export function standsApart(text: string, from: number, to: number): boolean {
  if (isDigit(text[from - 1]) || isDigit(text[to])) return false;
  if (text[from - 1] === "." && isDigit(text[from - 2])) return false;
  if (text[to] === "." && isDigit(text[to + 1])) return false;
  if (!isWord(text[from - 1]) && !isWord(text[to])) return true;
  let [left, right] = [from, to];
  while (left > from - REACH && isWord(text[left - 1])) left -= 1;
  while (right < to + REACH && isWord(text[right])) right += 1;
  const around = text.slice(left, from) + text.slice(to, right);
  return /[^0-9A-Fa-f]/.test(around) && !/^0x$/i.test(around);
}

function isDigit(character: string | undefined): boolean {
  return character !== undefined && character >= "0" && character <= "9";
}
