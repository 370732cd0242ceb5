import type { Instant } from "../../../agent/core/clock.ts";
import type { ParseContext } from "../../contract.ts";
import { clip, type Draft } from "../draft.ts";
import { at, flatten, isObject, type JsonObject, textValue } from "../json.ts";
import { type WalkJson, walkJson } from "../walk-json.ts";
import { writeDetection } from "../write-detection.ts";
import { attributeOf, isSystemName, putAliases, putDatum, putSystem, putUnnamed } from "./event-names.ts";
import { readTime, readUtc } from "./read-event-time.ts";
import { readEventXml } from "./read-event-xml.ts";
import { readMessage } from "./read-message.ts";
import { writeWindows } from "./write-windows.ts";

/** How a document clothes a Windows event; undefined when it is none. */
export function clothingOf(document: JsonObject): "event" | "winlog" | "flat" | undefined {
  const event = isObject(document.Event) ? document.Event : document;
  if (isObject(event.System) && ("EventData" in event || "UserData" in event || event !== document))
    return "event";
  if (isObject(document.winlog) || document["winlog.event_id"] !== undefined) return "winlog";
  const { EventID, EventId, EventCode, event_id } = document;
  const numbered = isNumber(EventID) || isNumber(EventId) || isNumber(EventCode) || isNumber(event_id);
  if (numbered && BESIDE_NUMBER.some((name) => document[name] !== undefined)) return "flat";
  return isNumber(document.Id) && document.LogName !== undefined && document.ProviderName !== undefined
    ? "flat"
    : undefined;
}

/** What stands beside the number of a Windows event that its collector wrote flat. */
export const BESIDE_NUMBER = [
  "Channel",
  "Provider_Name",
  "SourceName",
  "ProviderName",
  "Provider",
  "EventSourceName",
  "Image",
  "CommandLine",
  "Computer",
  "ComputerName",
  "LogName",
  "EventLog",
  "Payload",
  "log_name",
  "source_name",
];

function isNumber(value: unknown): boolean {
  return typeof value === "number" || (typeof value === "string" && /^\d{1,9}$/.test(value));
}

/** Reads a Windows event that a converter or a collector wrote as JSON, into `fields` and ECS; the time it tells. */
export function readEventJson(
  draft: Draft,
  document: JsonObject,
  clothing: "event" | "winlog" | "flat",
  context: ParseContext,
): Instant | undefined {
  const { alert } = draft;
  let walk = walkAll;
  let created: unknown;
  if (clothing === "event") {
    const event = isObject(document.Event) ? document.Event : document;
    created = writeEvent(draft, event);
    context.trace?.({ by: "parser", name: "windows", rule: "Event" }, alert);
    walk = walkAround;
  } else if (document.Payload !== undefined || document.LogName !== undefined) {
    // EvtxECmd and Get-WinEvent: this process is the one that logged.
    walk = walkLogged;
    putSystem(draft, "Execution_ProcessID", document.ProcessId);
    putSystem(draft, "Execution_ThreadID", document.ThreadId);
    if (typeof document.Payload === "string" && document.Payload.startsWith("{"))
      writePayload(draft, document.Payload);
  }
  const inserted = insertedTexts(document);
  walk(draft, document, context, undefined);
  if (clothing === "flat" && typeof document.EventData === "string") writeDataText(draft, document.EventData);
  putAliases(draft);
  context.trace?.({ by: "parser", name: "windows", rule: "fields" }, alert);
  const message =
    textValue(document.Message) ?? textValue(document.message) ?? textValue(document.RenderedDescription);
  if (message !== undefined) {
    alert.message ??= clip(draft, message);
    // Collectors that keep the text alone leave its names to be read.
    const few = inserted.length > 0 || Object.keys(draft.fields).length < 40;
    if (few && !isNamed(draft)) readMessage(draft, message);
  }
  if (!isNamed(draft)) putUnnamed(draft, inserted.length > 0 ? inserted : classicData(draft, message));
  writeWindows(draft);
  writeDetection(draft, document, true, context);
  context.trace?.({ by: "parser", name: "windows", rule: "ECS" }, alert);
  return timeOf(draft, document, created, context);
}

