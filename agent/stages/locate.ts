import { BlockList, isIP } from "node:net";
import type { Alert } from "../core/alert.ts";
import type { System } from "../core/asset.ts";

/** What an alert is about: the name its source gives, and the facility's system behind it when one is known. */
export interface Location {
  subject: string | null;
  system: System | null;
}

/** Fields that name the host or service concerned, unless a rule says otherwise. */
const DEFAULT_ABOUT = [
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

/** Finds the system of an alert; the first system of the configuration wins. */
export type Locate = (alert: Alert, about?: readonly string[]) => Location;

export function locator(systems: readonly System[]): Locate {
  const matchers = systems.map((system) => ({ system, matches: matcherOf(system) }));
  return (alert, about = DEFAULT_ABOUT) => {
    const names = about.flatMap((path) => valuesAt(alert, path));
    for (const name of names) {
      const found = matchers.find(({ matches }) => matches(name));
      if (found !== undefined) return { subject: name, system: found.system };
    }
    return { subject: names[0] ?? null, system: null };
  };
}

function matcherOf(system: System): (name: string) => boolean {
  const patterns = [...system.hosts, ...system.services].map((pattern) => pattern.toLowerCase().split("*"));
  const networks = new BlockList();
  for (const cidr of system.cidrs) {
    const [address = "", bits = ""] = cidr.split("/");
    networks.addSubnet(address, Number(bits), address.includes(":") ? "ipv6" : "ipv4");
  }
  return (name) => {
    const family = isIP(name);
    if (family !== 0 && networks.check(name, family === 6 ? "ipv6" : "ipv4")) return true;
    const lower = name.toLowerCase();
    // A short pattern also names the host of a fully qualified name.
    const host = family === 0 ? lower.split(".")[0] : undefined;
    return patterns.some((parts) => fits(parts, lower) || (host !== undefined && fits(parts, host)));
  };
}

/** Matches a name against the pieces of a `*` pattern, in linear time. */
function fits(parts: readonly string[], name: string): boolean {
  const first = parts[0] ?? "";
  if (parts.length === 1) return name === first;
  const last = parts.at(-1) ?? "";
  if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last))
    return false;
  let from = first.length;
  const end = name.length - last.length;
  for (const part of parts.slice(1, -1)) {
    const at = name.indexOf(part, from);
    if (at < 0 || at + part.length > end) return false;
    from = at + part.length;
  }
  return true;
}

/** Texts that stand at a dotted path of an alert; empty when none does. */
export function valuesAt(alert: Alert, path: string): string[] {
  let value: unknown = alert;
  const flat = alert.fields?.[path];
  if (flat !== undefined) value = flat;
  else
    for (const step of path.split(".")) value = (value as Record<string, unknown> | undefined | null)?.[step];
  const list = Array.isArray(value) ? value : [value];
  return list
    .filter((each): each is string => typeof each === "string" && each !== "")
    .map((each) => each.slice(0, 255));
}
