import { clip, type Draft } from "../../shared/draft.ts";
import { textValue } from "../../shared/json.ts";

/** The text of a value that says something; undefined for any other. */
export function toldText(value: unknown): string | undefined {
  const text = textValue(value);
  // What mappings from Windows and from cloud logs leave where the source had nothing to say.
  return text === "-" || text === "NULL SID" ? undefined : text;
}

/** Writes the text of a value into a group; false when it says nothing. */
export function putText<K extends string>(
  draft: Draft,
  group: { [key in K]?: string | undefined },
  key: K,
  value: unknown,
): boolean {
  const text = toldText(value);
  if (text === undefined) return false;
  group[key] = clip(draft, text);
  return true;
}
