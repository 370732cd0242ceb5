import type { Decoded, DecodedRecord, ParseContext, Parsed, RecordList } from "../../contract.ts";
import { readBody } from "../../shared/bodies/read-body.ts";
import { newCommon, writeCommon, writeSyslogLevel } from "../../shared/common-names.ts";
import { type Draft, finish, newWideDraft } from "../../shared/draft.ts";
import { broken, isObject, type JsonObject, readOne, textOf } from "../../shared/json.ts";
import { listRecords } from "../../shared/list-records.ts";
import { readWholeDate } from "../../shared/read-date.ts";
import { eventIdOf } from "../../shared/windows/event-id.ts";
import { clothingOf, readEventJson } from "../../shared/windows/read-event-json.ts";
import { writeDetection } from "../../shared/write-detection.ts";
import { identityOf } from "./identity.ts";
import { isJournal, withText } from "./journal.ts";
import { newKnown, walkGeneric, writeKnown } from "./known-places.ts";
import { recordsIn, unwrap } from "./lists.ts";

/** Reads one JSON object. Errors: `empty`, `not_json`, `not_an_object`, `several_records`. */
export function parseGeneric(text: string, context: ParseContext): Parsed {
  const read = readOne(text);
  if (read.error !== undefined) return broken(text, "generic", read.error, context);
  const found = isObject(read.value) ? recordsIn(read.value) : undefined;
  const records = found?.outcome === "records" ? found.records : undefined;
  if (records !== undefined && records.length > 1) {
    const message = `the record holds ${records.length} records; one was expected`;
    return broken(text, "generic", { code: "several_records", message }, context);
  }
  return readDocument(records?.[0] ?? read.value, text, context, false);
}

/**
 * Decodes a body: an object, a list of objects, or an object that holds the list: `alerts`, `events`, `records`,
 * the hits of a search, or any one list of objects that stands alone.
 */
export function decodeGeneric(_headers: unknown, body: unknown, context: ParseContext): Decoded {
  const all = (list: unknown[]): Decoded => ({
    outcome: "decoded",
    records: list.map((document) => readDocument(document, textOf(document), context, true)),
  });
  if (Array.isArray(body)) return all(body);
  if (!isObject(body)) {
    const message = "the body is neither an object nor a list of objects";
    return { outcome: "refused", code: "bad_body", field: "(body)", message };
  }
  const found = recordsIn(body);
  if (found?.outcome === "refused") {
    const message = `${found.field} is not a list of objects`;
    return { outcome: "refused", code: "bad_field", field: found.field, message };
  }
  return all(found?.records ?? [body]);
}

/** Lists the records of an object that holds them; undefined when it is a record itself. */
export function listGeneric(headers: unknown, body: unknown, context: ParseContext): RecordList | undefined {
  const found = isObject(body) ? recordsIn(body) : undefined;
  if (found?.outcome !== "records") return undefined;
  return listRecords(found.records, (some) => decodeGeneric(headers, some, context));
}

/** Reads one value; its identity, which takes longer than the rest, only where it is asked for. */
function readDocument(
  value: unknown,
  original: string,
  context: ParseContext,
  identified: boolean,
): DecodedRecord {
  if (!isObject(value)) {
    const message = "the record is JSON but not an object";
    return broken(original, "generic", { code: "not_an_object", message }, context);
  }
  const { document: entry, id } = unwrap(value);
  const journal = isJournal(entry);
  const document = journal ? withText(entry, original) : entry;
  const draft = newWideDraft(original, "generic", journal ? "journald" : "generic");
  const clothing = clothingOf(document);
  if (clothing !== undefined) {
    const alert = finish(draft, readEventJson(draft, document, clothing, context), context);
    const eventId = identified ? (id ?? draft.event.id ?? eventIdOf(draft)) : undefined;
    return eventId === undefined ? { alert } : { alert, eventId };
  }
  const common = newCommon();
  const known = newKnown(common);
  walkGeneric(draft, document, context, known);
  context.trace?.({ by: "parser", name: "generic", rule: "ECS names" }, draft.alert);
  writeKnown(draft, known, context);
  writeDetection(draft, document, false, context);
  writeLevel(draft, document);
  writeCommon(draft, common);
  context.trace?.({ by: "parser", name: "generic", rule: "common names" }, draft.alert);
  readProgram(draft, context);
  const alert = finish(draft, common.instant ?? timeOf(document, context), context);
  const eventId = identified ? (id ?? identityOf(draft, document, original)) : undefined;
  return eventId === undefined ? { alert } : { alert, eventId };
}

/** Reads what a program says as it is read in syslog, unless the document itself tells what happened. */
function readProgram({ alert, event }: Draft, { trace }: ParseContext): void {
  const program = alert.process?.name;
  if (program === undefined || alert.message === undefined) return;
  if (event.action !== undefined || event.category !== undefined) return;
  readBody(alert, program, alert.message);
  trace?.({ by: "parser", name: "generic", rule: `program ${program}` }, alert);
}

/** GELF and the journal number their levels as syslog does; elsewhere a number's scale is not known. */
function writeLevel(draft: Draft, document: JsonObject): void {
  if (typeof document.short_message === "string") writeSyslogLevel(draft, document.level);
  else if (document.MESSAGE !== undefined || isJournal(document)) writeSyslogLevel(draft, document.PRIORITY);
}

/** A date and a time of day apart, also as Zabbix writes them: `2026.08.02`. */
function timeOf({ date, time, event_date, event_time, created_at }: JsonObject, context: ParseContext) {
  const day = date ?? event_date;
  const hour = time ?? event_time;
  if (typeof day !== "string" || typeof hour !== "string") {
    return typeof created_at === "string" ? readWholeDate(created_at, context) : undefined;
  }
  return readWholeDate(`${day.replaceAll(".", "-")} ${hour}`, context);
}
