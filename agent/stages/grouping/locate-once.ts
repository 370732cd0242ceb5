import type { Alert } from "../../core/alert.ts";
import type { System } from "../../core/asset.ts";
import type { Locate, Location } from "../locate.ts";

/** Names remembered of one way to locate. */
const MOST_NAMES = 50_000;

interface Memory {
  alert: Alert | undefined;
  found: Location;
  names: Map<string, System | null>;
}
const MEMORIES = new WeakMap<Locate, Memory>();

function memoryOf(locate: Locate): Memory {
  let memory = MEMORIES.get(locate);
  if (memory === undefined) {
    memory = { alert: undefined, found: { subject: null, system: null }, names: new Map() };
    MEMORIES.set(locate, memory);
  }
  return memory;
}

/** Locates an alert by its usual fields, once however often it is asked in a row. */
export function locateOnce(locate: Locate, alert: Alert, about?: readonly string[]): Location {
  if (about !== undefined) return locate(alert, about);
  const memory = memoryOf(locate);
  if (memory.alert !== alert) {
    memory.alert = alert;
    memory.found = locate(alert);
  }
  return memory.found;
}

/** The system of a host's name or of an address; null when none claims it. */
export function systemNamed(locate: Locate, name: string): System | null {
  const { names } = memoryOf(locate);
  let system = names.get(name);
  if (system === undefined) {
    system = locate({ host: { name } }, ["host.name"]).system;
    if (names.size >= MOST_NAMES) names.clear();
    names.set(name, system);
  }
  return system;
}
