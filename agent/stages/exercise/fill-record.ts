import type { System } from "../../core/asset.ts";
import type { Instant } from "../../core/clock.ts";
import { isoFromInstant } from "../../core/clock.ts";

const PLACEHOLDER = /\$\{([a-z][a-z0-9_.-]{0,60})\}/g;

/** A machine of a scenario: one that is always so called, or one of the facility's first system of a kind. */
type ScenarioHost = { name: string } | { kind: System["kind"]; otherwise: string };

/** What stands in the place of `${…}` in the records of a scenario. */
export type Values = Readonly<Record<string, string>>;

/** The names of all `${…}` in records, each once. */
export function placeholdersIn(value: unknown): string[] {
  const text = JSON.stringify(value) ?? "";
  return [...new Set([...text.matchAll(PLACEHOLDER)].map(([, name = ""]) => name))];
}

/** Puts values in the place of `${…}` in every text of a record; what has no value stands as it is. */
export function fillRecord<T>(record: T, values: Values): T {
  const fill = (value: unknown): unknown => {
    if (typeof value === "string")
      return value.replace(PLACEHOLDER, (whole, name: string) => values[name] ?? whole);
    if (Array.isArray(value)) return value.map(fill);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, fill(each)]));
  };
  return fill(record) as T;
}

/** The times of a record as tools write them, in the facility's zone. */
export function timesOf(now: Instant, zone: string): Values {
  const date = new Date(Math.floor(now / 1000));
  const part = (options: Intl.DateTimeFormatOptions, locale = "en-US") =>
    date.toLocaleString(locale, { ...options, timeZone: zone });
  const clock = date.toLocaleTimeString("en-GB", { timeZone: zone });
  return {
    rfc3164: `${part({ month: "short" })} ${part({ day: "numeric" }).padStart(2, " ")} ${clock}`,
    rfc5424: isoFromInstant(now),
    epoch_ms: String(date.getTime()),
  };
}

/**
 * What each machine of a scenario is called in a facility, by `host.<name>`: after the first system of its kind that
 * names hosts; `strange` are those for which there is none.
 */
export function hostsOf(
  { hosts }: { hosts: Readonly<Record<string, ScenarioHost>> },
  systems: readonly Pick<System, "kind" | "hosts">[],
): { values: Values; strange: string[] } {
  const strange: string[] = [];
  const values = Object.entries(hosts).map(([name, host]) => {
    if ("name" in host) return [`host.${name}`, host.name];
    const pattern = systems.find((each) => each.kind === host.kind && each.hosts.length > 0)?.hosts[0];
    if (pattern === undefined) strange.push(`${host.otherwise} (${host.kind})`);
    return [`host.${name}`, pattern?.replace(/[*?]+/g, "1") ?? host.otherwise];
  });
  return { values: Object.fromEntries(values), strange };
}
