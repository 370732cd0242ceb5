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
/** What a body that is an event itself has; with one of these it is no envelope. */
const OWN = [
  "message",
  "msg",
  "@timestamp",
  "timestamp",
  "time",
  "log",
  "short_message",
  "severity",
  "host",
  "title",
  "name",
];

/** The records of a body that is an envelope; undefined when it is a record itself. */
export function recordsIn(
  body: JsonObject,
): { outcome: "records"; records: unknown[] } | { outcome: "refused"; field: string } | undefined {
  const hits = isObject(body.hits) ? body.hits.hits : undefined;
  if (Array.isArray(hits)) return { outcome: "records", records: hits };
  for (const name of STRICT) {
    const list = body[name];
    if (list === undefined) continue;
    if (Array.isArray(list) && list.every(isObject)) return { outcome: "records", records: list };
    if (Object.keys(body).length === 1) return { outcome: "refused", field: name };
  }
  if (OWN.some((name) => body[name] !== undefined)) return undefined;
  for (const name of LISTS) {
    const list = body[name];
    if (isList(list)) return { outcome: "records", records: list };
  }
  const names = Object.keys(body);
  const only = names.length === 1 ? body[names[0] as string] : undefined;
  return isList(only) ? { outcome: "records", records: only } : undefined;
}

function isList(list: unknown): list is JsonObject[] {
  return Array.isArray(list) && list.length > 0 && list.every(isObject);
}

/** The event within what an index or a webhook puts around it, with the identity that it gives there. */
export function unwrap(value: JsonObject): { document: JsonObject; id: string | undefined } {
  const { _source, _id, result, event } = value;
  // A hit of Elasticsearch or OpenSearch.
  if (isObject(_source)) {
    const { _source: __, sort: ___, _score: ____, _version: _____, ...envelope } = value;
    return {
      document: { ...envelope, ..._source },
      id: typeof _id === "string" && _id !== "" ? _id.slice(0, 512) : undefined,
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
  return { document: value, id: undefined };
}
