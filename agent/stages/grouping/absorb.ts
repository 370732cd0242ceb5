import { isSuspicious } from "../../core/detection.ts";
import type { Entity, Incident } from "../../core/incident.ts";
import type { Work } from "../work.ts";
import { type Arrival, eventTime, type Traits } from "./read-traits.ts";
import { unionOf } from "./state-facts.ts";

/** Entities listed of one incident; the others are counted, and join all the same. */
export const MOST_ENTITIES = 200;

/** Takes what a detection names into its incident. */
export function absorb(work: Pick<Work, "incident">, { detection, alert }: Arrival, traits: Traits): void {
  const { incident } = work;
  const at = eventTime(alert);
  const cause = detection.rule.meaning?.cause;
  const { system } = traits;
  const next: Incident = {
    ...incident,
    ...listed(incident, traits),
    occurred: Math.min(incident.occurred, at),
    first_alert: Math.min(incident.first_alert, alert.received),
    last_alert: Math.max(incident.last_alert, at),
    alerts: incident.alerts + 1,
    ...(alert.hunted !== undefined && { hunted: (incident.hunted ?? 0) + 1 }),
  };
  if (system !== null && !incident.systems.includes(system.id))
    next.systems = [...incident.systems, system.id];
  if (cause !== undefined && !incident.causes.includes(cause)) next.causes = [...incident.causes, cause];
  if (incident.suspicious !== true && isSuspicious(detection.rule)) next.suspicious = true;
  work.incident = next;
}

const NAMES = new WeakMap<readonly Entity[], Set<string>>();
const nameOf = ({ kind, value }: Entity) => `${kind}:${value}`;

function namesOf(entities: readonly Entity[]): Set<string> {
  let names = NAMES.get(entities);
  if (names === undefined) {
    names = new Set(entities.map(nameOf));
    NAMES.set(entities, names);
  }
  return names;
}

function listed(
  { entities, entities_cut }: Incident,
  { entities: named }: Traits,
): Partial<Incident> | undefined {
  const names = namesOf(entities);
  const fresh = named.filter((each) => !names.has(nameOf(each)));
  if (fresh.length === 0) return undefined;
  const room = Math.max(0, MOST_ENTITIES - entities.length);
  if (room < fresh.length && entities_cut === true && room === 0) return undefined;
  return {
    entities: [...entities, ...fresh.slice(0, room)],
    ...(room < fresh.length && { entities_cut: true }),
  };
}

/** What two incidents say of themselves, as one: it began with the earlier, and was known when either was. */
export function uniteIncidents(into: Incident, other: Incident): Incident {
  const names = namesOf(into.entities);
  const entities = [...into.entities, ...other.entities.filter((each) => !names.has(nameOf(each)))];
  const cut = entities.length > MOST_ENTITIES || other.entities_cut === true;
  const others = (ids: readonly string[]) => ids.filter((id) => id !== into.id && id !== other.id);
  const found = [into.found, other.found].filter((each) => each !== null);
  const beginning = into.occurred <= other.occurred ? into.beginning : other.beginning;
  const { linked, apart, follows, ...kept } = into;
  const hunted = (into.hunted ?? 0) + (other.hunted ?? 0);
  return {
    ...kept,
    occurred: Math.min(into.occurred, other.occurred),
    ...(beginning !== undefined && { beginning }),
    first_alert: Math.min(into.first_alert, other.first_alert),
    found: found.length === 0 ? null : Math.min(...found),
    last_alert: Math.max(into.last_alert, other.last_alert),
    alerts: into.alerts + other.alerts,
    ...(hunted > 0 && { hunted }),
    ...some("hunts", [...(into.hunts ?? []), ...(other.hunts ?? [])]),
    entities: entities.slice(0, MOST_ENTITIES),
    ...(cut && { entities_cut: true }),
    systems: unionOf(into.systems, other.systems),
    causes: unionOf(into.causes, other.causes),
    ...((into.suspicious ?? other.suspicious) && { suspicious: true }),
    malicious: into.malicious ?? other.malicious,
    declarant: into.declarant ?? other.declarant,
    opened_by: into.opened_by === "person" ? "person" : other.opened_by,
    ...some("follows", others(unionOf(follows ?? [], other.follows ?? []))),
    ...some("apart", others(unionOf(apart ?? [], other.apart ?? []))),
    ...some(
      "linked",
      [...(linked ?? []), ...(other.linked ?? [])].filter(
        (each, i, all) =>
          others([each.incident]).length > 0 && all.findIndex((one) => one.incident === each.incident) === i,
      ),
    ),
    told_with: [
      ...(into.told_with ?? []),
      ...(other.told_with ?? []),
      { incident: other.id, messages: "all" as const },
    ],
  };
}

function some<K extends string, T>(name: K, list: readonly T[]): Partial<Record<K, T[]>> {
  return (list.length === 0 ? {} : { [name]: list }) as Partial<Record<K, T[]>>;
}
