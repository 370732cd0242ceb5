import type { Alert } from "../core/alert.ts";
import type { Asset, System } from "../core/asset.ts";
import { indexSystems } from "../core/index-systems.ts";

/** What an alert is about: the name its source gives, and the facility's system behind it when one is known. */
export interface Location {
  subject: string | null;
  system: System | null;
}

/** Fields that name the host or service concerned, unless a rule says otherwise. */
export const DEFAULT_ABOUT = [
  "host.name",
  "host.hostname",
  "host.ip",
  "service.name",
  "destination.ip",
  "destination.domain",
  // A collector relays what a product says of a machine: it stands for the host, the machine for the source.
  "source.ip",
  "source.domain",
];

/** Names whose system is remembered. */
const REMEMBERED = 50_000;
/** Characters of a name that are looked at. */
const LONGEST = 255;

/** Finds the system of an alert: of its names, in order, the first that a system claims. */
export type Locate = (alert: Alert, about?: readonly string[]) => Location;

export function locator(systems: readonly System[], assets: readonly Asset[] = []): Locate {
  const index = indexSystems(systems, assets);
  const byId = new Map(systems.map((system) => [system.id, system]));
  /** A storm names the same few hosts over and over; names invented by the thousand only empty it. */
  const found = new Map<string, System | null>();
  const systemOf = (name: string): System | null => {
    let system = found.get(name);
    if (system === undefined) {
      const id = index.find(name);
      system = (id === undefined ? undefined : byId.get(id)) ?? null;
      if (found.size >= REMEMBERED) found.clear();
      // The beginning of a long text would keep all of it in memory.
      if (name.length < LONGEST) found.set(name, system);
    }
    return system;
  };
  return (alert, about = DEFAULT_ABOUT) => {
    let subject: string | null = null;
    for (const path of about) {
      for (const name of valuesAt(alert, path)) {
        subject ??= name;
        const system = systemOf(name);
        if (system !== null) return { subject: name, system };
      }
    }
    return { subject, system: null };
  };
}

/** Steps of the paths that are asked for again and again: those of our own stages and of the rules. */
const STEPS = new Map<string, readonly string[]>();

/** Texts that stand at a dotted path of an alert; empty when none does. */
export function valuesAt(alert: Alert, path: string): string[] {
  let value: unknown = alert.fields?.[path];
  if (value === undefined) {
    let steps = STEPS.get(path);
    if (steps === undefined) {
      steps = path.split(".");
      STEPS.set(path, steps);
    }
    value = alert;
    for (const step of steps) value = (value as Record<string, unknown> | undefined | null)?.[step];
  }
  if (value === undefined || value === "") return [];
  if (typeof value === "string") return [value.length > LONGEST ? value.slice(0, LONGEST) : value];
  const list = Array.isArray(value) ? value : [value];
  return list
    .filter((each): each is string => typeof each === "string" && each !== "")
    .map((each) => each.slice(0, LONGEST));
}