/** Names of data, of which nearly every event has one. */
const NAMED = [
  "SubjectUserSid",
  "SubjectUserName",
  "TargetUserName",
  "Image",
  "UtcTime",
  "ScriptBlockText",
  "ServiceName",
  "param1",
  "Data",
];

const isNamed = ({ fields }: Draft) => NAMED.some((name) => Object.hasOwn(fields, name));

/** What Get-WinEvent and Fluent Bit list of the texts that Windows puts into a message, without their names. */
function insertedTexts({ Properties, StringInserts }: JsonObject): string[] {
  const list = Properties ?? StringInserts;
  if (!Array.isArray(list)) return [];
  return list.slice(0, 256).flatMap((one) => textValue(isObject(one) ? one.Value : one) ?? []);
}

/** Collectors without a place for unnamed data leave those of PowerShell's classic log in the message alone. */
function classicData({ fields }: Draft, message: string | undefined): string[] {
  return fields.Channel === "Windows PowerShell" && message !== undefined ? [message] : [];
}

/** Winlogbeat's names of what Windows names otherwise. */
const WINLOG = new Map([
  ["winlog.event_id", "EventID"],
  ["winlog.channel", "Channel"],
  ["winlog.provider_name", "Provider_Name"],
  ["winlog.provider_guid", "Provider_Guid"],
  ["winlog.computer_name", "Computer"],
  ["winlog.record_id", "EventRecordID"],
  ["winlog.process.pid", "Execution_ProcessID"],
  ["winlog.process.thread.id", "Execution_ThreadID"],
  ["winlog.activity_id", "Correlation_ActivityID"],
  ["winlog.related_activity_id", "Correlation_RelatedActivityID"],
  ["winlog.user.identifier", "Security_UserID"],
  ["winlog.opcode", "Opcode"],
  ["winlog.task", "Task"],
  ["winlog.keywords", "Keywords"],
  ["winlog.version", "Version"],
]);
/** Before the names of data, as collectors write them; the second pair is Winlogbeat's before version 7. */
const DATA = [
  "winlog.event_data.",
  "winlog.user_data.",
  "event_data.",
  "user_data.",
  "EventData.",
  "ExtraEventData.",
];

/** A walk through all but these members, which are written apart. */
function walkWithout(...names: string[]): WalkJson<undefined> {
  return walkJson<"apart", undefined>({
    ecs: true,
    roleOf: (path) => (names.includes(path) ? "apart" : undefined),
    fieldOf: (path) => {
      const data = DATA.find((prefix) => path.startsWith(prefix));
      if (data === undefined) return WINLOG.get(path);
      const name = path.slice(data.length);
      return isSystemName(name) ? undefined : name;
    },
    found: () => true,
  });
}

const walkAll = walkWithout();
const walkAround = walkWithout("Event", "System", "EventData", "UserData", "RenderingInfo");
const walkLogged = walkWithout("ProcessId", "ThreadId");

/** Writes System and the data; the time of System. */
function writeEvent(draft: Draft, event: JsonObject): unknown {
  const system = isObject(event.System) ? event.System : {};
  let created: unknown;
  for (const key in system) {
    const bare = key.endsWith("_attributes") ? key.slice(0, -"_attributes".length) : key;
    const value = system[key];
    const text = isObject(value) ? (value["#text"] ?? value.$t ?? value._ ?? value.Value) : value;
    if (textValue(text) !== undefined) putSystem(draft, bare, text);
    const attributes = attributesOf(value);
    const nameOf = attributeOf(bare);
    for (const name in attributes) putSystem(draft, nameOf(name), attributes[name]);
    if (bare === "TimeCreated") created = attributes.SystemTime ?? text ?? created;
  }
  for (const part of ["EventData", "UserData"]) writeData(draft, event[part], part === "UserData" ? 2 : 1);
  const info = event.RenderingInfo;
  if (isObject(info)) {
    const message = textValue(info.Message);
    if (message !== undefined) draft.alert.message = clip(draft, message);
    for (const key in info) {
      if (
        key !== "Message" &&
        !key.startsWith("#") &&
        !key.startsWith("@") &&
        textValue(info[key]) !== undefined
      )
        flatten(draft, `RenderingInfo_${key}`, info[key], 4);
    }
  }
  return created;
}

