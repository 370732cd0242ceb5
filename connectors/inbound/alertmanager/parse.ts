import { ALERT_LIMITS } from "../../../agent/core/alert.ts";
import type { Decoded, DecodedRecord, ParseContext, Parsed } from "../../contract.ts";
import { hostOf, isAddress } from "../../shared/address.ts";
import { clip, type Draft, finish, newDraft, putField } from "../../shared/draft.ts";
import { isoOf } from "../../shared/iso-of.ts";
import { broken, flatten, isObject, type JsonObject, readJson, textOf } from "../../shared/json.ts";
import { readWholeDate } from "../../shared/read-date.ts";
import { riskOfWord } from "../../shared/severity.ts";

/** Reads one alert, or a webhook body that carries just one. Errors: `empty`, `not_json`, `several_records`, `bad_shape`. */
export function parseAlertmanager(text: string, context: ParseContext): Parsed {
  const read = readJson(text);
  if (read.error !== undefined) return broken(text, "alertmanager", read.error, context);
  const { value } = read;
  let alert = value;
  if (isObject(value) && Array.isArray(value.alerts)) {
    if (value.alerts.length !== 1) {
      const message = `the body carries ${value.alerts.length} alerts; a record is one alert`;
      return broken(text, "alertmanager", { code: "several_records", message }, context);
    }
    alert = value.alerts[0];
  }
  const { eventId: _, ...parsed } = readAlert(alert, isObject(value) ? value : {}, text, context);
  return parsed;
}

/** Decodes a webhook body into one record an alert. */
export function decodeAlertmanager(_headers: unknown, body: unknown, context: ParseContext): Decoded {
  if (!isObject(body)) {
    return {
      outcome: "refused",
      code: "bad_body",
      field: "(body)",
      message: "the body is not a JSON object",
    };
  }
  const { alerts } = body;
  if (!Array.isArray(alerts)) {
    const code = alerts === undefined ? "missing_field" : "bad_field";
    return { outcome: "refused", code, field: "alerts", message: "the body has no list of alerts" };
  }
  return {
    outcome: "decoded",
    records: alerts.map((alert) => readAlert(alert, body, textOf(alert), context)),
  };
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

function readAlert(value: unknown, body: JsonObject, original: string, context: ParseContext): DecodedRecord {
  if (!isObject(value) || !isObject(value.labels)) {
    const message = "the record is not an Alertmanager alert: it has no labels";
    return broken(original, "alertmanager", { code: "bad_shape", message }, context);
  }
  const draft = newDraft(original, "alertmanager", "alertmanager.webhook");
  const { event } = draft;
  event.kind = "alert";
  const startsAt = instantOf(value.startsAt, context);
  const endsAt = instantOf(value.endsAt, context);
  const status = value.status ?? body.status;
  // A bare alert from the API has no status; one that has ended is resolved.
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
  const labels = writeLabels(draft, value.labels);
  writeMessage(draft, value.annotations, labels);
  for (const key in value) if (!WRITTEN.has(key)) flatten(draft, key, value[key]);
  const receiver = textOrNone(body.receiver);
  if (receiver !== undefined) putField(draft, "receiver", receiver);

  const record: DecodedRecord = {
    alert: finish(draft, (resolved ? endsAt : undefined) ?? startsAt, context),
  };
  if (fingerprint !== undefined) {
    const parts = [fingerprint, String(value.startsAt), event.action];
    if (resolved) parts.push(String(value.endsAt));
    record.eventId = parts.join("/").slice(0, 512);
  }
  return record;
}

function writeLabels(draft: Draft, raw: JsonObject): Map<string, string> {
  const { alert, event } = draft;
  const labels = new Map<string, string>();
  const kept: Record<string, string> = {};
  for (const key in raw) {
    const value = raw[key];
    if (draft.room <= 0) {
      draft.cut = true;
      break;
    }
    flatten(draft, `labels.${key}`, value);
    if (typeof value !== "string" || key === "__proto__" || key.length > ALERT_LIMITS.name) continue;
    labels.set(key, value);
    kept[key] = clip(draft, value);
  }
  if (labels.size > 0) alert.labels = kept;
  const name = labels.get("alertname");
  if (name !== undefined) alert.rule = { name: clip(draft, name) };
  writeHost(draft, labels);
  const service = labels.get("service") || labels.get("job");
  if (service) alert.service = { name: clip(draft, service) };
  const severity = labels.get("severity") || labels.get("priority");
  if (severity) {
    alert.log = { level: clip(draft, severity) };
    const risk = riskOfWord(severity);
    if (risk !== undefined) event.risk_score_norm = risk;
  }
  return labels;
}

/** The first label that names a machine; the scrape target's port is not part of its name. */
function writeHost(draft: Draft, labels: Map<string, string>): void {
  for (const label of ["host", "hostname", "nodename", "node", "instance"]) {
    const name = hostOf(labels.get(label) ?? "");
    if (name === "") continue;
    const bounded = clip(draft, name);
    draft.alert.host = isAddress(name) ? { name: bounded, ip: [name] } : { name: bounded, hostname: bounded };
    return;
  }
}

function writeMessage(draft: Draft, annotations: unknown, labels: Map<string, string>): void {
  const text = (key: string) => (isObject(annotations) ? textOrNone(annotations[key]) : undefined);
  const summary = text("summary");
  const description = text("description");
  const message = summary ?? description ?? text("message") ?? labels.get("alertname");
  if (message !== undefined) draft.alert.message = clip(draft, message);
  if (description !== undefined)
    draft.alert.rule = { ...draft.alert.rule, description: clip(draft, description) };
  flatten(draft, "annotations", annotations);
}

function textOrNone(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

/** `0001-01-01T00:00:00Z` is how Go writes no time at all: it is out of the years that readWholeDate knows. */
function instantOf(value: unknown, context: ParseContext): number | undefined {
  return typeof value === "string" ? readWholeDate(value, context) : undefined;
}
