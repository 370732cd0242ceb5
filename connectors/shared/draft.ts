import { ALERT_LIMITS, type Alert, AlertTag, ECS_VERSION, type FieldValue } from "../../agent/core/alert.ts";
import type { Instant } from "../../agent/core/clock.ts";
import type { ParseContext } from "../contract.ts";
import { isoOf } from "./iso-of.ts";

/** An alert being written, with what is left of its bounds. */
export interface Draft {
  alert: Alert;
  event: NonNullable<Alert["event"]>;
  fields: Record<string, FieldValue>;
  /** Fields that may still be added. */
  room: number;
  /** Whether something was cut. */
  cut: boolean;
}

/**
 * Makes plain objects that are given room for a dozen names: an empty literal gets slow to fill after a few.
 *
 * Their prototype is Object's, so that nothing tells them from a literal.
 */
function roomy<T extends object>(): new () => T {
  const Roomy = function Roomy() {} as unknown as new () => T;
  Object.defineProperty(Roomy, "prototype", { value: Object.prototype });
  // The runtime gives all of them the room that the first was found to need.
  const first = new Roomy() as Record<string, unknown>;
  for (let name = 0; name < 12; name++) first[`name${name}`] = undefined;
  return Roomy;
}

const Fields = roomy<Record<string, FieldValue>>();
const Root = roomy<Alert>();

/**
 * The fields of a structured record, which has dozens: the runtime counts the assignments written here to know what
 * room each object gets, and beyond its room an object is several times slower to fill.
 */
const WideFields = function WideFields(this: Record<string, null>, learning: boolean) {
  if (!learning) return;
  this.a1 = this.a2 = this.a3 = this.a4 = this.a5 = this.a6 = this.a7 = this.a8 = null;
  this.b1 = this.b2 = this.b3 = this.b4 = this.b5 = this.b6 = this.b7 = this.b8 = null;
  this.c1 = this.c2 = this.c3 = this.c4 = this.c5 = this.c6 = this.c7 = this.c8 = null;
  this.d1 = this.d2 = this.d3 = this.d4 = this.d5 = this.d6 = this.d7 = this.d8 = null;
} as unknown as new (
  learning: boolean,
) => Record<string, FieldValue>;
Object.defineProperty(WideFields, "prototype", { value: Object.prototype });
// The room that the first few did not use would be taken from the others.
for (let n = 0; n < 16; n++) new WideFields(true);

/** Begins the alert of a record that is likely to have dozens of fields. */
export function newWideDraft(original: string, module: string, dataset: string): Draft {
  const draft = newDraft(original, module, dataset);
  draft.fields = new WideFields(false);
  return draft;
}

/** Begins the alert of one record; `original` is its whole raw text. */
export function newDraft(original: string, module: string, dataset: string): Draft {
  const event: Draft["event"] = { original, module, dataset };
  const alert = new Root();
  alert["@timestamp"] = "";
  alert.ecs = { version: ECS_VERSION };
  alert.event = event;
  const draft: Draft = { alert, event, fields: new Fields(), room: ALERT_LIMITS.fields, cut: false };
  // A UTF-16 unit is at most three bytes of UTF-8: short texts need no measuring.
  if (original.length * 3 > ALERT_LIMITS.original) keepOriginal(draft, original);
  return draft;
}

/** Takes up an alert already written, with what is left of its bounds. */
export function draftOf(alert: Alert): Draft {
  alert.event ??= {};
  const fields = alert.fields ?? {};
  return {
    alert,
    event: alert.event,
    fields,
    room: ALERT_LIMITS.fields - Object.keys(fields).length,
    cut: false,
  };
}

/** Sets `event.original`, cut to its bound in bytes. */
export function keepOriginal(draft: Draft, original: string): void {
  draft.event.original = original;
  if (original.length * 3 <= ALERT_LIMITS.original) return;
  if (original.length <= ALERT_LIMITS.original && Buffer.byteLength(original) <= ALERT_LIMITS.original)
    return;
  const head = Buffer.from(cutAt(original, ALERT_LIMITS.original));
  let end = Math.min(head.length, ALERT_LIMITS.original);
  // Steps back from the middle of a character to its first byte.
  while (end < head.length && end > 0 && ((head[end] ?? 0) & 0xc0) === 0x80) end--;
  draft.event.original = head.toString("utf8", 0, end);
  draft.cut = true;
}

/** Sets `event.original` of an alert that was read from a part of what came. */
export function restoreOriginal(alert: Alert, original: string): void {
  const draft = draftOf(alert);
  keepOriginal(draft, original);
  if (draft.cut) addTag(alert, AlertTag.cut);
}

/** Gives the alert its time and its marks; `instant` is undefined when the record told none. */
export function finish(draft: Draft, instant: Instant | undefined, context: ParseContext): Alert {
  const { alert } = draft;
  alert["@timestamp"] = isoOf(instant ?? context.received);
  if (instant === undefined) addTag(alert, AlertTag.noTime);
  if (draft.cut) addTag(alert, AlertTag.cut);
  return alert;
}

/** Adds a mark once. */
export function addTag(alert: Alert, tag: string): void {
  if (alert.tags === undefined) alert.tags = [tag];
  else if (!alert.tags.includes(tag)) alert.tags.push(tag);
}

/** Bounds one value; the cut is remembered for the mark. */
export function clip(draft: Draft, value: string): string {
  if (value.length <= ALERT_LIMITS.value) return value;
  draft.cut = true;
  return cutAt(value, ALERT_LIMITS.value);
}

/** Writes what the source wrote under its own name; the last of a repeated name stands, each counting once. */
export function putField(draft: Draft, name: string, value: FieldValue): void {
  if (draft.room <= 0) {
    draft.cut = true;
    return;
  }
  if (draft.room === ALERT_LIMITS.fields) draft.alert.fields = draft.fields;
  draft.room--;
  draft.fields[fieldName(draft, name)] =
    typeof value === "string" ? clip(draft, value) : Array.isArray(value) ? clipList(draft, value) : value;
}

/** Writes a field unless its name is taken. */
export function putNewField(draft: Draft, name: string, value: FieldValue): void {
  if (!Object.hasOwn(draft.fields, name)) putField(draft, name, value);
}

/** A bounded name that is safe as a key of a plain object. */
export function fieldName(draft: Draft, name: string): string {
  if (name.length > ALERT_LIMITS.name) {
    draft.cut = true;
    return cutAt(name, ALERT_LIMITS.name);
  }
  // Assigned, this name would change the object's prototype instead of adding a key.
  return name === "__proto__" ? "_proto_" : name;
}

type Scalar = string | number | boolean | null;

/** Bounds a list as a whole: its length by the number of fields, its texts together by one value. */
function clipList(draft: Draft, list: Scalar[]): Scalar[] {
  let characters = 0;
  let kept = 0;
  for (; kept < list.length; kept++) {
    const item = list[kept] as Scalar;
    characters += typeof item === "string" ? item.length : 8;
    if (kept >= ALERT_LIMITS.fields || characters > ALERT_LIMITS.value) {
      draft.cut = true;
      break;
    }
  }
  return list.slice(0, kept);
}

function cutAt(value: string, length: number): string {
  if (value.length <= length) return value;
  const last = value.charCodeAt(length - 1);
  return value.slice(0, last >= 0xd800 && last <= 0xdbff ? length - 1 : length);
}
