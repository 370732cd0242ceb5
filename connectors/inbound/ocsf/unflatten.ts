import { ALERT_LIMITS } from "../../../agent/core/alert.ts";
import { byName } from "../../shared/by-name.ts";
import { isObject, type JsonObject } from "../../shared/json.ts";

/** The names that a dotted name is made of, deeper than is read at the most. */
const partsOf = byName<readonly string[]>(4096, (name) => name.split(".", ALERT_LIMITS.depth + 1));

/** The document as OCSF has it, where its sender wrote `src_endpoint.ip` as one name; what is nested stands. */
export function unflatten(document: JsonObject): JsonObject {
  if (!hasDots(document)) return document;
  const whole: JsonObject = {};
  // Objects made here, which alone may be written to.
  const made = new Set<unknown>([whole]);
  for (const key in document) {
    const parts = partsOf(key);
    const last = parts.length - 1;
    if (last >= ALERT_LIMITS.depth || key.includes("__proto__")) continue;
    let here = whole;
    for (let at = 0; at < last; at++) {
      const name = parts[at] as string;
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
    const name = parts[last] as string;
    const own = Object.hasOwn(here, name) ? here[name] : undefined;
    if (!isObject(own)) here[name] = document[key];
    else if (isObject(document[key])) here[name] = { ...document[key], ...own };
  }
  return whole;
}

function hasDots(document: JsonObject): boolean {
  for (const name in document) if (name.includes(".")) return true;
  return false;
}
