// Controls but tab and line feed, format characters (bidi, zero width, tags), line separators, lone surrogates.
const UNSEEN = /[^\P{Cc}\t\n]|\p{Cf}|\p{Cs}|\p{Zl}|\p{Zp}|\p{Default_Ignorable_Code_Point}/gu;

/** Shows characters that hide or reorder text as marks (`␛`, `[U+202E]`), so that an alert cannot disguise itself. */
export function visibleText(text: string): string {
  return text.replace(/\r\n/g, "\n").replace(UNSEEN, mark);
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
