import { byName } from "../by-name.ts";
import { type Draft, putField } from "../draft.ts";
import { flatten, textValue } from "../json.ts";

/** Writes a member of System under the name that Sigma rules ask for: its own, or `Element_Attribute`. */
export function putSystem(draft: Draft, name: string, value: unknown): void {
  if (name === "EventID") putEventId(draft, value);
  else flatten(draft, name, value, 4);
}

/** Names by which an event is known, and where it comes from. */
const SYSTEM_NAMES: ReadonlySet<string> = new Set([
  "EventID",
  "Channel",
  "Computer",
  "EventRecordID",
  "Provider_Name",
  "Provider_Guid",
  "TimeCreated_SystemTime",
]);

/** Whether a name is one that System gives: a datum of that name, which anyone may write, does not stand for it. */
export function isSystemName(name: string): boolean {
  return SYSTEM_NAMES.has(name);
}

/** The number of an event is a number, whatever its clothing. */
function putEventId(draft: Draft, value: unknown): void {
  const text = textValue(value);
  if (text !== undefined) putField(draft, "EventID", /^\d{1,9}$/.test(text) ? Number(text) : text);
}

/** The name of an element's attribute: `Provider_Name`. */
export const attributeOf = byName(64, (element) => byName(64, (attribute) => `${element}_${attribute}`));

/** Writes a datum under its own name; what System says under that name stands. */
export function putDatum(draft: Draft, name: string, value: unknown): void {
  if (!Object.hasOwn(draft.fields, name)) flatten(draft, name, value, 4);
}

/** Writes unnamed data together: one stays a text. */
export function putUnnamed(draft: Draft, texts: string[]): void {
  if (texts.length > 0) putField(draft, "Data", texts.length === 1 ? (texts[0] as string) : texts);
}

/** Collectors' names of what System says, by the name that Windows gives it; the surest first. */
const ALIASES = Object.entries({
  EventID: ["EventId", "EventCode", "event_id", "Id"],
  Provider_Name: [
    "SourceName",
    "ProviderName",
    "Provider.Name",
    "Provider",
    "EventSourceName",
    "source_name",
    "provider_name",
    "Source",
  ],
  Provider_Guid: ["ProviderGuid", "ProviderId", "provider_guid"],
  Channel: ["LogName", "EventLog", "log_name", "channel"],
  Computer: ["Hostname", "ComputerName", "MachineName", "computer_name", "computer"],
  EventRecordID: ["RecordNumber", "RecordId", "RecordID", "EventRecordId", "record_number", "record_id"],
  Execution_ProcessID: ["ExecutionProcessID"],
  Execution_ThreadID: ["ExecutionThreadID"],
  Security_UserID: ["UserID", "UserId", "UserId.Value"],
  Correlation_ActivityID: ["ActivityID", "ActivityId"],
});

/** Numbered data that are looked for. */
const MOST_NUMBERED = 32;

/** Writes what collectors name otherwise under Windows' own name too. */
export function putAliases(draft: Draft): void {
  const { fields } = draft;
  for (const [name, others] of ALIASES) {
    if (fields[name] !== undefined) continue;
    for (const other of others) {
      const value = fields[other];
      if (value === undefined || textValue(value) === undefined) continue;
      putField(draft, name, value);
      break;
    }
  }
  const { EventID } = fields;
  if (typeof EventID === "string" && /^\d{1,9}$/.test(EventID)) fields.EventID = Number(EventID);
  putNumbered(draft);
}

/** Data without names that collectors number (`param1`, or `Data_1` after `Data`) are one list under `Data` too. */
function putNumbered(draft: Draft): void {
  const { fields } = draft;
  const { Data } = fields;
  const prefix = Data === undefined ? "param" : "Data_";
  if (fields[`${prefix}1`] === undefined && fields[`${prefix}2`] === undefined) return;
  const texts: string[] = [];
  for (const text of [Data].flat()) if (typeof text === "string") texts.push(text);
  for (let number = 1; number <= MOST_NUMBERED; number += 1) {
    const text = textValue(fields[`${prefix}${number}`]);
    if (text !== undefined) texts.push(text);
  }
  if (Data === undefined) putUnnamed(draft, texts);
  else fields.Data = texts;
}
