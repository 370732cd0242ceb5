import type { Decoded, DecodedRecord, ParseContext, Parsed } from "../../contract.ts";
import { portOf, putAddress } from "../../shared/address.ts";
import { clip, type Draft, finish, newDraft, putField } from "../../shared/draft.ts";
import {
  at,
  broken,
  flatten,
  isObject,
  type JsonObject,
  readOne,
  textOf,
  textValue,
} from "../../shared/json.ts";
import { readWholeDate } from "../../shared/read-date.ts";
import { writeWindows } from "../../shared/write-windows.ts";

/** Reads one line of `alerts.json`. Errors: `empty`, `not_json`, `not_wazuh`, `several_records`. */
export function parseWazuh(text: string, context: ParseContext): Parsed {
  const read = readOne(text);
  if (read.error !== undefined) return broken(text, "wazuh", read.error, context);
  const { eventId: _, ...parsed } = readAlert(read.value, text, context);
  return parsed;
}

/** Decodes an HTTP body: one alert, or a list of them. */
export function decodeWazuh(_headers: unknown, body: unknown, context: ParseContext): Decoded {
  const list = Array.isArray(body) ? body : [body];
  if (!Array.isArray(body) && !isObject(body)) {
    return {
      outcome: "refused",
      code: "bad_body",
      field: "(body)",
      message: "the body is neither an alert nor a list",
    };
  }
  if (isObject(body) && !isObject(body.rule) && legacyId(body) === undefined) {
    return {
      outcome: "refused",
      code: "missing_field",
      field: "rule",
      message: "a Wazuh alert has a rule object",
    };
  }
  return { outcome: "decoded", records: list.map((alert) => readAlert(alert, textOf(alert), context)) };
}

/** `{"crit":3,"id":5715,…}`: the short form that Wazuh's syslog output writes. */
function legacyId(value: JsonObject): number | undefined {
  return typeof value.crit === "number" && typeof value.id === "number" ? value.id : undefined;
}

function readAlert(value: unknown, original: string, context: ParseContext): DecodedRecord {
  if (!isObject(value) || (!isObject(value.rule) && legacyId(value) === undefined)) {
    const message = "the record is not a Wazuh alert: it has no rule object";
    return broken(original, "wazuh", { code: "not_wazuh", message }, context);
  }
  const draft = newDraft(original, "wazuh", "wazuh.alerts");
  draft.event.kind = "alert";
  for (const key in value) if (key !== "timestamp" && key !== "full_log") writeFields(draft, key, value[key]);
  const rule: JsonObject = isObject(value.rule)
    ? value.rule
    : { id: String(value.id), level: value.crit, description: value.description };
  writeRule(draft, rule);
  writeAgent(draft, value);
  writeData(draft, value);
  writeFile(draft, value.syscheck);
  const id = textValue(value.id);
  if (id !== undefined && isObject(value.rule)) draft.event.id = clip(draft, id);
  const message = textValue(value.full_log) ?? textValue(value.message) ?? textValue(rule.description);
  if (message !== undefined) draft.alert.message = clip(draft, message);
  const time = textValue(value.timestamp) ?? textValue(value["@timestamp"]);
  const alert = finish(draft, time === undefined ? undefined : readWholeDate(time, context), context);
  return { alert, ...(draft.event.id === undefined ? {} : { eventId: draft.event.id }) };
}

/** Names of the Windows event system whose capital is not just the first letter. */
const WINDOWS_NAMES = new Map([
  ["eventID", "EventID"],
  ["providerName", "Provider_Name"],
  ["providerGuid", "Provider_Guid"],
  ["processID", "Execution_ProcessID"],
  ["threadID", "Execution_ThreadID"],
  ["eventRecordID", "EventRecordID"],
]);

/** Everything flat; Windows names as Windows and Sigma write them, without their path. */
function writeFields(draft: Draft, key: string, value: unknown): void {
  if (key !== "data" || !isObject(value)) {
    flatten(draft, key, value);
    return;
  }
  const { win } = value;
  for (const group of ["system", "eventdata"]) {
    const members = at(win, group);
    if (!isObject(members)) continue;
    for (const name in members) {
      const windows = WINDOWS_NAMES.get(name) ?? name.charAt(0).toUpperCase() + name.slice(1);
      flatten(draft, windows, members[name], 4);
    }
  }
  for (const name in value) if (name !== "win") flatten(draft, `data.${name}`, value[name], 2);
  if (isObject(win)) {
    for (const name in win) {
      if (name !== "system" && name !== "eventdata") flatten(draft, `data.win.${name}`, win[name], 3);
    }
  }
}

