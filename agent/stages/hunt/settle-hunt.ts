import { isDeepStrictEqual } from "node:util";
import type { Instant } from "../../core/clock.ts";
import { FACTS, type Fact } from "../../core/fact.ts";
import type { Hunt, HuntOutcome, HuntRecord } from "../../core/hunt.ts";
import type { Entity, Incident } from "../../core/incident.ts";
import type { Qualification } from "../../core/qualification.ts";
import { formatInstant } from "../french.ts";
import { MOST_ENTITIES } from "../grouping/absorb.ts";
import { moveBeginning } from "../grouping/move-beginning.ts";
import { FLAPPING, liveSince, sameFact, unionOf, uniteFacts } from "../grouping/state-facts.ts";
import { judge } from "../judge.ts";
import { tellHunt } from "../notify.ts";
import type { Setup, Work } from "../work.ts";
import type { Derived } from "./derive-found.ts";

/** Searches kept with an incident; the journal has all. */
const MOST_HUNTS = 20;

/** What was searched, in French. */
export function describeRecord(record: HuntRecord, zone: string): string {
  if (record.what === "query") {
    const [since, until] = [record.since, record.until].map((each) => formatInstant(each, zone));
    return `source « ${record.source} » du ${since} au ${until}`;
  }
  const [first, ...others] = record.files;
  const name = `« ${first?.name ?? "entrée standard"} »`;
  if (others.length === 0) return name;
  return `${name} et ${others.length} autre${others.length > 1 ? "s" : ""} fichier${others.length > 1 ? "s" : ""}`;
}

/**
 * Gives an incident all that searches found for it: what it names, its facts, its beginning with the reason, its
 * evaluation. Done again with nothing new, it changes nothing and returns undefined.
 */
export function settleHunt(
  work: Work,
  found: Derived,
  { hunt, setup, now }: { hunt: Hunt; setup: Setup; now: Instant },
): HuntOutcome | undefined {
  const { incident: before } = work;
  const detections = found.incident.alerts - (before.hunted ?? 0);
  if (detections === 0 && before.hunts?.some(({ id }) => id === hunt.id) === true) return undefined;
  const values = valuesOf(work);
  const what = describeRecord(hunt.record, setup.facility.time_zone);

  if (found.incident.alerts > 0) {
    takeFacts(work, found, now);
    const because = `Recherche rétrospective de ${hunt.by.name}, ${what}.`;
    moveBeginning(work, found.incident.occurred, { because, fact: null });
    work.incident = takeNames(work.incident, found.incident);
  }
  // Whoever searches for an incident has taken note of it.
  work.incident = { ...work.incident, found: work.incident.found ?? now };
  judge(work, setup, now);

  const criteria = changesOf(values, work);
  const outcome: HuntOutcome = {
    id: hunt.id,
    by: hunt.by,
    at: now,
    what,
    read: hunt.counts.read,
    detections,
    began: work.incident.occurred < before.occurred ? before.occurred : null,
    criteria,
  };
  const others = (work.incident.hunts ?? []).filter(({ id }) => id !== hunt.id);
  work.incident = { ...work.incident, hunts: [...others, outcome].slice(-MOST_HUNTS) };
  work.beside.push({ write: "note", what: "hunt", incident: work.incident.id, content: { hunt, outcome } });
  if (criteria.some(({ after }) => after === "met")) tellHunt(work, setup, { hunt: hunt.id, now });
  return outcome;
}

function takeNames(incident: Incident, found: Incident): Incident {
  const nameOf = ({ kind, value }: Entity) => `${kind}:${value}`;
  const names = new Set(incident.entities.map(nameOf));
  const fresh = found.entities.filter((each) => !names.has(nameOf(each)));
  const room = Math.max(0, MOST_ENTITIES - incident.entities.length);
  const cut = incident.entities_cut === true || found.entities_cut === true || fresh.length > room;
  return {
    ...incident,
    entities: [...incident.entities, ...fresh.slice(0, room)],
    ...(cut && { entities_cut: true }),
    systems: unionOf(incident.systems, found.systems),
    causes: unionOf(incident.causes, found.causes),
    occurred: Math.min(incident.occurred, found.occurred),
    last_alert: Math.max(incident.last_alert, found.last_alert),
    alerts: incident.alerts - (incident.hunted ?? 0) + found.alerts,
    hunted: found.alerts,
  };
}

