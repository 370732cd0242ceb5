import { clip, type Draft, putField, putNewField } from "../../shared/draft.ts";
import { at, flatten, isObject, type JsonObject, textValue } from "../../shared/json.ts";

/** Whether the document is a Windows event as the EVTX converters write it: `{"Event":{"System":…,"EventData":…}}`. */
export function isWindowsDocument(document: JsonObject): boolean {
  return isObject(at(document, "Event", "System"));
}

/** Whether the fields read are a Windows event's, flat or under an agent's prefix. */
export function isWindows(draft: Draft): boolean {
  const { fields } = draft;
  if (Object.hasOwn(fields, "winlog.event_id")) unprefix(draft);
  return (
    Object.hasOwn(fields, "EventID") &&
    ["Channel", "Provider_Name", "SourceName", "Computer", "Image", "CommandLine"].some((name) =>
      Object.hasOwn(fields, name),
    )
  );
}

/** Writes System and EventData under the names that Windows and Sigma give them. */
export function writeWindowsDocument(draft: Draft, document: JsonObject): void {
  const system = at(document, "Event", "System");
  if (!isObject(system)) return;
  for (const key in system) {
    const name = key.endsWith("_attributes") ? key.slice(0, -"_attributes".length) : key;
    const value = system[key];
    const text = textValue(value) ?? textValue(at(value, "#text"));
    if (text !== undefined) putField(draft, name, typeof value === "number" ? value : text);
    const attributes = at(value, "#attributes") ?? (isObject(value) ? value : undefined);
    if (!isObject(attributes)) continue;
    for (const attribute in attributes) {
      if (attribute.startsWith("#")) continue;
      const bare = attribute.startsWith("@") ? attribute.slice(1) : attribute;
      flatten(draft, `${name}_${bare}`, attributes[attribute], 4);
    }
  }
  for (const group of ["EventData", "UserData", "RenderingInfo"]) {
    const data = at(document, "Event", group);
    if (isObject(data)) writeData(draft, data);
  }
  const message = textValue(at(document, "Event", "RenderingInfo", "Message"));
  if (message !== undefined) draft.alert.message = clip(draft, message);
  for (const key in document) if (key !== "Event") flatten(draft, key, document[key]);
}

/** EventData is an object of names, or a `Data` list of named values; UserData holds one object more. */
function writeData(draft: Draft, data: JsonObject): void {
  for (const key in data) {
    if (draft.room <= 0) {
      draft.cut = true;
      return;
    }
    const value = data[key];
    if (key.startsWith("#") || key === "@xmlns") continue;
    if (key === "Data" && Array.isArray(value) && value.every(isObject)) {
      for (const item of value.slice(0, 256)) {
        const name = textValue(item["@Name"]) ?? textValue(at(item, "#attributes", "Name")) ?? "Data";
        flatten(draft, name, item["#text"] ?? item.text ?? "", 3);
      }
    } else if (isObject(value) && key !== "Data") {
      for (const name in value) if (!name.startsWith("#")) flatten(draft, name, value[name], 4);
    } else flatten(draft, key, value, 3);
  }
}

const WINLOG = new Map([
  ["winlog.event_id", "EventID"],
  ["winlog.channel", "Channel"],
  ["winlog.provider_name", "Provider_Name"],
  ["winlog.computer_name", "Computer"],
]);

/** Winlogbeat's names, again as Windows writes them. */
function unprefix(draft: Draft): void {
  for (const name of Object.keys(draft.fields)) {
    const own =
      WINLOG.get(name) ??
      (name.startsWith("winlog.event_data.") ? name.slice("winlog.event_data.".length) : undefined);
    const value = draft.fields[name];
    if (own !== undefined && own !== "__proto__" && value !== undefined) putNewField(draft, own, value);
  }
}
