import { ALERT_LIMITS } from "../../../agent/core/alert.ts";
import { isObject, type JsonObject } from "../../shared/json.ts";

/** The document as OCSF has it, where its sender wrote `src_endpoint.ip` as one name; what is nested stands. */
export function unflatten(document: JsonObject): JsonObject {
  let dotted = false;
  for (const key in document) dotted ||= key.includes(".");
  if (!dotted) return document;
  const whole: JsonObject = {};
  // Objects made here, which alone may be written to.
  const made = new Set<unknown>([whole]);
  for (const key in document) {
    const path = key.split(".", ALERT_LIMITS.depth + 1);
    const last = path.pop() ?? "";
    if (path.length >= ALERT_LIMITS.depth || key.includes("__proto__")) continue;
    let here = whole;
    for (const name of path) {
      const below = Object.hasOwn(here, name) ? here[name] : undefined;
      if (isObject(below) && made.has(below)) {
        here = below;
        continue;
      }
      const next = isObject(below) ? { ...below } : {};
      made.add(next);
      here[name] = next;
      here = next;
    }
    const stands = Object.hasOwn(here, last) && isObject(here[last]);
    if (!stands) here[last] = document[key];
    else if (isObject(document[key])) here[last] = { ...document[key], ...(here[last] as JsonObject) };
  }
  return whole;
}
