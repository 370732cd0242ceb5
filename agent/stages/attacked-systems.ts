import type { System } from "../core/asset.ts";
import type { Instant } from "../core/clock.ts";
import { type Fact, type FactKind, holdsAt } from "../core/fact.ts";
import type { Incident, IncidentState } from "../core/incident.ts";
import type { Reads } from "../store/store.ts";

/** An incident in these states is not over. */
const RUNNING: readonly IncidentState[] = ["open", "in_review", "approved", "declared"];
/** Incidents looked through: the latest. */
const LOOKED = 500;
/** Facts about an incident as a whole that make what it touches untrustworthy. */
const OF_ALL: ReadonlySet<FactKind> = new Set<FactKind>([
  "malicious_action_suspected",
  "account_compromised",
]);

/** A system that is not to be trusted now, and the incident because of which. */
export interface Attacked {
  system: string;
  incident: string;
  reference: string;
}

/** The systems and all that they depend on, directly or not. */
export function withAllBelow(systems: readonly string[], all: ReadonlyMap<string, System>): Set<string> {
  const found = new Set<string>();
  const look = [...systems];
  for (let id = look.pop(); id !== undefined; id = look.pop()) {
    if (found.has(id)) continue;
    found.add(id);
    look.push(...(all.get(id)?.depends_on ?? []));
  }
  return found;
}

/** Which of the systems are in an incident that runs, by a fact that holds about them; the latest incident first. */
export async function attackedSystems(
  systems: ReadonlySet<string>,
  { reads, facility, now }: { reads: Pick<Reads, "byState" | "ofIncident">; facility: string; now: Instant },
): Promise<Attacked[]> {
  if (systems.size === 0) return [];
  const running = await reads.byState(facility, "incident", RUNNING, { limit: LOOKED });
  const found: Attacked[] = [];
  for (const { content: incident } of running) {
    const touched = incident.systems.filter((id) => systems.has(id));
    if (touched.length === 0) continue;
    const facts = (await reads.ofIncident(facility, "fact", incident.id)).map(({ content }) => content);
    found.push(...touched.filter((id) => isHit(id, facts, now)).map((system) => named(system, incident)));
  }
  return found;
}

function named(system: string, { id, reference }: Incident): Attacked {
  return { system, incident: id, reference };
}

function isHit(system: string, facts: readonly Fact[], now: Instant): boolean {
  return facts.some(
    (fact) =>
      holdsAt(fact, now) && (fact.system === system || (fact.system === null && OF_ALL.has(fact.kind))),
  );
}
