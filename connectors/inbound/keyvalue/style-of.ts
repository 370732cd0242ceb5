import { closingQuote } from "./quotes.ts";

/** How a text writes its pairs. */
export interface PairStyle {
  /** Between key and value. */
  mark: "=" | ":";
  /** Code of the character between pairs; a blank stands for any blank. */
  delimiter: number;
  /** Keys may be of several words: something other than a blank parts the pairs. */
  words: boolean;
  /** A word alone is a key that is true (logfmt). */
  flags: boolean;
  /** Pairs read so far: the first may stand after a text. */
  read: number;
  /** Code of the bracket that closes what was opened before the first key; 0 when none was. */
  closing: number;
}

/** Characters and pairs that are looked at. */
const SAMPLE = 1024;
const MOST_MARKS = 16;
const DELIMITERS = [0x2c, 0x3b, 0x7c, 0x3a];

/** Tells how a text writes its pairs, from its beginning. */
export function styleOf(text: string, from: number, to: number): PairStyle {
  const head = text.slice(from, Math.min(to, from + 256));
  if (/^[\s[{(]*[A-Za-z_][\w.-]{0,63}: ?"/.test(head)) {
    const delimiter = /" ?; ?[A-Za-z_]/.test(head) ? 0x3b : /" ?, ?[A-Za-z_]/.test(head) ? 0x2c : 0x20;
    return { mark: ":", delimiter, words: false, flags: false, read: 0, closing: 0 };
  }
  if (/^[A-Z][A-Za-z0-9_ ]{0,48}: [^,=]{0,128}, [A-Z][A-Za-z0-9_ ]{0,48}: /.test(head))
    return { mark: ":", delimiter: 0x2c, words: true, flags: false, read: 0, closing: 0 };
  const delimiter = delimiterIn(text, from, Math.min(to, from + SAMPLE));
  return {
    mark: "=",
    delimiter,
    words: delimiter !== 0x20,
    flags: delimiter === 0x20 && hasFlags(head),
    read: 0,
    closing: 0,
  };
}

/** Go's logfmt has a level and a message after a time or one of them; netfilter's `DF` and `SYN` are words alone. */
function hasFlags(head: string): boolean {
  if (/(?:^|[\s\]:])IN=\S{0,32} OUT=/.test(head)) return true;
  return (
    /^(?:time|ts|t|timestamp|level|lvl|msg|at|caller|logger)=/.test(head) &&
    /(?:^|\s)(?:level|lvl)=/.test(head) &&
    /(?:^|\s)msg=/.test(head)
  );
}

/** The mark that most often stands before a key; a blank when none does. */
function delimiterIn(text: string, from: number, to: number): number {
  const counts = [0, 0, 0, 0];
  let blanks = 0;
  let floor = from;
  let equals = text.indexOf("=", from);
  for (let marks = 0; equals >= 0 && equals < to && marks < MOST_MARKS; marks++) {
    let end = equals;
    while (end > floor && text.charCodeAt(end - 1) === 0x20) end--;
    let start = end;
    while (start > floor && isWord(text.charCodeAt(start - 1))) start--;
    if (start < end && start > from) {
      let before = start;
      while (before > floor && text.charCodeAt(before - 1) <= 0x20) before--;
      const place = before === from ? -1 : DELIMITERS.indexOf(text.charCodeAt(before - 1));
      // A colon parts pairs only with blanks around it: `reason = x : server = y`.
      if (place === 3 && (before === start || text.charCodeAt(before - 2) !== 0x20)) blanks++;
      // At a tie `, ` parts pairs, and a comma without blank is within a value.
      else if (place >= 0) counts[place] = (counts[place] ?? 0) + (before < start ? 1.001 : 1);
      else if (before < start) blanks++;
      // No other mark can be more frequent any more.
      if (blanks > MOST_MARKS / 2) return 0x20;
    }
    floor = equals + 1;
    if (text.charCodeAt(floor) === 0x22) {
      const close = closingQuote(text, floor, to);
      if (close > 0) floor = close + 1;
    }
    equals = text.indexOf("=", floor);
  }
  let best = 0x20;
  let most = blanks;
  for (let place = 0; place < counts.length; place++) {
    const count = counts[place] ?? 0;
    if (count <= most) continue;
    best = DELIMITERS[place] ?? 0x20;
    most = count;
  }
  return best;
}

function isWord(code: number): boolean {
  const lower = code | 0x20;
  return (lower >= 0x61 && lower <= 0x7a) || (code >= 0x2d && code <= 0x39) || code === 0x5f;
}
