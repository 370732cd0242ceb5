/** The index of the quote that closes the one at `open`: neither escaped nor doubled, and before no word; -1 if none. */
export function closingQuote(text: string, open: number, to: number): number {
  const quote = text.charCodeAt(open);
  for (let at = open + 1; at < to; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x5c) {
      // The backslash of a Windows folder, `"C:\Temp\"`, escapes nothing at the very end or before another pair.
      if (at + 2 >= to || (text.charCodeAt(at + 1) === quote && isPairAt(text, at + 2))) continue;
      at++;
    } else if (code === quote) {
      const next = text.charCodeAt(at + 1);
      if (at + 1 >= to || isEnd(next)) return at;
      // An apostrophe within a value; a doubled quote stands for one.
      if (next === quote && quote === 0x22) {
        if (at === open + 1 && (at + 2 >= to || isEnd(text.charCodeAt(at + 2)))) return at;
        at++;
      }
    }
  }
  return -1;
}

/** The text between quotes: escaped and doubled quotes are one, doubled backslashes too where the text doubles all. */
export function unquoted(text: string, from: number, to: number): string {
  let value = text.slice(from, to);
  if (value.includes('""')) value = value.replaceAll('""', '"');
  if (!value.includes("\\")) return value;
  return /(?:^|[^\\])(?:\\\\)*\\[^\\"'/]/.test(value)
    ? value.replace(/\\(["'])/g, "$1")
    : value.replace(/\\(["'\\/])/g, "$1");
}

const PAIR = /[ \t,;]{1,3}[A-Za-z_][\w.-]{0,63}="/y;

function isPairAt(text: string, at: number): boolean {
  PAIR.lastIndex = at;
  return PAIR.test(text);
}

/** What may follow a value: a blank, or a mark between pairs. */
function isEnd(code: number): boolean {
  return (
    code === 0x20 ||
    (code >= 0x09 && code <= 0x0d) ||
    code === 0x2c ||
    code === 0x3b ||
    code === 0x7c ||
    code === 0x5d ||
    code === 0x29 ||
    code === 0x7d ||
    code === 0
  );
}
