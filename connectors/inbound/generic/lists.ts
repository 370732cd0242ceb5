import { boundedId } from "../../shared/bounded-id.ts";
import { isObject, type JsonObject } from "../../shared/json.ts";

/** Where bodies put their list of events; a body with one of the first three alone must hold a list there. */
const STRICT = ["alerts", "events", "Records"] as const;
const LISTS = [
  ...STRICT,
  "records",
  "hits",
  "value",
  "values",
  "logs",
  "items",
  "data",
  "results",
  "entries",
  "messages",
  "findings",
  "detections",
  "incidents",
  "notifications",
  "problems",
  "rows",
];
/** The records of a body that is an envelope; undefined when it is a record itself. */
export function recordsIn(
  body: JsonObject,
): { outcome: "records"; records: unknown[] } | { outcome: "refused"; field: string } | undefined {
  const { hits, alerts, events, Records } = body;
  if (isObject(hits) && Array.isArray(hits.hits)) return { outcome: "records", records: hits.hits };
  // An activity of Google's Reports API, told with its events, is one record.
  if (isObject(body.id) && isObject(body.actor)) return undefined;
  // An incident that is told with its alerts is one record.
  const itself = body.id !== undefined && body.severity !== undefined;
  if (!itself && (alerts !== undefined || events !== undefined || Records !== undefined)) {
    for (const field of STRICT) {
      const list = body[field];
      if (list === undefined) continue;
      if (Array.isArray(list) && list.every(isObject)) return { outcome: "records", records: list };
      if (Object.keys(body).length === 1) return { outcome: "refused", field };
    }
  }
  if (isEvent(body) || !holdsList(body)) return undefined;
  for (const name of LISTS) {
    const list = body[name];
    if (isList(list)) return { outcome: "records", records: list };
  }
  const names = Object.keys(body);
  const only = names.length === 1 ? body[names[0] as string] : undefined;
  return isList(only) ? { outcome: "records", records: only } : undefined;
}

/** Says whether a body has what an event itself has: then it is no envelope. */
function isEvent(body: JsonObject): boolean {
  return (
    body.message !== undefined ||
    body.msg !== undefined ||
    body["@timestamp"] !== undefined ||
    body.timestamp !== undefined ||
    body.time !== undefined ||
    body.log !== undefined ||
    body.short_message !== undefined ||
    body.severity !== undefined ||
    body.host !== undefined ||
    body.title !== undefined ||
    body.name !== undefined
  );
}

function holdsList(body: JsonObject): boolean {
  for (const name in body) if (Array.isArray(body[name])) return true;
  return false;
}

function isList(list: unknown): list is JsonObject[] {
  return Array.isArray(list) && list.length > 0 && list.every(isObject);
}

/** The event within what an index or a webhook puts around it, with the identity that it gives there. */
export function unwrap(value: JsonObject): { document: JsonObject; id: string | undefined } {
  const { _source, _id, _index, result, event } = value;
  // A hit of Elasticsearch or OpenSearch.
  if (isObject(_source)) {
    const { _source: __, sort: ___, _score: ____, _version: _____, ...envelope } = value;
    return {
      document: { ...envelope, ..._source },
      // A document's id is its own within its index only.
      id:
        typeof _id === "string" && _id !== ""
          ? boundedId(typeof _index === "string" ? `${_index}/${_id}` : _id)
          : undefined,
    };
  }
  // Splunk: an alert's webhook, and its event collector.
  if (isObject(result) && typeof value.search_name === "string") {
    const { result: _, ...around } = value;
    return { document: { ...around, ...result }, id: undefined };
  }
  if (value.sourcetype !== undefined && event !== undefined) {
    const { event: _, ...around } = value;
    const document = isObject(event) ? { ...around, ...event } : { ...around, message: event };
    return { document, id: undefined };
  }
  return { document: withoutTag(value) ?? value, id: undefined };
}

/**
 * Zeek's log within the name of its stream, as its writer to Kafka tags it: `{"dns":{"ts":…,"uid":…}}`. The name is
 * then where Zeek itself writes it.
 *
 * https://github.com/SeisoLLC/zeek-kafka#tag_json, read 2026-11-24.
 */
function withoutTag(value: JsonObject): JsonObject | undefined {
  let only: string | undefined;
  for (const name in value) {
    if (only !== undefined) return undefined;
    only = name;
  }
  const log = only === undefined ? undefined : value[only];
  if (!isObject(log) || log.ts === undefined) return undefined;
  return log.uid === undefined && log["id.orig_h"] === undefined ? undefined : { _path: only, ...log };
}
