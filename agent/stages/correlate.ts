import type { System } from "../core/asset.ts";
import { type Instant, MICROSECONDS } from "../core/clock.ts";
import { CAUSES, type FactStatement } from "../core/detection.ts";
import { FACTS, type Fact } from "../core/fact.ts";
import type { Entity, Incident } from "../core/incident.ts";
import type { StoredAlert, StoredDetection } from "../store/store.ts";
import { valuesAt } from "./locate.ts";
import { newWork, type Setup, type Work } from "./work.ts";

/** How far apart in event time two detections of one incident may be. */
const WINDOW = 4 * MICROSECONDS.hour;
/** Two malicious acts of one kind this close together are one campaign, even with nothing else in common. */
const CAMPAIGN_WINDOW = MICROSECONDS.hour;
/** How far an event's own date may stand from its receipt before the receipt counts instead. */
const FUTURE = 10 * MICROSECONDS.minute;
const PAST = 90 * MICROSECONDS.day;
/** A state stated again this soon after its end has not ended. */
const FLAPPING = 10 * MICROSECONDS.minute;
const BOUNDS = { entities: 200, subjects: 200, evidence: 20 } as const;
/** Names that everybody shares tell nothing. */
const COMMON_USERS = new Set([
  "root",
  "system",
  "administrator",
  "administrateur",
  "admin",
  "local service",
  "network service",
  "-",
  "n/a",
]);
/** Systems under many others: their outage explains those of hosts nobody described. */
const HUBS = new Set<System["kind"]>(["directory", "infrastructure", "network", "building"]);

export interface Arrival {
  detection: StoredDetection;
  alert: StoredAlert;
  /** What a correlation counted that touched no incident alone: it comes with it. */
  base?: readonly Arrival[] | undefined;
}

/**
 * Joins one detection to the incident it belongs to, or opens one; undefined when it matters to none.
 * `own` gives the copy of an active work that may be changed.
 */
export function correlate(
  arrival: Arrival,
  active: readonly Work[],
  setup: Setup,
  reference: () => string,
  own: (work: Work) => Work,
): Work | undefined {
  const { detection, alert } = arrival;
  const at = eventTime(alert);
  const where = setup.locate(alert.alert, detection.rule.meaning?.facts[0]?.about);
  const entities = entitiesOf(arrival, where.system);
  const outage = detection.rule.meaning?.facts.some((each) => each.fact === "system_unavailable") ?? false;

  const found = active.find((each) =>
    belongs(each, { at, entities, system: where.system, outage }, setup.systems),
  );
  if (found === undefined && !opens(arrival)) return undefined;
  const work = found === undefined ? newWork(openIncident(alert, at, setup, reference())) : own(found);
  absorb(work, arrival, { at, entities, system: where.system });
  endFacts(work, arrival, at, setup);
  for (const statement of detection.rule.meaning?.facts ?? []) stateFact(work, statement, arrival, at, setup);
  for (const part of arrival.base ?? []) absorbPart(work, part);
  const seqs = (arrival.base ?? []).map((part) => part.detection.seq);
  work.beside.push({ write: "join", incident: work.incident.id, detections: [...seqs, detection.seq] });
  return work;
}

interface Traits {
  at: Instant;
  entities: Entity[];
  system: System | null;
}

function eventTime(alert: StoredAlert): Instant {
  const { occurred, received } = alert;
  return occurred > received + FUTURE || occurred < received - PAST ? received : occurred;
}

/** A detection that only informs, such as a recovery, enriches an incident; it opens none. */
function opens({ detection }: Arrival): boolean {
  const { level, meaning } = detection.rule;
  if (level === "informational") return false;
  return meaning !== undefined || level !== "low";
}

function entitiesOf({ alert: { alert }, detection }: Arrival, system: System | null): Entity[] {
  const found: Entity[] = [];
  const add = (kind: Entity["kind"], path: string) => {
    for (const value of valuesAt(alert, path)) {
      const lower = value.toLowerCase();
      if (kind === "user" && (COMMON_USERS.has(lower) || lower.endsWith("$"))) continue;
      found.push({ kind, value: lower });
    }
  };
  add("host", "host.name");
  add("address", "host.ip");
  add("address", "source.ip");
  add("user", "user.name");
  add("hash", "file.hash.sha256");
  // Our own alerts about a source: its silence, and that it speaks again.
  if (alert.event?.module === "tocsin") add("source", "service.name");
  if (system !== null) found.push({ kind: "system", value: system.id });
  const cause = detection.rule.meaning?.cause;
  if (cause !== undefined && CAUSES[cause].malicious) found.push({ kind: "campaign", value: cause });
  return found;
}

/** Same window and something shared; for an outage, systems that lean on each other count too. */
function belongs(work: Work, traits: Traits & { outage: boolean }, systems: Setup["systems"]): boolean {
  const { incident } = work;
  if (traits.at < incident.occurred - WINDOW || traits.at > incident.last_alert + WINDOW) return false;
  const near =
    traits.at >= incident.occurred - CAMPAIGN_WINDOW && traits.at <= incident.last_alert + CAMPAIGN_WINDOW;
  const shared = traits.entities.some(
    (entity) =>
      (entity.kind !== "campaign" || near) &&
      incident.entities.some((each) => each.kind === entity.kind && each.value === entity.value),
  );
  return shared || (traits.outage && related(work, traits.system, systems));
}