/** Unites what was found with what stands, and ends what it shows to be over. */
function takeFacts(work: Work, { facts, ends }: Derived, now: Instant): void {
  const lastLive = work.incident.last_alert;
  for (const told of facts) {
    const same = work.facts.filter((each) => sameFact(each, told.fact));
    const home = same.find((each) => liveSince(each) !== null) ?? same[0];
    if (home === undefined) {
      if (!isDenied(work.facts, told)) work.facts.push({ ...told.fact, incident: work.incident.id });
      continue;
    }
    const united = unite(home, told, lastLive);
    const doubles = new Set(same.filter((each) => each !== home && liveSince(each) === null));
    work.facts = work.facts.map((each) => {
      if (each === home) return isDeepStrictEqual(home, united) ? home : united;
      if (!doubles.has(each)) return each;
      const reason = "Le même fait, retrouvé plus longuement.";
      return { ...each, withdrawn: { at: now, writer: "Tocsin", reason } };
    });
  }
  for (const end of ends)
    if (end.at > lastLive)
      work.facts = work.facts.map((fact) => (isEndedBy(fact, end) ? ended(fact, end) : fact));
}

function unite(home: Fact, { fact, last }: Derived["facts"][number], lastLive: Instant): Fact {
  const own = home.hunted?.alerts ?? 0;
  return {
    ...uniteFacts(home, fact),
    until: untilOf(home, { fact, last }, lastLive),
    alerts: home.alerts - own + fact.alerts,
    hunted: { live_since: liveSince(home), alerts: fact.alerts },
  };
}

/** A recording that stops before the end of a state does not open it again, nor does an older end close it. */
function untilOf(
  home: Fact,
  { fact, last }: Pick<Derived["facts"][number], "fact" | "last">,
  lastLive: Instant,
): Instant | null {
  if (home.until !== null) {
    if (fact.until !== null) return Math.max(home.until, fact.until);
    return last > home.until + FLAPPING ? null : home.until;
  }
  const isOld = liveSince(home) !== null && fact.until !== null && fact.until <= lastLive;
  return isOld ? null : fact.until;
}

/** A person had withdrawn it after all that tells it. */
function isDenied(facts: readonly Fact[], { fact, received }: Derived["facts"][number]): boolean {
  return facts.some(
    ({ kind, system, origin, withdrawn }) =>
      kind === fact.kind &&
      system === fact.system &&
      origin.by === "rule" &&
      withdrawn !== null &&
      received <= withdrawn.at,
  );
}

function isEndedBy(fact: Fact, { rule, subject, system, at }: Derived["ends"][number]): boolean {
  return (
    FACTS[fact.kind].lasts === "state" &&
    fact.until === null &&
    fact.withdrawn === null &&
    fact.since <= at &&
    fact.system === system &&
    fact.ended_by.includes(rule) &&
    fact.subjects.includes(subject)
  );
}

function ended(fact: Fact, { subject, at }: Derived["ends"][number]): Fact {
  const subjects = fact.subjects.filter((each) => each !== subject);
  return subjects.length > 0 ? { ...fact, subjects } : { ...fact, until: at };
}

type Values = Map<string, HuntOutcome["criteria"][number]>;

function valuesOf({ qualification, others }: Pick<Work, "qualification" | "others">): Values {
  const evaluated: Qualification[] = [...(qualification ? [qualification] : []), ...others];
  return new Map(
    evaluated.flatMap(({ regime, criteria }) =>
      criteria.map(({ id, label, value }) => [
        `${regime}/${id}`,
        { regime, id, label, before: value, after: value },
      ]),
    ),
  );
}

function changesOf(before: Values, work: Work): HuntOutcome["criteria"] {
  return [...valuesOf(work)].flatMap(([key, now]) => {
    const was = before.get(key)?.before ?? "not_evaluated";
    return was === now.after ? [] : [{ ...now, before: was }];
  });
}
