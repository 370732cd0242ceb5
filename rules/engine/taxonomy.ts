import { TAXONOMY } from "./field-places.ts";
import { VERDICT_FIELD, verdictOf } from "./verdict.ts";

/** Under these, sources keep Windows' own names in their own spelling, and Azure's diagnostics those of their logs. */
const PREFIXES = [
  "data.win.eventdata.",
  "data.win.system.",
  "win.eventdata.",
  "win.system.",
  "winlog.event_data.",
  "winlog.",
  "properties.",
];
/** Names that Windows collectors spell in one word. */
const RESPELT = new Map([
  ["providername", "provider_name"],
  ["event_id", "eventid"],
  ["computer_name", "computer"],
]);

interface WithFields {
  fields?: Record<string, unknown> | undefined;
}

/** Reads a value through nested objects; an array of objects gives the values of all. */
export function dig(value: unknown, path: readonly string[], from = 0, lists = 0): unknown {
  let here = value;
  for (let at = from; at < path.length; at += 1) {
    if (Array.isArray(here)) {
      if (lists > DEEPEST) return undefined;
      const found = here.map((one) => dig(one, path, at, lists + 1)).filter((one) => one !== undefined);
      return found.length === 0 ? undefined : found.flat();
    }
    if (here === null || typeof here !== "object" || !Object.hasOwn(here, path[at] as string))
      return undefined;
    here = (here as Record<string, unknown>)[path[at] as string];
  }
  return here;
}

/**
 * Makes the reader of one field of alerts: the source's own name, then the ECS places (in the alert, or under
 * that name in `fields`), then the name as an ECS path, then the source's own name in another spelling.
 */
export function alertReader(name: string): (alert: WithFields) => unknown {
  if (name === VERDICT_FIELD) return verdictOf;
  const places = (TAXONOMY.get(name) ?? []).map((place) => ({ place, path: place.split(".") }));
  const path = name.split(".");
  const folded = name.toLowerCase();
  return (alert) => {
    const { fields } = alert;
    if (fields !== undefined && Object.hasOwn(fields, name)) return fields[name];
    for (const place of places) {
      const value = dig(alert, place.path);
      if (value !== undefined) return value;
      if (fields !== undefined && Object.hasOwn(fields, place.place)) return fields[place.place];
    }
    const value = dig(alert, path);
    if (value !== undefined || fields === undefined || path.length > 1) return value;
    const own = foldedNames(fields).get(folded);
    return own === undefined ? undefined : fields[own];
  };
}

let lastFields: object | undefined;
let lastNames = new Map<string, string>();

/** The names of `fields` in lower case, without spaces; kept for the last alert, whose every field asks. */
function foldedNames(fields: Record<string, unknown>): Map<string, string> {
  if (fields === lastFields) return lastNames;
  const names = new Map<string, string>();
  for (const name of Object.keys(fields)) {
    const lower = name.toLowerCase();
    // Sigma strips the spaces of Windows' names: `New Value` is NewValue.
    const folded = lower.includes(" ") ? lower.replaceAll(" ", "") : lower;
    if (!names.has(folded)) names.set(folded, name);
    const prefix = PREFIXES.find((one) => folded.startsWith(one));
    if (prefix === undefined) continue;
    const tail = folded.slice(prefix.length);
    const plain = RESPELT.get(tail) ?? tail;
    if (!names.has(plain)) names.set(plain, name);
  }
  lastFields = fields;
  lastNames = names;
  return names;
}

/** Makes the reader of one field of any JSON event: the name itself, then the name as a path of such names. */
export function eventReader(name: string): (event: Record<string, unknown>) => unknown {
  const path = name.split(".");
  if (path.length === 1) return (event) => (Object.hasOwn(event, name) ? event[name] : undefined);
  return (event) => (Object.hasOwn(event, name) ? event[name] : (dig(event, path) ?? digJoined(event, path)));
}

/** Follows a path whose steps may be joined in one name: `a.b.c` in `{"a": {"b.c": 1}}`. */
function digJoined(value: unknown, path: readonly string[]): unknown {
  // Longer paths than anyone writes would have too many ways through.
  if (path.length > 8) return undefined;
  for (let length = 1; length <= path.length; length += 1) {
    const found = dig(value, [path.slice(0, length).join(".")]);
    if (found === undefined) continue;
    if (length === path.length) return found;
    const deeper = digJoined(found, path.slice(length));
    if (deeper !== undefined) return deeper;
  }
  return undefined;
}

interface Texts extends WithFields {
  message?: string | undefined;
  event?: { original?: string | undefined } | undefined;
}

/** The texts of an alert that keywords are looked for in: its message, its raw text, every value of its fields. */
export function alertKeywords(alert: Texts): string[] {
  const texts: string[] = [];
  if (alert.message !== undefined) texts.push(alert.message);
  if (alert.event?.original !== undefined) texts.push(alert.event.original);
  if (alert.fields !== undefined) collect(alert.fields, texts, 0);
  return texts;
}

/** Every value of a JSON event, as text. */
export function eventKeywords(event: Record<string, unknown>): string[] {
  const texts: string[] = [];
  collect(event, texts, 0);
  return texts;
}

const DEEPEST = 64;

function collect(value: unknown, into: string[], depth: number): void {
  if (value === null || value === undefined || depth > DEEPEST) return;
  if (typeof value !== "object") {
    into.push(String(value));
    return;
  }
  for (const one of Object.values(value)) collect(one, into, depth + 1);
}
