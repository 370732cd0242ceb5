import type { Decoded, DecodedRecord, ParseContext, Parsed, RecordList } from "../../contract.ts";
import { boundedId } from "../../shared/bounded-id.ts";
import { clip, type Draft, finish, newWideDraft } from "../../shared/draft.ts";
import { at, broken, isEmpty, isObject, type JsonObject, readOne, textOf } from "../../shared/json.ts";
import { listRecords } from "../../shared/list-records.ts";
import { riskOfWord } from "../../shared/severity.ts";
import { walkJson } from "../../shared/walk-json.ts";
import { activityOf, meaningOf } from "./classes.ts";
import { instantFrom, timeOf } from "./time-of.ts";
import { putText, toldText } from "./told-text.ts";
import { unflatten } from "./unflatten.ts";
import { writeFinding } from "./write-finding.ts";
import { writeHost } from "./write-host.ts";
import { writeNetwork } from "./write-network.ts";
import { writeObjects } from "./write-objects.ts";

/** Reads one OCSF event. Errors: `empty`, `not_json`, `not_ocsf`, `several_records`. */
export function parseOcsf(text: string, context: ParseContext): Parsed {
  const read = readOne(text);
  if (read.error !== undefined) return broken(text, "ocsf", read.error, context);
  const { alert, error } = readEvent(read.value, text, context);
  return error === undefined ? { alert: alert as NonNullable<typeof alert> } : { alert, error };
}

/** Decodes an HTTP body: one event, a list of them, or an object whose one list they are. */
export function decodeOcsf(_headers: unknown, body: unknown, context: ParseContext): Decoded {
  if (!Array.isArray(body) && !isObject(body)) {
    const message = "the body is neither an event nor a list";
    return { outcome: "refused", code: "bad_body", field: "(body)", message };
  }
  const list = Array.isArray(body) ? body : (listIn(body) ?? [body]);
  return { outcome: "decoded", records: list.map((event) => readEvent(event, textOf(event), context)) };
}

/** Lists the events that are the one member of an object; undefined when the body is one itself. */
export function listOcsf(headers: unknown, body: unknown, context: ParseContext): RecordList | undefined {
  const events = isObject(body) ? listIn(body) : undefined;
  return events && listRecords(events, (some) => decodeOcsf(headers, some, context));
}

function listIn(body: JsonObject): unknown[] | undefined {
  const names = body.class_uid === undefined ? Object.keys(body) : [];
  const only = names.length === 1 ? body[names[0] as string] : undefined;
  return Array.isArray(only) ? only : undefined;
}

/** Every scalar under OCSF's own dotted name. */
const walk = walkJson<never, undefined>({ ecs: false, roleOf: () => undefined, found: () => false });

/** Places on the common scale of severity_id 0 to 6; 0 and 99 tell none. */
const RISKS: readonly (number | undefined)[] = [undefined, 10, 20, 50, 75, 80, 90];

function readEvent(value: unknown, original: string, context: ParseContext): DecodedRecord {
  if (!isObject(value) || (typeof value.class_uid !== "number" && typeof value.type_uid !== "number")) {
    const message = "the record is not of OCSF: it has neither class_uid nor type_uid";
    return broken(original, "ocsf", { code: "not_ocsf", message }, context);
  }
  // type_uid is the class with the activity as its last two digits.
  const nested = unflatten(value);
  const document =
    typeof value.class_uid === "number"
      ? nested
      : {
          ...nested,
          class_uid: Math.floor(Number(value.type_uid) / 100),
          activity_id: Number(value.type_uid) % 100,
        };
  const draft = newWideDraft(original, "ocsf", "ocsf");
  const { alert } = draft;
  walk(draft, value, context, undefined);
  context.trace?.({ by: "parser", name: "ocsf", rule: "fields" }, alert);
  writeEvent(draft, document, context);
  context.trace?.({ by: "parser", name: "ocsf", rule: "class" }, alert);
  // A finding tells what it saw as evidence; what it says itself stands.
  const evidence =
    Array.isArray(document.evidences) && isObject(document.evidences[0]) ? document.evidences[0] : undefined;
  const whole = evidence === undefined ? document : { ...evidence, ...document };
  writeFinding(draft, document, context);
  context.trace?.({ by: "parser", name: "ocsf", rule: "finding" }, alert);
  writeHost(draft, whole);
  context.trace?.({ by: "parser", name: "ocsf", rule: "device, actor" }, alert);
  writeObjects(draft, whole, context);
  context.trace?.({ by: "parser", name: "ocsf", rule: "process, file" }, alert);
  writeNetwork(draft, whole, context);
  context.trace?.({ by: "parser", name: "ocsf", rule: "endpoints" }, alert);
  finish(draft, instantOf(document, context), context);
  const uid = toldText(at(document, "metadata", "uid"));
  if (uid !== undefined) return { alert, eventId: boundedId(uid) };
  // A finding keeps its identity through its updates: each is another event.
  const finding = alert.event?.id;
  return finding === undefined
    ? { alert }
    : { alert, eventId: boundedId(`${finding}/${String(document.activity_id)}/${alert["@timestamp"]}`) };
}

