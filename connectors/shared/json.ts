import { ALERT_LIMITS, AlertTag, type FieldValue } from "../../agent/core/alert.ts";
import type { ParseContext, Parsed, ParseError } from "../contract.ts";
import { addTag, clip, type Draft, finish, newDraft, putField } from "./draft.ts";

export type JsonObject = Record<string, unknown>;

export function isObject(value: unknown): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Reads one record of text as JSON. Errors: `empty`, `not_json`. */
export function readJson(text: string): { value: unknown; error?: undefined } | { error: ParseError } {
  try {
    return { value: JSON.parse(text.charCodeAt(0) === 0xfeff ? text.slice(1) : text) };
  } catch {
    if (text.trim() === "") return { error: { code: "empty", message: "the record is empty" } };
    return { error: { code: "not_json", message: "the record is not a JSON value" } };
  }
}

/** The best that can be made of a record whose shape is wrong: its text as the message, with the error. */
export function broken(text: string, module: string, error: ParseError, context: ParseContext): Parsed {
  if (error.code === "empty") return { error };
  const draft = newDraft(text, module, module);
  draft.alert.message = clip(draft, text);
  const alert = finish(draft, undefined, context);
  addTag(alert, AlertTag.unrecognised);
  return { error, alert };
}

/** The text of a value that came already decoded; what nests too deep to be written has none. */
export function textOf(value: unknown): string {
  try {
    return JSON.stringify(value) ?? "";
  } catch {
    return "";
  }
}

/** Writes a value under a dotted name: objects and lists of objects are flattened, to ALERT_LIMITS.depth. */
export function flatten(draft: Draft, name: string, value: unknown, depth = 1): void {
  if (value === undefined) return;
  if (value === null || typeof value !== "object") {
    if (isScalar(value)) putField(draft, name, value);
    return;
  }
  if (depth > ALERT_LIMITS.depth || draft.room <= 0) {
    draft.cut = true;
    return;
  }
  if (Array.isArray(value)) {
    flattenList(draft, name, value, depth);
    return;
  }
  // A name already over its bound only grows from here.
  const stem = name.length > ALERT_LIMITS.name ? name.slice(0, ALERT_LIMITS.name) : name;
  for (const key in value) {
    if (draft.room <= 0) {
      draft.cut = true;
      return;
    }
    flatten(draft, stem === "" ? key : `${stem}.${key}`, (value as JsonObject)[key], depth + 1);
  }
}

/** A list of scalars is one field; the members of any other have their index in their name. */
function flattenList(draft: Draft, name: string, list: unknown[], depth: number): void {
  for (let index = 0; index < list.length && index <= ALERT_LIMITS.fields; index++) {
    if (isScalar(list[index])) continue;
    for (let each = 0; each < list.length && draft.room > 0; each++) {
      flatten(draft, `${name}.${each}`, list[each], depth + 1);
    }
    if (draft.room <= 0) draft.cut = true;
    return;
  }
  putField(draft, name, list as Scalar[]);
}

type Scalar = Exclude<FieldValue, unknown[]>;

/** A number beyond what a double holds is none: JSON has no way to write it again. */
export function isScalar(value: unknown): value is Scalar {
  return (
    typeof value === "string" ||
    (typeof value === "number" && Number.isFinite(value)) ||
    typeof value === "boolean" ||
    value === null
  );
}

/** A text of at least one character from a string or a number; undefined from anything else. */
export function textValue(value: unknown): string | undefined {
  if (typeof value === "string") return value === "" ? undefined : value;
  return typeof value === "number" && Number.isFinite(value) ? String(value) : undefined;
}

/** What is at a path of keys, none of them the record's choice; undefined when something is missing on the way. */
export function at(value: unknown, first: string, second?: string, third?: string, fourth?: string): unknown {
  const here = isObject(value) ? value[first] : undefined;
  return second === undefined || here === undefined ? here : at(here, second, third, fourth);
}

/** Says whether an object has no members. */
export function isEmpty(value: object): boolean {
  for (const _ in value) return false;
  return true;
}

/** Reads the one JSON value of a record; a list of one stands for its element. Errors: `readJson`'s, `several_records`. */
export function readOne(text: string): ReturnType<typeof readJson> {
  const read = readJson(text);
  if (read.error !== undefined || !Array.isArray(read.value)) return read;
  if (read.value.length === 1) return { value: read.value[0] };
  const message = `the record is a list of ${read.value.length}; one object was expected`;
  return { error: { code: "several_records", message } };
}
