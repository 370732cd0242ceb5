import { createHash } from "node:crypto";
import type { Decoded, DecodedRecord, ParseContext, Parsed } from "../../contract.ts";
import { type Draft, finish, newDraft } from "../../shared/draft.ts";
import { broken, flatten, isObject, type JsonObject, readOne, textOf, textValue } from "../../shared/json.ts";
import { isEcsGroup, putEcs } from "../../shared/put-ecs.ts";
import { writeWindows } from "../../shared/write-windows.ts";
import { readTime, writeCommonNames } from "./common-names.ts";
import { isWindows, isWindowsDocument, writeWindowsDocument } from "./windows-document.ts";

/** Where bodies put their list of events. */
const LISTS = ["alerts", "events", "Records"] as const;

/** Characters of an event's identity. */
const LONGEST_ID = 512;

/** Reads one JSON object. Errors: `empty`, `not_json`, `not_an_object`, `several_records`. */
export function parseGeneric(text: string, context: ParseContext): Parsed {
  const read = readOne(text);
  if (read.error !== undefined) return broken(text, "generic", read.error, context);
  const { eventId: _, ...parsed } = readDocument(read.value, text, context);
  return parsed;
}

/** Decodes a body: an object, a list of objects, or an object that holds the list as `alerts`, `events` or `Records`. */
export function decodeGeneric(_headers: unknown, body: unknown, context: ParseContext): Decoded {
  if (!Array.isArray(body) && !isObject(body)) {
    const message = "the body is neither an object nor a list of objects";
    return { outcome: "refused", code: "bad_body", field: "(body)", message };
  }
  const records = (list: unknown[]): Decoded => ({
    outcome: "decoded",
    records: list.map((document) => readDocument(document, textOf(document), context)),
  });
  if (Array.isArray(body)) return records(body);
  for (const name of LISTS) {
    const list = body[name];
    if (Array.isArray(list) && list.every(isObject)) return records(list);
    if (list !== undefined && Object.keys(body).length === 1) {
      const message = `${name} is not a list of objects`;
      return { outcome: "refused", code: "bad_field", field: name, message };
    }
  }
  return records([body]);
}

function readDocument(document: unknown, original: string, context: ParseContext): DecodedRecord {
  if (!isObject(document)) {
    const message = "the record is JSON but not an object";
    return broken(original, "generic", { code: "not_an_object", message }, context);
  }
  const draft = newDraft(original, "generic", "generic");
  const time = readTime(document, context);
  if (isWindowsDocument(document)) writeWindowsDocument(draft, document);
  else for (const key in document) write(draft, key, document[key], context, 1);
  if (isWindows(draft)) writeWindows(draft);
  writeCommonNames(draft, document);
  const alert = finish(draft, time, context);
  const eventId = identityOf(draft, document);
  return eventId === undefined ? { alert } : { alert, eventId };
}

/** Writes one member: an ECS name into its group when the value fits, anything else into `fields`. */
function write(draft: Draft, name: string, value: unknown, context: ParseContext, depth: number): void {
  if (isObject(value) && isEcsGroup(name)) {
    for (const key in value) {
      if (draft.room <= 0) {
        draft.cut = true;
        return;
      }
      write(draft, `${name}.${key}`, value[key], context, depth + 1);
    }
    return;
  }
  if (name === "@timestamp") return;
  if (value !== null && value !== undefined && putEcs(draft, name, value, context)) return;
  flatten(draft, name, value, depth);
}

/**
 * What tells this event from all others of the sender: `event.id` or `uuid`. Tools put a rule's or a host's id in a
 * bare `id`, so that only a record that repeats it with the same content is the same event.
 */
function identityOf(draft: Draft, document: JsonObject): string | undefined {
  for (const id of [draft.event.id, document.uuid]) {
    if (typeof id === "string" && id !== "") return id.slice(0, LONGEST_ID);
  }
  const id = textValue(document.id);
  if (id === undefined) return undefined;
  const content = canonicalText(document);
  if (content === undefined) return undefined;
  const digest = createHash("sha256").update(content).digest("hex").slice(0, 16);
  return `${id.slice(0, LONGEST_ID - 17)}:${digest}`;
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
