import type { DeclarationLine, Duty, RegisterEntry } from "../../agent/stages/register/entry.ts";
import { anIncident } from "./incident.ts";

type Over = Partial<Omit<RegisterEntry, "incident">> & { incident?: Partial<RegisterEntry["incident"]> };
let next = 0;

/** An entry of the register with nothing in it but an incident. */
export function anEntry({ incident, ...over }: Over = {}): RegisterEntry {
  next += 1;
  const reference = `2026-${String(next).padStart(4, "0")}`;
  return {
    incident: { ...anIncident({ id: `incident-${next}`, reference }), entry: next, ...incident },
    created: next,
    secret: false,
    facts: [],
    duties: [],
    deadlines: [],
    declarations: [],
    decisions: [],
    deliveries: [],
    closings: [],
    dutyVersions: [],
    people: new Set(),
    words: "",
    ...over,
  };
}

/** A duty that leads and is due. */
export function aDuty(over: Partial<Duty & { entry: number }> = {}): RegisterEntry["duties"][number] {
  return {
    regime: "sante-2022",
    version: "1",
    title: "Incident de sécurité",
    verdict: "declare",
    leads: true,
    sentence: "À déclarer.",
    met: ["Sécurité des soins"],
    entry: 10,
    ...over,
  };
}

/** A decision on the first text. */
export function aDecision(
  decision: "approved" | "set_aside",
  at: number,
  over: Partial<RegisterEntry["decisions"][number]> = {},
): RegisterEntry["decisions"][number] {
  return {
    id: `decision-${at}`,
    incident: "incident-1",
    declaration: "declaration-1",
    version: 1,
    sha256: "f".repeat(64),
    decision,
    delegate: { account: "acc-claire", name: "Dr Claire" },
    how: { channel: "web", second_factor: "totp" },
    reason: decision === "set_aside" ? "Pas d'effet sur les soins." : null,
    at,
    entry: 20,
    ...over,
  };
}

/** A filing that arrived. */
export function aFiling(
  settled: number,
  over: Partial<RegisterEntry["deliveries"][number]> = {},
): RegisterEntry["deliveries"][number] {
  return {
    id: `delivery-${settled}`,
    incident: "incident-1",
    declaration: "declaration-1",
    version: 1,
    sha256: "f".repeat(64),
    kind: "declaration",
    channel: "portail",
    reach: "assisted",
    state: "delivered",
    attempts: [],
    reference: "S-2026-1",
    planned: settled,
    settled,
    exercise: false,
    entry: 30,
    ...over,
  };
}

/** A text that was decided on, with what was met in it. */
export function aText(
  over: Partial<DeclarationLine & { entry: number }> = {},
): RegisterEntry["declarations"][number] {
  return {
    id: "declaration-1",
    version: 1,
    kind: "initial",
    state: "set_aside",
    regime: "sante-2022",
    sha256: "f".repeat(64),
    sealed: { pack: "sante-2022, version 1", met: ["Sécurité des soins (D.1111-16-2)"], exercise: false },
    entry: 15,
    ...over,
  };
}
