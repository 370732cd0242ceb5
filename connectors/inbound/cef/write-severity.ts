import { type Draft, putField } from "../../shared/draft.ts";
import { riskOfWord } from "../../shared/severity.ts";

/** CEF's words for its 0 to 10, as the number that begins their range. */
const WORDS = new Map([
  ["unknown", 0],
  ["low", 0],
  ["medium", 4],
  ["high", 7],
  ["very-high", 9],
]);

/** Says whether a text is a severity as CEF has it or products write it: a number of 0 to 10, or a word. */
export function isSeverity(text: string): boolean {
  return (
    numberOf(text) !== undefined ||
    WORDS.has(text.toLowerCase()) ||
    riskOfWord(text.toLowerCase()) !== undefined
  );
}

/** Writes a CEF severity: a number of 0 to 10, or a word. */
export function writeSeverity(draft: Draft, text: string): void {
  if (text === "") return;
  putField(draft, "severity", text);
  const number = numberOf(text);
  if (number !== undefined) {
    draft.event.severity = number;
    draft.event.risk_score_norm = Math.round(number * 10);
    return;
  }
  const word = text.toLowerCase();
  const severity = WORDS.get(word);
  if (severity !== undefined) draft.event.severity = severity;
  const risk = riskOfWord(word);
  if (risk !== undefined) draft.event.risk_score_norm = risk;
}

function numberOf(text: string): number | undefined {
  const first = text.charCodeAt(0) - 0x30;
  if (first < 0 || first > 9) return undefined;
  if (text.length === 1) return first;
  const number = /^\d{1,2}(?:\.\d{1,3})?$/.test(text) ? Number(text) : undefined;
  return number !== undefined && number <= 10 ? number : undefined;
}
