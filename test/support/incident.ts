import type { System } from "../../agent/core/asset.ts";
import { System as SystemSchema } from "../../agent/core/asset.ts";
import type { Fact } from "../../agent/core/fact.ts";
import type { Incident } from "../../agent/core/incident.ts";

/** Sunday 15 November 2026, 02:00 in Paris, µs. */
export const NIGHT = Date.UTC(2026, 10, 15, 1, 0) * 1000;

export function anIncident(over: Partial<Incident> = {}): Incident {
  return {
    id: "incident-1",
    facility: "ch-exemple",
    reference: "2026-0001",
    state: "open",
    occurred: NIGHT,
    first_alert: NIGHT,
    found: null,
    last_alert: NIGHT,
    alerts: 1,
    entities: [],
    systems: [],
    causes: [],
    malicious: null,
    declarant: null,
    opened_by: "machine",
    because: "",
    ...over,
  };
}

let next = 0;
export function aFact(kind: Fact["kind"], over: Partial<Fact> = {}): Fact {
  return {
    id: `fact-${++next}`,
    incident: "incident-1",
    kind,
    holds: true,
    system: null,
    subjects: [],
    since: NIGHT,
    until: null,
    confidence: "suspected",
    origin: { by: "rule", rule: "rule-1", version: "abc", title: "règle d'essai" },
    ended_by: [],
    evidence: ["alert-1"],
    alerts: 1,
    stated: NIGHT,
    withdrawn: null,
    ...over,
  };
}

/** A statement by a person about the incident as a whole. */
export function said(kind: Fact["kind"], holds: boolean, over: Partial<Fact> = {}): Fact {
  return aFact(kind, {
    holds,
    origin: { by: "person", source: "cadre de santé", writer: "astreinte" },
    evidence: [],
    alerts: 0,
    ...over,
  });
}

export function systemsOf(
  ...systems: (Partial<System> & Pick<System, "id" | "kind">)[]
): Map<string, System> {
  return new Map(
    systems.map((system) => [system.id, SystemSchema.parse({ name: system.id.toUpperCase(), ...system })]),
  );
}
