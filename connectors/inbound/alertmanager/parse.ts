import { ALERT_LIMITS } from "../../../agent/core/alert.ts";
import { sha256Hex } from "../../../agent/core/sha256.ts";
import type { Decoded, DecodedRecord, ParseContext, Parsed, RecordList } from "../../contract.ts";
import { hostOf, isAddress } from "../../shared/address.ts";
import { boundedId } from "../../shared/bounded-id.ts";
import { clip, type Draft, finish, newDraft, putField } from "../../shared/draft.ts";
import { isoOf } from "../../shared/iso-of.ts";
import { broken, flatten, isEmpty, isObject, type JsonObject, readJson, textOf } from "../../shared/json.ts";
import { listRecords } from "../../shared/list-records.ts";
import { readWholeDate } from "../../shared/read-date.ts";
import { riskOfWord } from "../../shared/severity.ts";
import { walkJson } from "../../shared/walk-json.ts";

/**
 * Reads one alert, or a webhook body or a list of the API that carries just one. Errors: `empty`, `not_json`,
 * `several_records`, `bad_shape`.
 */
export function parseAlertmanager(text: string, context: ParseContext): Parsed {
  const read = readJson(text);
  if (read.error !== undefined) return broken(text, "alertmanager", read.error, context);
  const { value } = read;
  const list = Array.isArray(value)
    ? value
    : isObject(value) && Array.isArray(value.alerts)
      ? value.alerts
      : undefined;
  if (list !== undefined && list.length !== 1) {
    const message = `the body carries ${list.length} alerts; a record is one alert`;
    return broken(text, "alertmanager", { code: "several_records", message }, context);
  }
  const body = isObject(value) ? value : {};
  const { alert, error } = readAlert(list?.[0] ?? value, body, text, context, false);
  return error === undefined ? { alert: alert as NonNullable<typeof alert> } : { alert, error };
}

/** Decodes a webhook body, or a list as the API of version 2 has it, into one record an alert. */
export function decodeAlertmanager(_headers: unknown, body: unknown, context: ParseContext): Decoded {
  if (Array.isArray(body) && body.length > 0) return decodeAlerts(body, {}, context);
  if (!isObject(body)) {
    const message = "the body is neither a webhook's object nor a list of alerts";
    return { outcome: "refused", code: "bad_body", field: "(body)", message };
  }
  const { alerts } = body;
  if (!Array.isArray(alerts)) {
    const code = alerts === undefined ? "missing_field" : "bad_field";
    return { outcome: "refused", code, field: "alerts", message: "the body has no list of alerts" };
  }
  return decodeAlerts(alerts, body, context);
}

/** Lists the alerts of a webhook body, each read with what stands around them; undefined for other bodies. */
export function listAlertmanager(
  _headers: unknown,
  body: unknown,
  context: ParseContext,
): RecordList | undefined {
  if (!isObject(body) || !Array.isArray(body.alerts)) return undefined;
  return listRecords(body.alerts, (alerts) => decodeAlerts(alerts, body, context));
}

function decodeAlerts(alerts: unknown[], around: JsonObject, context: ParseContext): Decoded {
  const records = alerts.map((alert) => readAlert(alert, around, textOf(alert), context, true));
  return { outcome: "decoded", records };
}

/** What is written apart, or says nothing that the alert does not. */
const WRITTEN = new Set([
  "labels",
  "annotations",
  "status",
  "startsAt",
  "endsAt",
  "generatorURL",
  "fingerprint",
]);

/** What of the body is kept beside each of its alerts; the common labels are among the alert's own. */
const AROUND = ["receiver", "groupKey", "externalURL", "truncatedAlerts", "title", "state", "orgId"];

