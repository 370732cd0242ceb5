import { AlertTag } from "../../../agent/core/alert.ts";
import type { Decoded, ParseContext, Parsed, RecordList } from "../../contract.ts";
import { addTag, clip, type Draft, finish, newWideDraft } from "../../shared/draft.ts";
import { broken, isObject, type JsonObject, readOne, textOf } from "../../shared/json.ts";
import { listRecords } from "../../shared/list-records.ts";
import { eventIdOf } from "../../shared/windows/event-id.ts";
import { isBareText, readBareText } from "../../shared/windows/read-bare-text.ts";
import { clothingOf, readEventJson } from "../../shared/windows/read-event-json.ts";
import { readEventTime, readEventXml } from "../../shared/windows/read-event-xml.ts";
import { readSnare, snareAt } from "../../shared/windows/read-snare.ts";
import { writeWindows } from "../../shared/windows/write-windows.ts";

/**
 * Reads one Windows event: XML, JSON in any clothing, or Snare's cells. Errors: `empty`, `not_windows`, `not_json`,
 * `not_an_object`, `several_records`, and those of the XML.
 */
export function parseWindows(text: string, context: ParseContext): Parsed {
  const begin = beginOf(text);
  const first = text.charCodeAt(begin);
  if (first === 0x3c) return parseXml(text, begin, context);
  if (first === 0x7b || first === 0x5b) {
    const read = readOne(text);
    if (read.error !== undefined) return broken(text, "windows", read.error, context);
    return readDocument(read.value, text, context).parsed;
  }
  const snare = snareAt(text);
  if (snare < 0 && isBareText(begin === 0 ? text : text.slice(begin, begin + 1024))) {
    const draft = newWideDraft(text, "windows", "windows");
    const instant = readBareText(draft, begin === 0 ? text : text.slice(begin), context);
    context.trace?.({ by: "parser", name: "windows", rule: "text" }, draft.alert);
    return { alert: finish(draft, instant, context) };
  }
  if (snare < 0) {
    const error = { code: "not_windows", message: "the record is neither XML, JSON nor Snare's" };
    return broken(
      text,
      "windows",
      text.trim() === "" ? { code: "empty", message: "the record is empty" } : error,
      context,
    );
  }
  const draft = newWideDraft(text, "windows", "windows");
  const instant = readSnare(draft, text, snare, context);
  return { alert: finish(draft, instant, context) };
}

/** Decodes an HTTP body: one event, or a list of them. */
export function decodeWindows(_headers: unknown, body: unknown, context: ParseContext): Decoded {
  if (!Array.isArray(body) && !isObject(body)) {
    const message = "the body is neither an event nor a list of events";
    return { outcome: "refused", code: "bad_body", field: "(body)", message };
  }
  const list = Array.isArray(body) ? body : (listIn(body) ?? [body]);
  return {
    outcome: "decoded",
    records: list.map((document) => {
      const { parsed, draft } = readDocument(document, textOf(document), context);
      const eventId = draft === undefined ? undefined : eventIdOf(draft);
      return eventId === undefined ? parsed : { ...parsed, eventId };
    }),
  };
}

/** Lists the events that a body holds; undefined when it is one itself. */
export function listWindows(headers: unknown, body: unknown, context: ParseContext): RecordList | undefined {
  const events = isObject(body) ? listIn(body) : undefined;
  return events && listRecords(events, (some) => decodeWindows(headers, some, context));
}

function listIn(body: JsonObject): unknown[] | undefined {
  for (const name of ["Events", "events", "value", "records"]) {
    const list = body[name];
    if (Array.isArray(list) && clothingOf(body) === undefined) return list;
  }
  return undefined;
}

function parseXml(text: string, begin: number, context: ParseContext): Parsed {
  const draft = newWideDraft(text, "windows", "windows");
  const error = readEventXml(draft, begin === 0 ? text : text.slice(begin));
  context.trace?.({ by: "parser", name: "windows", rule: "XML" }, draft.alert);
  writeWindows(draft);
  context.trace?.({ by: "parser", name: "windows", rule: "ECS" }, draft.alert);
  if (error?.code === "not_an_event") draft.alert.message = clip(draft, text);
  const alert = finish(draft, readEventTime(draft, context), context);
  if (error?.code === "not_an_event") addTag(alert, AlertTag.unrecognised);
  return error === undefined ? { alert } : { alert, error };
}

/** Reads one value; with the draft, where it was an event, for who needs its identity. */
function readDocument(
  document: unknown,
  original: string,
  context: ParseContext,
): { parsed: Parsed; draft?: Draft } {
  if (typeof document === "string" && document.trimStart().startsWith("<"))
    return { parsed: parseWindows(document, context) };
  if (!isObject(document)) {
    const message = "the record is JSON but not an object";
    return { parsed: broken(original, "windows", { code: "not_an_object", message }, context) };
  }
  const clothing = clothingOf(document);
  if (clothing === undefined) {
    const message =
      "the record is JSON but no Windows event: it has neither System nor EventID with its source";
    return { parsed: broken(original, "windows", { code: "not_windows", message }, context) };
  }
  const draft = newWideDraft(original, "windows", "windows");
  const alert = finish(draft, readEventJson(draft, document, clothing, context), context);
  return { parsed: { alert }, draft };
}

function beginOf(text: string): number {
  let at = 0;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code !== 0xfeff && code !== 0x20 && (code < 0x09 || code > 0x0d)) break;
  }
  return at;
}
