import type { Alert, FieldValue } from "../../agent/core/alert.ts";
import { isEcsField } from "../shared/put-ecs.ts";

/** Reads one field of an alert; undefined when it is absent. */
export type FieldReader = (alert: Alert) => FieldValue | undefined;

/**
 * The reader of a field by its name: an ECS field first, then the source's own field of that name.
 *
 * `filters[].id` reads `filters.0.id`, `filters.1.id` and so on as one list, each value once.
 */
export function fieldReader(name: string): FieldReader {
  if (name.includes("[]")) return listReader(name);
  const own = ownReader(name);
  if (name.startsWith("labels.")) {
    const label = name.slice(7);
    return ({ labels }) => (labels !== undefined && Object.hasOwn(labels, label) ? labels[label] : undefined);
  }
  if (isOwnField(name)) return own;
  const ecs = ecsReader(name);
  return (alert) => ecs(alert) ?? own(alert);
}

/** Says whether a name is only ever one of the source's own fields. */
export function isOwnField(name: string): boolean {
  return name !== "@timestamp" && !name.startsWith("labels.") && !isEcsField(name);
}

/** Members of lists under one name: `filters[].id` has `filters.0.id`, `filters.1.id`. */
type Members = ReadonlyMap<string, readonly string[]>;

/** Values beyond which a list that is read says enough. */
const MOST_VALUES = 64;

/** The members of the record read last: all that reads its lists comes one after the other. */
let last: { fields: object; members: Members } | undefined;

/** Forgets the lists of the record read last, since fields were added to it. */
export function forgetLists(): void {
  last = undefined;
}

function membersOf(fields: Record<string, FieldValue>): Members {
  if (last?.fields === fields) return last.members;
  const members = new Map<string, string[]>();
  for (const key in fields) {
    const name = listNameOf(key);
    if (name === undefined) continue;
    const keys = members.get(name);
    if (keys === undefined) members.set(name, [key]);
    else keys.push(key);
  }
  last = { fields, members };
  return members;
}

/** The name of the list that a field is a member of, `filters[].id`; undefined when it is of none. */
export function listNameOf(key: string): string | undefined {
  let name: string | undefined;
  let from = 0;
  for (let dot = key.indexOf("."); dot >= 0; dot = key.indexOf(".", dot + 1)) {
    let end = dot + 1;
    while (key.charCodeAt(end) >= 0x30 && key.charCodeAt(end) <= 0x39) end++;
    if (end === dot + 1 || (end < key.length && key.charCodeAt(end) !== 0x2e)) continue;
    name = `${name ?? ""}${key.slice(from, dot)}[]`;
    from = end;
    dot = end - 1;
  }
  return name === undefined ? undefined : name + key.slice(from);
}

function listReader(name: string): FieldReader {
  const [plain = "", ...lists] = namesOfList(name);
  const own = ownReader(plain);
  return (alert) => {
    const { fields } = alert;
    if (fields === undefined) return undefined;
    const members = membersOf(fields);
    const keys = lists.flatMap((each) => members.get(each) ?? []);
    return oneOrSeveral([own(alert), ...keys.map((key) => fields[key])]);
  };
}

/**
 * The names under which a list may be: a list of scalars is one field, under the name itself, as is what would be a list
 * of one; then those of its members.
 */
export function namesOfList(name: string): string[] {
  const plain = name.replaceAll("[]", "");
  const names = name.endsWith("[]") ? [name, name.slice(0, -2)] : [name];
  return [plain, ...names.filter((each) => each.includes("[]"))];
}

/** Values as one list, each once; one alone is no list. */
export function oneOrSeveral(values: readonly (FieldValue | undefined)[]): FieldValue | undefined {
  const found: Scalar[] = [];
  for (const value of values) {
    if (!Array.isArray(value)) addOnce(found, value);
    else for (const one of value) addOnce(found, one);
  }
  return found.length > 1 ? found : found[0];
}

function addOnce(found: Scalar[], one: Scalar | null | undefined): void {
  if (one === undefined || one === null || one === "") return;
  if (found.length < MOST_VALUES && !found.includes(one)) found.push(one);
}

type Scalar = string | number | boolean;

function ownReader(name: string): FieldReader {
  // Only these names mean something to every object; to look for them among its own costs most.
  if (name in Object.prototype)
    return ({ fields }) => (fields !== undefined && Object.hasOwn(fields, name) ? fields[name] : undefined);
  return ({ fields }) => (fields === undefined ? undefined : fields[name]);
}

/** The reader of an ECS field alone. */
export function ecsReader(name: string): FieldReader {
  const path = name.split(".");
  const [first = "", second = ""] = path;
  if (path.length === 1) return (alert) => (alert as Record<string, FieldValue | undefined>)[first];
  // Most have two parts.
  if (path.length === 2)
    return (alert) =>
      (alert as Record<string, Record<string, FieldValue> | undefined>)[first]?.[second] as
        | FieldValue
        | undefined;
  return (alert) => {
    let here: unknown = alert;
    for (let at = 0; at < path.length && here !== undefined; at++)
      here = (here as Record<string, unknown>)[path[at] as string];
    return here as FieldValue | undefined;
  };
}

/** The text of a field's value; a list has one only when it has one member. */
export function textOfField(value: FieldValue | undefined): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  return Array.isArray(value) && value.length === 1 ? textOfField(value[0]) : undefined;
}
