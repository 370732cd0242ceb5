import type { ParseContext, Parsed } from "../contract.ts";
import { clip, finish, newDraft } from "../shared/draft.ts";
import { readWholeDate } from "../shared/read-date.ts";

/** Reads one line of `DATE|HOST|MESSAGE`. Errors: `empty`, `not_template` (fewer than two bars; the alert has the text). */
export function parseTemplate(text: string, context: ParseContext): Parsed {
  if (text.trim() === "") return { error: { code: "empty", message: "the record is empty" } };
  const draft = newDraft(text, "template", "template");
  const { alert } = draft;
  const first = text.indexOf("|");
  const second = text.indexOf("|", first + 1);
  if (first < 0 || second < 0) {
    alert.message = clip(draft, text);
    const error = { code: "not_template", message: "the record has fewer than two bars" };
    return { alert: finish(draft, undefined, context), error };
  }
  const host = text.slice(first + 1, second);
  if (host !== "") alert.host = { name: clip(draft, host) };
  alert.message = clip(draft, text.slice(second + 1));
  return { alert: finish(draft, readWholeDate(text.slice(0, first), context), context) };
}
