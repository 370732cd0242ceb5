type Json = Record<string, unknown>;

/**
 * Gives the fields of a Windows event that a converter wrote as `{"Event": {"System": …, "EventData": …}}` the
 * names Sigma uses (`EventID`, `Provider_Name`, EventData's own), beside the event itself; others are returned as
 * they are.
 */
export function flattenWindowsEvent(event: Json): Json {
  const body = asMap(event.Event);
  const system = asMap(body?.System);
  if (body === undefined || system === undefined) return event;
  const flat: Json = {};
  for (const [name, value] of Object.entries(system)) addElement(flat, name, value);
  for (const part of ["EventData", "UserData"]) {
    const data = asMap(body[part]);
    if (data === undefined) continue;
    for (const [name, value] of Object.entries(data)) {
      const inner = asMap(value);
      if (name === "Data" || name === "#attributes") addData(flat, value);
      else if (part === "UserData" && inner !== undefined) addAll(flat, inner);
      else addElement(flat, name, value);
    }
  }
  for (const name of Object.keys(flat)) {
    // Sigma strips the spaces of Windows' names: `New Value` is NewValue.
    if (name.includes(" ")) flat[name.replaceAll(" ", "")] ??= flat[name];
  }
  return { ...flat, ...event };
}

/** An element's text goes under its name, its attributes under `Name_Attribute`. */
function addElement(flat: Json, name: string, value: unknown): void {
  const map = asMap(value);
  // Some converters put the attributes beside the element.
  if (map !== undefined && name.endsWith("_attributes")) {
    addElement(flat, name.slice(0, -"_attributes".length), { "#attributes": map });
    return;
  }
  if (map === undefined) {
    flat[name] = value;
    return;
  }
  const attributes = asMap(map["#attributes"]) ?? asMap(map["@attributes"]);
  for (const [attribute, text] of Object.entries(attributes ?? {})) flat[`${name}_${attribute}`] = text;
  for (const [attribute, text] of Object.entries(map)) {
    if (attribute === "#text") flat[name] = text;
    else if (attribute.startsWith("@") && attribute !== "@attributes")
      flat[`${name}_${attribute.slice(1)}`] = text;
    else if (!attribute.startsWith("#") && !attribute.startsWith("@")) flat[`${name}_${attribute}`] = text;
  }
}

/** `Data` elements: named by an attribute, or a list of texts without names. */
function addData(flat: Json, value: unknown): void {
  for (const one of Array.isArray(value) ? value : [value]) {
    const map = asMap(one);
    const attributes = asMap(map?.["#attributes"]) ?? map;
    const name = attributes?.Name ?? attributes?.["@Name"];
    if (map !== undefined && typeof name === "string") flat[name] = map["#text"] ?? null;
    else if (map === undefined || map["#text"] !== undefined) {
      const before = flat.Data;
      const text = map === undefined ? one : map["#text"];
      flat.Data = before === undefined ? text : [before, text].flat();
    }
  }
}

function addAll(flat: Json, map: Json): void {
  for (const [name, value] of Object.entries(map)) if (!name.startsWith("#")) addElement(flat, name, value);
}

function asMap(value: unknown): Json | undefined {
  return value !== null && typeof value === "object" && !Array.isArray(value) ? (value as Json) : undefined;
}
