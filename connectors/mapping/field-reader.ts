import type { Alert, FieldValue } from "../../agent/core/alert.ts";
import { isEcsField } from "../shared/put-ecs.ts";

/** Reads one field of an alert; undefined when it is absent. */
export type FieldReader = (alert: Alert) => FieldValue | undefined;

/** The reader of a field by its name: an ECS field first, then the source's own field of that name. */
export function fieldReader(name: string): FieldReader {
  const own = ownReader(name);
  if (name.startsWith("labels.")) {
    const label = name.slice(7);
    return ({ labels }) => (labels !== undefined && Object.hasOwn(labels, label) ? labels[label] : undefined);
  }
  if (name !== "@timestamp" && !isEcsField(name)) return own;
  const ecs = ecsReader(name);
  return (alert) => ecs(alert) ?? own(alert);
}

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
