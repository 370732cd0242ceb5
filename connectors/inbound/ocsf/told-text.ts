import { textValue } from "../../shared/json.ts";

/** What mappings from Windows and from cloud logs leave where the source had nothing to say. */
const NOTHING = new Set(["-", "NULL SID"]);

/** The text of a value that says something; undefined for any other. */
export function toldText(value: unknown): string | undefined {
  const text = textValue(value);
  return text === undefined || NOTHING.has(text) ? undefined : text;
}
