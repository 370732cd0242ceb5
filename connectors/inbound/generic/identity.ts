import { sha256Hex } from "../../../agent/core/sha256.ts";
import { boundedId } from "../../shared/bounded-id.ts";
import type { Draft } from "../../shared/draft.ts";
import { isObject, type JsonObject, textValue } from "../../shared/json.ts";

/** Characters of the longest record whose members are put in order. */
const LONGEST_ORDERED = 64 * 1024;

/**
 * What tells this event from all others of the sender: `event.id` or `uuid`. Tools put a rule's or a host's id in a
 * bare `id`, so that only a record that repeats it with the same content is the same event.
 */
export function identityOf(draft: Draft, document: JsonObject, original: string): string | undefined {
  for (const id of [draft.event.id, document.uuid]) {
    if (typeof id === "string" && id !== "") return boundedId(id);
  }
  const id = textValue(document.id);
  if (id === undefined) return undefined;
  // Ordering takes several times what all the reading does: of the longest, only the same text is the same event.
  const content = original.length > LONGEST_ORDERED ? original : canonicalText(document);
  if (content === undefined) return undefined;
  const digest = sha256Hex(content).slice(0, 16);
  return boundedId(`${id}:${digest}`);
}

/** The document with its members in order of name, so that their order makes no difference; undefined when too deep. */
function canonicalText(document: JsonObject): string | undefined {
  try {
    return JSON.stringify(document, (_, value: unknown) =>
      isObject(value)
        ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)))
        : value,
    );
  } catch {
    return undefined;
  }
}