/** Categories of classes: identity and access, application. */
const OF_CALLS = new Set([3, 6]);

function writeEvent(draft: Draft, document: JsonObject, context: ParseContext): void {
  const { alert, event } = draft;
  const metadata = isObject(document.metadata) ? document.metadata : {};
  const finding = document.category_uid === 2 || Math.floor(Number(document.class_uid) / 1000) === 2;
  event.kind = finding ? "alert" : "event";
  const meaning = meaningOf(document);
  if (meaning !== undefined) Object.assign(event, meaning);
  const action =
    toldText(document.activity_name)?.toLowerCase().replaceAll(" ", "-") ??
    activityOf(document) ??
    document.type_name;
  // Of an account or of an application, the call is the deed; elsewhere it is how the deed was done.
  const call = OF_CALLS.has(Math.floor(Number(document.class_uid) / 1000)) || action === undefined;
  if (!call || !putText(draft, event, "action", at(document, "api", "operation")))
    putText(draft, event, "action", action);
  if (!finding) writeOutcome(draft, document);
  writeVerdict(draft, document);
  writeSeverity(draft, document);
  // Translators of Windows leave its number among what they have not mapped.
  putText(draft, event, "code", toldText(metadata.event_code) ?? at(document, "unmapped", "EventCode"));
  putText(draft, event, "id", metadata.uid);
  const { sequence } = metadata;
  if (typeof sequence === "number" && Number.isSafeInteger(sequence)) event.sequence = sequence;
  const product = isObject(metadata.product) ? metadata.product : {};
  putText(draft, event, "provider", toldText(metadata.log_provider) ?? product.name);
  putText(draft, event, "reason", document.status_detail);
  const observer: NonNullable<typeof alert.observer> = {};
  putText(draft, observer, "vendor", product.vendor_name);
  putText(draft, observer, "product", product.name);
  putText(draft, observer, "version", product.version);
  if (!isEmpty(observer)) alert.observer = observer;
  putText(draft, alert, "message", document.message);
  const service: NonNullable<typeof alert.service> = {};
  if (putText(draft, service, "name", at(document, "api", "service", "name"))) alert.service = service;
  const start = timeOf(document, "start_time", context);
  if (start !== undefined) event.start = start;
  const end = timeOf(document, "end_time", context);
  if (end !== undefined) event.end = end;
  // OCSF counts milliseconds.
  if (typeof document.duration === "number" && document.duration >= 0 && document.duration < 1e15)
    event.duration = document.duration * 1e6;
}

function writeOutcome(draft: Draft, { status_id: id, status }: JsonObject): void {
  if (id === 1 || (id === undefined && status === "Success")) draft.event.outcome = "success";
  if (id === 2 || (id === undefined && (status === "Failure" || status === "Failed")))
    draft.event.outcome = "failure";
}

/** What the control did, of the profile security_control: by action, or by disposition. */
function writeVerdict(
  { event }: Draft,
  { action_id: action, disposition_id: disposition }: JsonObject,
): void {
  const denied = action === 2 || disposition === 2 || disposition === 6;
  const allowed = action === 1 || disposition === 1;
  if (denied) event.type = [...(event.type ?? []).filter((type) => type !== "denied"), "denied"];
  else if (allowed) event.type = [...(event.type ?? []), "allowed"];
}

/** Places on the common scale of risk_level_id 0 to 4, which tells where no severity does. */
const RISK_LEVELS: readonly (number | undefined)[] = [10, 20, 50, 75, 80];

function writeSeverity(draft: Draft, document: JsonObject): void {
  const { severity_id: id, severity, risk_level_id: level, risk_score: score } = document;
  const { alert, event } = draft;
  if (typeof id === "number" && id >= 0 && id <= 99) event.severity = id;
  const word = typeof severity === "string" && severity !== "" ? clip(draft, severity) : undefined;
  if (word !== undefined) alert.log = { level: word };
  if (typeof score === "number" && Number.isFinite(score)) event.risk_score = score;
  const risk =
    (typeof id === "number" ? RISKS[id] : undefined) ??
    (word === undefined ? undefined : riskOfWord(word)) ??
    (typeof level === "number" ? RISK_LEVELS[level] : undefined);
  if (risk !== undefined) event.risk_score_norm = risk;
}

function instantOf(document: JsonObject, context: ParseContext) {
  return (
    instantFrom(document.time, context) ??
    instantFrom(document.time_dt, context) ??
    instantFrom(at(document, "metadata", "original_time"), context) ??
    instantFrom(at(document, "metadata", "logged_time"), context)
  );
}
