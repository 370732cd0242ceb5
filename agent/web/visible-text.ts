// Controls but tab and line feed, format characters (bidi, zero width, tags), line separators, lone surrogates.
const UNSEEN = /[^\P{Cc}\t\n]|\p{Cf}|\p{Cs}|\p{Zl}|\p{Zp}|\p{Default_Ignorable_Code_Point}/gu;

/** More marks on one letter than any script has: they rise over the lines around. */
const TOWER = /(\p{M}{4})(\p{M}+)/gu;

const PLAIN = /^[\t\n\x20-\x7e\xa0-\xac\xae-\xff\u2013\u2014\u2019\u202f]*$/;

/** Shows characters that hide or reorder text as marks (`␛`, `[U+202E]`), so that an alert cannot disguise itself. */
export function visibleText(text: string): string {
  // Nearly all text is plain, and the wide classes below are slow on long lines.
  if (PLAIN.test(text)) return text;
  return text
    .replace(/\r\n/g, "\n")
    .replace(UNSEEN, mark)
    .replace(TOWER, (_, kept: string, more: string) => `${kept}[+${[...more].length} signes combinants]`);
}

/** Cuts a text to a number of characters and says how long it was. */
export function boundedText(text: string, limit: number): { text: string; cut: number | null } {
  if (text.length <= limit) return { text, cut: null };
  return { text: text.slice(0, limit), cut: text.length };
}

function mark(character: string): string {
  const code = character.codePointAt(0) ?? 0;
  // Unicode has pictures for the ASCII controls; the rest is named by its number.
  if (code < 0x20) return String.fromCodePoint(0x2400 + code);
  if (code === 0x7f) return "␡";
  return `[U+${code.toString(16).toUpperCase().padStart(4, "0")}]`;
}