function writeRule(draft: Draft, rule: JsonObject): void {
  const { alert, event } = draft;
  const level = typeof rule.level === "string" ? Number(rule.level) : rule.level;
  if (typeof level === "number" && level >= 0 && level <= 100) {
    event.severity = level;
    event.risk_score_norm = Math.min(100, Math.round((level / 15) * 100));
  }
  const id = textValue(rule.id);
  const description = textValue(rule.description);
  alert.rule = {};
  if (id !== undefined) alert.rule.id = clip(draft, id);
  if (description !== undefined) {
    alert.rule.name = clip(draft, description);
    alert.rule.description = alert.rule.name;
  }
  const groups = texts(rule.groups);
  if (groups.length > 0) alert.rule.category = clip(draft, groups.join(","));
  if (groups.includes("authentication_failed") || groups.includes("authentication_failures")) {
    event.category = ["authentication"];
    event.outcome = "failure";
  } else if (groups.includes("authentication_success")) {
    event.category = ["authentication"];
    event.outcome = "success";
  }
  const ids = texts(at(rule, "mitre", "id"));
  const techniques = texts(at(rule, "mitre", "technique"));
  const tactics = texts(at(rule, "mitre", "tactic"));
  if (ids.length + techniques.length + tactics.length === 0) return;
  alert.threat = { technique: { id: ids, name: techniques }, tactic: { name: tactics } };
}

function writeAgent(draft: Draft, value: JsonObject): void {
  const { alert } = draft;
  const name = textValue(at(value, "agent", "name"));
  const id = textValue(at(value, "agent", "id"));
  const ip = textValue(at(value, "agent", "ip"));
  if (id !== undefined || name !== undefined) {
    alert.agent = { type: "wazuh" };
    if (id !== undefined) alert.agent.id = clip(draft, id);
    if (name !== undefined) alert.agent.name = clip(draft, name);
  }
  if (name !== undefined) alert.host = { name: clip(draft, name), hostname: clip(draft, name) };
  if (ip !== undefined && ip !== "any") {
    const endpoint = {};
    putAddress(endpoint, ip);
    if ("ip" in endpoint) alert.host = { ...alert.host, ip: [ip] };
  }
  const program = textValue(at(value, "predecoder", "program_name"));
  if (program !== undefined) alert.process = { name: clip(draft, program) };
  const hostname = textValue(at(value, "predecoder", "hostname"));
  if (hostname !== undefined) {
    alert.log = { syslog: { hostname: clip(draft, hostname) } };
    if (alert.host === undefined)
      alert.host = { name: clip(draft, hostname), hostname: clip(draft, hostname) };
  }
}

function writeData(draft: Draft, value: JsonObject): void {
  const { alert, event } = draft;
  const data = isObject(value.data) ? value.data : value;
  const text = (...names: string[]): string | undefined => {
    for (const name of names) {
      const found = textValue(at(data, name));
      if (found !== undefined) return clip(draft, found);
    }
    return undefined;
  };
  const source = alert.source ?? {};
  putAddress(source, text("srcip", "src_ip") ?? "");
  const sourcePort = portOf(text("srcport", "src_port") ?? "");
  if (sourcePort !== undefined) source.port = sourcePort;
  if (Object.keys(source).length > 0) alert.source = source;
  const destination = alert.destination ?? {};
  putAddress(destination, text("dstip", "dest_ip") ?? "");
  const destinationPort = portOf(text("dstport", "dest_port") ?? "");
  if (destinationPort !== undefined) destination.port = destinationPort;
  if (Object.keys(destination).length > 0) alert.destination = destination;
  const user = text("srcuser", "dstuser", "user");
  if (user !== undefined) alert.user = { name: user };
  const url = text("url");
  if (url !== undefined) alert.url = { original: url };
  const protocol = text("protocol", "proto");
  if (protocol !== undefined) alert.network = { transport: protocol.toLowerCase() };
  const action = text("action");
  if (action !== undefined) event.action = action;
  if (isObject(data.win)) writeWindows(draft);
}

function writeFile(draft: Draft, syscheck: unknown): void {
  const path = textValue(at(syscheck, "path"));
  if (path === undefined) return;
  draft.alert.file = { path: clip(draft, path) };
  const action = textValue(at(syscheck, "event"));
  if (action !== undefined) draft.event.action = clip(draft, action);
  draft.event.category = ["file"];
  const size = Number(textValue(at(syscheck, "size_after")));
  if (Number.isSafeInteger(size)) draft.alert.file.size = size;
  const hash: Record<string, string> = {};
  for (const kind of ["md5", "sha1", "sha256"]) {
    const after = textValue(at(syscheck, `${kind}_after`));
    if (after !== undefined) hash[kind] = clip(draft, after);
  }
  if (Object.keys(hash).length > 0) draft.alert.file.hash = hash;
  const user = textValue(at(syscheck, "uname_after"));
  if (user !== undefined) putField(draft, "syscheck.uname_after", user);
}

function texts(value: unknown): string[] {
  const list = Array.isArray(value) ? value.slice(0, 64) : [value];
  return list.filter((item) => typeof item === "string" && item.length <= 1024);
}
