/** What our font has and nobody takes for something else: Latin letters, figures, and the signs of French texts. */
const PRINTED = /[\n\x20-\x7e\xa0-\xac\xae-\xff\p{Script=Latin}‑–—‘’‚“”„†‡•…‰‹›€™←↑→↓−≈≠≤≥☐☑✓✗]/u;
const PLAIN = /^[\n\x20-\x7e\xa0-\xac\xae-\xff–—’“”…œŒ€]*$/;
/** Latin letters that no name has: those of phonetics and numerals that look like others, and what the font lacks. */
const RARE =
  /[\u{17f}\u{1c0}-\u{1c3}\u{250}-\u{36f}\u{1d00}-\u{1dbf}\u{1efa}-\u{1eff}\u{2160}-\u{2188}\u{2c60}-\u{2c7f}\u{a720}-\u{ab6f}\u{fb00}-\u{fb06}\u{ff00}-\u{ffef}\u{10780}-\u{107bf}\u{1df00}-\u{1dfff}]/u;
const ALIKE: Readonly<Record<string, string>> = {
  "\u202f": "\u00a0",
  "\u2009": " ",
  "\u2010": "-",
  "\t": "    ",
};

/**
 * A text in the characters that the paper has: the others are written by their number, `[U+4E2D]`, and counted. Letters of
 * other scripts too, since some look like ours, and what has no glyph.
 */
export function printableText(text: string): { text: string; replaced: number } {
  const whole = text.replaceAll("\r\n", "\n").normalize("NFC");
  if (PLAIN.test(whole)) return { text: whole, replaced: 0 };
  let replaced = 0;
  const out: string[] = [];
  for (const character of whole) {
    if (PRINTED.test(character) && !RARE.test(character)) out.push(character);
    else if (ALIKE[character] !== undefined) out.push(ALIKE[character]);
    else {
      replaced += 1;
      const code = character.codePointAt(0) ?? 0;
      out.push(`[U+${code.toString(16).toUpperCase().padStart(4, "0")}]`);
    }
  }
  return { text: out.join(""), replaced };
}

/** The same on one line. */
export function printableLine(text: string): string {
  return printableText(text.replace(/\s+/g, " ")).text;
}