/** The attributes of an element, however the converter tells them from its members. */
function attributesOf(value: unknown): JsonObject {
  if (!isObject(value)) return {};
  const apart = value["#attributes"] ?? value["@attributes"] ?? value.$;
  if (isObject(apart)) return apart;
  const found: JsonObject = {};
  for (const key in value) {
    if (key.startsWith("#") || key === "$t" || key === "_" || key === "__proto__") continue;
    const name = key.startsWith("@") ? key.slice(1) : key;
    if (name !== "xmlns") found[name] = value[key];
  }
  return found;
}

/** Data is an object of names, a list of named elements, a list of texts or one text; UserData holds it deeper. */
function writeData(draft: Draft, data: unknown, deeper: number): void {
  if (data === null || data === undefined) return;
  if (!isObject(data)) {
    if (Array.isArray(data)) writeList(draft, data);
    else
      putUnnamed(
        draft,
        [textValue(data) ?? ""].filter((text) => text !== ""),
      );
    return;
  }
  for (const key in data) {
    if (draft.room <= 0) {
      draft.cut = true;
      return;
    }
    const value = data[key];
    if (
      key.startsWith("#attributes") ||
      key === "@xmlns" ||
      key === "@Name" ||
      key === "xmlns" ||
      value === null
    )
      continue;
    const text = isObject(value) ? value["#text"] : undefined;
    if (key === "Data" || key === "#text") writeList(draft, Array.isArray(value) ? value : [value]);
    else if (text !== undefined) putDatum(draft, key, text);
    else if (isObject(value) && deeper > 1) writeData(draft, value, deeper - 1);
    else putDatum(draft, key, value);
  }
}

function writeList(draft: Draft, list: unknown[]): void {
  const unnamed: string[] = [];
  for (const item of list.slice(0, 256)) {
    if (!isObject(item)) {
      const text = textValue(item);
      if (text !== undefined) unnamed.push(text);
      continue;
    }
    const name = textValue(attributesOf(item).Name);
    const text = item["#text"] ?? item.text ?? item._ ?? item.$t ?? item.Value;
    if (name !== undefined) putDatum(draft, name, text ?? "");
    else if (Array.isArray(text))
      unnamed.push(...text.slice(0, 256).filter((each) => typeof each === "string"));
    else if (textValue(text) !== undefined) unnamed.push(String(text));
  }
  putUnnamed(draft, unnamed);
}

/** EvtxECmd keeps the data as JSON in a text. */
function writePayload(draft: Draft, payload: string): void {
  try {
    const data: unknown = JSON.parse(payload);
    for (const part of ["EventData", "UserData"])
      writeData(draft, at(data, part), part === "UserData" ? 2 : 1);
  } catch {
    // It stays the text that it is.
  }
}

/** Azure Monitor keeps the data as XML in a text, in a `DataItem` or bare. */
function writeDataText(draft: Draft, text: string): void {
  const begin = text.indexOf("<EventData");
  const end = text.lastIndexOf("</EventData>");
  if (begin >= 0 && end > begin) readEventXml(draft, `<Event>${text.slice(begin, end)}</EventData></Event>`);
}

/** Where the time may stand, the surest first; those without zone that are always UTC apart. */
function timeOf(
  draft: Draft,
  document: JsonObject,
  created: unknown,
  context: ParseContext,
): Instant | undefined {
  const { TimeCreated, SystemTime } = document;
  const written = isObject(TimeCreated)
    ? (TimeCreated.SystemTime ?? attributesOf(TimeCreated).SystemTime)
    : TimeCreated;
  return (
    readUtc(created, context) ??
    readUtc(written, context) ??
    readUtc(SystemTime, context) ??
    readUtc(draft.fields.UtcTime, context) ??
    readTime(document["@timestamp"], context) ??
    readTime(document.EventTime, context) ??
    readTime(document.TimeGenerated ?? document.timestamp ?? document.time ?? document._time, context) ??
    readTime(at(document, "event", "created"), context)
  );
}
