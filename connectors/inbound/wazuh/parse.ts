import type { Decoded, DecodedRecord, ParseContext, Parsed, RecordList } from "../../contract.ts";
import { boundedId } from "../../shared/bounded-id.ts";
import { newCommon, writeCommon } from "../../shared/common-names.ts";
import { clip, finish, newWideDraft } from "../../shared/draft.ts";
import { at, broken, isObject, type JsonObject, readOne, textOf, textValue } from "../../shared/json.ts";
import { listRecords } from "../../shared/list-records.ts";
import { readWholeDate } from "../../shared/read-date.ts";
import { putAliases } from "../../shared/windows/event-names.ts";
import { readUtc } from "../../shared/windows/read-event-time.ts";
import { writeWindows } from "../../shared/windows/write-windows.ts";
import { readFinding } from "./read-finding.ts";
import { readLog } from "./read-log.ts";
import { isOssec, readOssec } from "./read-ossec.ts";
import { undouble, walkAlert } from "./walk-alert.ts";
import { writeAgent, writeLocation, writeRule } from "./write-alert.ts";
import { writeModules } from "./write-modules.ts";
import { writePackage } from "./write-package.ts";
import { writeSyscheck } from "./write-syscheck.ts";

/**
 * Reads one alert of `alerts.json`, one finding, one hit of their indices, or one line of the syslog output.
 * Errors: `empty`, `not_json`, `not_wazuh`, `several_records`.
 */
export function parseWazuh(text: string, context: ParseContext): Parsed {
  if (isOssec(text)) return { alert: readOssec(text, context) };
  const read = readOne(text);
  if (read.error !== undefined) return broken(text, "wazuh", read.error, context);
  const { alert, error } = readRecord(read.value, text, context);
  return error === undefined ? { alert: alert as NonNullable<typeof alert> } : { alert, error };
}

/** Decodes an HTTP body: one record, a list of them, or the answer of a search. */
export function decodeWazuh(_headers: unknown, body: unknown, context: ParseContext): Decoded {
  if (!Array.isArray(body) && !isObject(body)) {
    const message = "the body is neither an alert nor a list";
    return { outcome: "refused", code: "bad_body", field: "(body)", message };
  }
  const list = Array.isArray(body) ? body : hitsIn(body);
  if (list === undefined && isObject(body) && !isWazuh(sourceOf(body))) {
    const message = "a Wazuh alert has a rule object";
    return { outcome: "refused", code: "missing_field", field: "rule", message };
  }
  return {
    outcome: "decoded",
    records: (list ?? [body]).map((record) => readRecord(record, textOf(record), context)),
  };
}

/** Lists what the answer of a search holds; undefined when the body is none. */
export function listWazuh(headers: unknown, body: unknown, context: ParseContext): RecordList | undefined {
  const hits = hitsIn(body);
  return hits && listRecords(hits, (some) => decodeWazuh(headers, some, context));
}

function hitsIn(body: unknown): unknown[] | undefined {
  const hits = at(body, "hits", "hits");
  return Array.isArray(hits) ? hits : undefined;
}

/** `{"crit":3,"id":5715,…}`: the short form that Wazuh's syslog output writes. */
function isShort(value: JsonObject): boolean {
  return typeof value.crit === "number" && typeof value.id === "number";
}

function isWazuh(value: JsonObject): boolean {
  return isObject(value.rule) || isObject(value.wazuh) || isShort(value) || isArchived(value);
}

/** What no rule has judged: a line of `archives.json`, or a Windows event as an agent sends it. */
function isArchived(value: JsonObject): boolean {
  return (isObject(value.manager) && isObject(value.decoder)) || isObject(at(value, "win", "system"));
}

/** The document of an indexer's hit. */
function sourceOf(value: JsonObject): JsonObject {
  return isObject(value._source) ? value._source : value;
}

function readRecord(value: unknown, original: string, context: ParseContext): DecodedRecord {
  const document = isObject(value) ? sourceOf(value) : undefined;
  if (document === undefined || !isWazuh(document)) {
    const message = "the record is not a Wazuh alert: it has no rule object";
    return broken(original, "wazuh", { code: "not_wazuh", message }, context);
  }
  const finding = isObject(document.wazuh) && !isObject(document.rule);
  const record = finding ? readFinding(document, original, context) : readAlert(document, original, context);
  const hit = isObject(value) && value !== document ? textValue(value._id) : undefined;
  // An alert's own identity stands before its document's: the same alert may be indexed again.
  if (record.eventId === undefined && hit !== undefined) record.eventId = boundedId(hit);
  return record;
}

function readAlert(value: JsonObject, original: string, context: ParseContext): DecodedRecord {
  const draft = newWideDraft(original, "wazuh", "wazuh.alerts");
  const { alert, event } = draft;
  const short = isShort(value);
  const judged = isObject(value.rule) || short;
  event.kind = judged ? "alert" : "event";
  const common = newCommon();
  walkAlert(draft, value, context, common);
  context.trace?.({ by: "parser", name: "wazuh", rule: "fields" }, alert);
  const rule: JsonObject = isObject(value.rule)
    ? value.rule
    : {
        id: String(value.id),
        level: value.crit,
        description: value.description,
        groups: typeof value.classification === "string" ? value.classification.split(",", 64) : undefined,
      };
  if (judged) writeRule(draft, rule);
  context.trace?.({ by: "parser", name: "wazuh", rule: "rule" }, alert);
  writeAgent(draft, value);
  if (short) writeLocation(draft, textValue(value.component));
  context.trace?.({ by: "parser", name: "wazuh", rule: "agent" }, alert);
  const data = isObject(value.data) ? value.data : value;
  if (isObject(data.win)) {
    if (isObject(data.win.eventdata)) undouble(draft, data.win.eventdata);
    putAliases(draft);
    // The alert's severity is the rule's.
    const { severity, risk_score_norm } = event;
    const told = textValue(at(data, "win", "system", "message"));
    if (told !== undefined) alert.message ??= clip(draft, told);
    writeWindows(draft);
    if (judged) {
      event.severity = severity;
      event.risk_score_norm = risk_score_norm;
    }
  }
  writeSyscheck(draft, value.syscheck, context);
  writeModules(draft, data, context);
  writePackage(draft, data);
  const id = short ? undefined : textValue(value.id);
  if (id !== undefined) event.id = clip(draft, id);
  const message =
    textValue(value.full_log) ??
    textValue(value.message) ??
    textValue(rule.description) ??
    textValue(at(data, "win", "system", "message"));
  if (message !== undefined) alert.message = clip(draft, message);
  writeCommon(draft, common);
  const log = textValue(value.full_log);
  if (log !== undefined && !isObject(data.win)) readLog(alert, log);
  context.trace?.({ by: "parser", name: "wazuh", rule: "data" }, alert);
  const time = textValue(value.timestamp) ?? textValue(value["@timestamp"]);
  const instant = time === undefined ? undefined : readWholeDate(time, context);
  finish(draft, instant ?? readUtc(draft.fields.TimeCreated_SystemTime, context), context);
  if (id === undefined) return { alert };
  // It is a place in the file of one manager: another's first alert of the day has the same.
  const manager = textValue(at(value, "manager", "name"));
  return { alert, eventId: boundedId(manager === undefined ? id : `${manager}/${id}`) };
}
