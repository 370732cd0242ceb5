/** What products write for a value that they do not have. */
const NONE = new Set(["-", "--", "NA", "N/A", "n/a", "(null)", "null", "None", "none"]);

/** Says whether a text stands for a value that its sender did not have. */
export function isNoValue(text: string): boolean {
  return text.length <= 6 && NONE.has(text);
}