function readAlert(
  value: unknown,
  body: JsonObject,
  original: string,
  context: ParseContext,
  identified: boolean,
): DecodedRecord {
  if (!isObject(value) || !isObject(value.labels)) {
    const message = "the record is not an Alertmanager alert: it has no labels";
    return broken(original, "alertmanager", { code: "bad_shape", message }, context);
  }
  const draft = newDraft(original, "alertmanager", "alertmanager.webhook");
  const { event } = draft;
  event.kind = "alert";
  const startsAt = instantOf(value.startsAt, context);
  const endsAt = instantOf(value.endsAt, context);
  const status = isObject(value.status) ? value.status : (value.status ?? body.status);
  // A bare alert from the API has no status, or one that says whether it is silenced; one that has ended is resolved.
  const ended = endsAt !== undefined && endsAt <= context.received;
  const resolved = typeof status === "string" ? status === "resolved" : ended;
  event.action = resolved ? "resolved" : "firing";
  if (startsAt !== undefined) event.start = isoOf(startsAt);
  if (resolved && endsAt !== undefined) event.end = isoOf(endsAt);
  if (typeof value.generatorURL === "string" && value.generatorURL !== "")
    event.url = clip(draft, value.generatorURL);
  const fingerprint = textOrNone(value.fingerprint);
  if (fingerprint !== undefined) {
    event.id = clip(draft, fingerprint);
    putField(draft, "fingerprint", fingerprint);
  }
  walkLabels(draft, value.labels, context, undefined);
  const labels = writeLabels(draft, value.labels);
  context.trace?.({ by: "parser", name: "alertmanager", rule: "labels" }, draft.alert);
  const annotations = value.annotations ?? body.commonAnnotations;
  if (isObject(annotations)) walkAnnotations(draft, annotations, context, undefined);
  else flatten(draft, "annotations", annotations);
  writeMessage(draft, annotations, labels);
  context.trace?.({ by: "parser", name: "alertmanager", rule: "annotations" }, draft.alert);
  if (isObject(status)) flatten(draft, "status", status);
  for (const key in value) if (!WRITTEN.has(key)) flatten(draft, key, value[key]);
  for (const key of AROUND) {
    if (value[key] === undefined && body !== value) flatten(draft, key, body[key]);
  }
  if (body !== value) flatten(draft, "groupLabels", body.groupLabels);

  const alert = finish(draft, (resolved ? endsAt : undefined) ?? startsAt, context);
  if (!identified) return { alert };
  const identity = fingerprint ?? (startsAt === undefined ? undefined : fingerprintOf(labels));
  if (identity === undefined) return { alert };
  // A repeated notification has the same; the same alert firing again has begun at another time.
  const parts = [identity, String(value.startsAt), event.action];
  if (resolved) parts.push(String(value.endsAt));
  return { alert, eventId: boundedId(parts.join("/")) };
}

/** What tells an alert's labels from all others, for senders that compute no fingerprint. */
function fingerprintOf(labels: Labels): string {
  const sorted = Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1));
  return sha256Hex(JSON.stringify(sorted)).slice(0, 16);
}

/** Labels by their names, cut to their bounds. */
type Labels = Readonly<Record<string, string>>;

/** Writes every scalar of an object under its dotted name. */
const walkUnder = (name: string) =>
  walkJson<never, undefined>({
    ecs: false,
    fieldOf: (path) => `${name}.${path}`,
    roleOf: () => undefined,
    found: () => false,
  });
const walkLabels = walkUnder("labels");
const walkAnnotations = walkUnder("annotations");

function writeLabels(draft: Draft, raw: JsonObject): Labels {
  const { alert, event } = draft;
  const labels: Record<string, string> = {};
  let room: number = ALERT_LIMITS.fields;
  for (const key in raw) {
    if (room-- <= 0) {
      draft.cut = true;
      break;
    }
    const value = raw[key];
    if (typeof value !== "string" || key === "__proto__" || key.length > ALERT_LIMITS.name) continue;
    labels[key] = clip(draft, value);
  }
  if (!isEmpty(labels)) alert.labels = labels;
  const { alertname: name, __alert_rule_uid__: uid } = labels;
  if (name !== undefined) alert.rule = { name };
  if (uid) {
    alert.rule ??= {};
    alert.rule.uuid = uid;
  }
  const { container } = labels;
  if (container) alert.container = { name: container };
  writeHost(draft, labels);
  const service = labels.service || labels.job;
  if (service) alert.service = { name: service };
  const severity = labels.severity || labels.priority;
  if (severity) {
    alert.log = { level: severity };
    const risk = riskOfWord(severity);
    if (risk !== undefined) event.risk_score_norm = risk;
  }
  return labels;
}

/** The first label that names a machine; the scrape target's port is not part of its name. */
function writeHost(draft: Draft, labels: Labels): void {
  for (const label of ["host", "hostname", "nodename", "node", "instance"]) {
    const name = hostOf(labels[label] ?? "");
    if (name === "") continue;
    draft.alert.host = isAddress(name) ? { name, ip: [name] } : { name, hostname: name };
    return;
  }
}

function writeMessage(draft: Draft, annotations: unknown, labels: Labels): void {
  const text = (key: string) => (isObject(annotations) ? textOrNone(annotations[key]) : undefined);
  const summary = text("summary");
  const description = text("description");
  const message = summary ?? description ?? text("message") ?? labels.alertname;
  if (message !== undefined) draft.alert.message = clip(draft, message);
  const { rule = {} } = draft.alert;
  if (description !== undefined) rule.description = clip(draft, description);
  const runbook = text("runbook_url");
  if (runbook !== undefined) rule.reference = clip(draft, runbook);
  if (!isEmpty(rule)) draft.alert.rule = rule;
}

function textOrNone(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** `0001-01-01T00:00:00Z` is how Go writes no time at all: it is out of the years that readWholeDate knows. */
function instantOf(value: unknown, context: ParseContext): number | undefined {
  return typeof value === "string" ? readWholeDate(value, context) : undefined;
}
