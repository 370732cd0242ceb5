import type { Alert, FieldValue } from "../../../agent/core/alert.ts";

/** What was seen of one field of the source in the records of a sample. */
export interface FieldSeen {
  /** As a mapping names it: `filters[].id` for the members of a list. */
  name: string;
  /** Records that have it. */
  count: number;
  /** The first values, each once. */
  values: Set<string>;
  /** True when there were more. */
  many: boolean;
  /** Records in which an ECS field has the same value already. */
  placed: number;
}

/** Names of fields beyond which a sample says enough. */
const MOST_NAMES = 400;
/** Values kept of a field. */
const MOST_VALUES = 24;
/** Characters of a value that are kept. */
const LONGEST = 2048;
/** What says how the record was read, or is the whole of it. */
const NOT_VALUES = new Set(["event.original", "event.module", "event.dataset", "ecs.version", "tags"]);

/** Goes once over the fields of all records; `left` are the names beyond those that are listed. */
export function seenIn(alerts: readonly Alert[]): { seen: FieldSeen[]; left: number } {
  const found = new Map<string, FieldSeen>();
  let left = 0;
  for (const alert of alerts) {
    const places = placesOf(alert);
    const here = new Set<string>();
    for (const [own, value] of Object.entries(alert.fields ?? {})) {
      const text = firstText(value);
      if (text === undefined || text === "" || isLabelled(own, alert)) continue;
      const name = own.replace(/\.\d+(?=\.|$)/g, "[]");
      let field = found.get(name);
      if (field === undefined) {
        if (found.size >= MOST_NAMES) {
          left++;
          continue;
        }
        field = { name, count: 0, values: new Set(), many: false, placed: 0 };
        found.set(name, field);
      }
      const kept = text.slice(0, LONGEST);
      if (field.values.size < MOST_VALUES) field.values.add(kept);
      else field.many ||= !field.values.has(kept);
      // A member of a list counts once a record.
      if (here.has(name)) continue;
      here.add(name);
      field.count++;
      if (isPlaced(own, kept, places)) field.placed++;
    }
  }
  return { seen: [...found.values()], left };
}

/** CEF's `cs1` and `cs1Label`, which are one field under the name that the label gives it. */
function isLabelled(name: string, { fields = {} }: Alert): boolean {
  return (
    /^[a-zA-Z0-9]{1,30}(?:Label)?$/.test(name) && Object.hasOwn(fields, `${name.replace(/Label$/, "")}Label`)
  );
}

function firstText(value: FieldValue): string | undefined {
  const one = Array.isArray(value) ? value[0] : value;
  return one === undefined || one === null ? undefined : String(one);
}

/** Values of ECS fields, in lower case, with the last parts of the names that have them. */
function placesOf(alert: Alert): Map<string, Set<string>> {
  const places = new Map<string, Set<string>>();
  const walk = (name: string, value: unknown): void => {
    if (Array.isArray(value)) for (const one of value) walk(name, one);
    else if (typeof value === "object" && value !== null) {
      for (const [key, member] of Object.entries(value)) {
        const whole = name === "" ? key : `${name}.${key}`;
        if (whole !== "fields" && !NOT_VALUES.has(whole)) walk(whole, member);
      }
    } else if (value !== undefined) {
      const text = String(value).slice(0, LONGEST).toLowerCase();
      const names = places.get(text) ?? new Set();
      names.add(name.slice(name.lastIndexOf(".") + 1));
      places.set(text, names);
    }
  };
  walk("", alert);
  return places;
}

/** Characters from which two equal values are hardly so by chance. */
const LONG = 4;

function isPlaced(own: string, value: string, places: ReadonlyMap<string, ReadonlySet<string>>): boolean {
  const names = places.get(value.toLowerCase()) ?? places.get(isoDateOf(value));
  if (names === undefined) return false;
  const last = own.slice(own.lastIndexOf(".") + 1).toLowerCase();
  return value.length >= LONG || [...names].some((name) => last.includes(name) || name.includes(last));
}

/** A date with a zone as ECS writes it; anything else as it is. */
function isoDateOf(value: string): string {
  if (!/^\d{4}-\d\d-\d\dT[\d:.]{5,30}(?:Z|[+-]\d\d:?\d\d)$/.test(value)) return value;
  const instant = Date.parse(value);
  return Number.isNaN(instant) ? value : new Date(instant).toISOString().toLowerCase();
}