/** True when systems of an incident and this one lean on each other; for a host nobody described, when a hub is down. */
function related(work: Work, system: System | null, systems: Setup["systems"]): boolean {
  const hit = work.incident.systems.flatMap((id) => systems.get(id) ?? []);
  if (system !== null)
    return hit.some((each) => each.depends_on.includes(system.id) || system.depends_on.includes(each.id));
  const down = (each: System) =>
    work.facts.some(
      (fact) => fact.kind === "system_unavailable" && fact.system === each.id && fact.until === null,
    );
  return hit.some((each) => HUBS.has(each.kind) && down(each));
}

function openIncident(alert: StoredAlert, at: Instant, setup: Setup, reference: string): Incident {
  return {
    id: setup.newId(),
    facility: setup.facility.id,
    reference,
    state: "candidate",
    occurred: at,
    first_alert: alert.received,
    found: null,
    last_alert: at,
    alerts: 0,
    entities: [],
    systems: [],
    causes: [],
    malicious: null,
    declarant: null,
    opened_by: "machine",
    because: "Première alerte reçue.",
  };
}

function absorb(work: Work, { detection }: Arrival, { at, entities, system }: Traits): void {
  const { incident } = work;
  const key = (entity: Entity) => `${entity.kind}\n${entity.value}`;
  const known = new Set(incident.entities.map(key));
  const added = entities.filter((entity) => !known.has(key(entity)));
  const cause = detection.rule.meaning?.cause;
  work.incident = {
    ...incident,
    occurred: Math.min(incident.occurred, at),
    last_alert: Math.max(incident.last_alert, at),
    alerts: incident.alerts + 1,
    entities:
      added.length === 0 ? incident.entities : [...incident.entities, ...added].slice(0, BOUNDS.entities),
    systems:
      system === null || incident.systems.includes(system.id)
        ? incident.systems
        : [...incident.systems, system.id],
    causes:
      cause === undefined || incident.causes.includes(cause) ? incident.causes : [...incident.causes, cause],
  };
}

/** What was counted belongs to the incident: its machines and addresses, and when it began. */
function absorbPart(work: Work, part: Arrival): void {
  absorb(work, part, { at: eventTime(part.alert), entities: entitiesOf(part, null), system: null });
}

function stateFact(work: Work, statement: FactStatement, arrival: Arrival, at: Instant, setup: Setup): void {
  const { detection, alert } = arrival;
  const kind = FACTS[statement.fact];
  const where =
    kind.about === "system" ? setup.locate(alert.alert, statement.about) : { subject: null, system: null };
  const system = where.system?.id ?? null;
  const index = work.facts.findIndex(
    (fact) =>
      fact.kind === statement.fact &&
      fact.holds &&
      fact.withdrawn === null &&
      fact.system === system &&
      fact.origin.by === "rule" &&
      // A state that comes back at once is the same one, flapping.
      (fact.until === null || at <= fact.until + FLAPPING),
  );
  const subjects = where.subject === null ? [] : [where.subject];
  const before = work.facts[index];
  if (before === undefined) {
    work.facts.push({
      id: setup.newId(),
      incident: work.incident.id,
      kind: statement.fact,
      holds: true,
      system,
      subjects,
      since: at,
      until: null,
      confidence: statement.confidence,
      origin: {
        by: "rule",
        rule: detection.rule.id,
        version: detection.rule.version,
        title: detection.rule.meaning?.title_fr ?? detection.rule.title,
      },
      ended_by: statement.ended_by,
      evidence: [alert.id],
      alerts: 1,
      stated: alert.received,
      withdrawn: null,
    });
    return;
  }
  work.facts[index] = {
    ...before,
    since: Math.min(before.since, at),
    until: before.until !== null && at > before.until ? null : before.until,
    subjects: [...new Set([...before.subjects, ...subjects])].slice(0, BOUNDS.subjects),
    confidence: statement.confidence === "confirmed" ? "confirmed" : before.confidence,
    ended_by: [...new Set([...before.ended_by, ...statement.ended_by])],
    evidence: before.evidence.length < BOUNDS.evidence ? [...before.evidence, alert.id] : before.evidence,
    alerts: before.alerts + 1,
  };
}

/** A state ends once every host or service it was stated for is well again. */
function endFacts(work: Work, { detection, alert }: Arrival, at: Instant, setup: Setup): void {
  const name = detection.rule.name;
  if (name === undefined) return;
  const { subject, system } = setup.locate(alert.alert);
  work.facts = work.facts.map((fact): Fact => {
    if (
      FACTS[fact.kind].lasts !== "state" ||
      fact.until !== null ||
      !fact.ended_by.includes(name) ||
      at < fact.since
    )
      return fact;
    if (fact.system !== (system?.id ?? null) || subject === null || !fact.subjects.includes(subject))
      return fact;
    const subjects = fact.subjects.filter((each) => each !== subject);
    return subjects.length > 0 ? { ...fact, subjects } : { ...fact, until: at };
  });
}
