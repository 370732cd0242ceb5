import type { Instant } from "../../core/clock.ts";
import type { Fact } from "../../core/fact.ts";
import type { Incident } from "../../core/incident.ts";
import type { Qualification } from "../../core/qualification.ts";
import { breather } from "../breather.ts";
import { newWork, type Setup, toldKeys, type Work } from "../work.ts";
import { absorb } from "./absorb.ts";
import { takeFact } from "./merge-works.ts";
import { openIncident } from "./open-incident.ts";
import { type Arrival, eventTime, readTraits } from "./read-traits.ts";
import { stateFacts } from "./state-facts.ts";

/** What detections alone make of an incident. */
interface Derived {
  incident: Incident;
  facts: Fact[];
}

/**
 * Makes several incidents of one, by its detections: the first part stays, each other becomes an incident of its own.
 * What people stated stays with the first; a fact of rules goes where its detections go.
 */
export async function divideWork(
  work: Work,
  parts: readonly (readonly Arrival[])[],
  options: { setup: Setup; reference: () => string; because: string },
): Promise<Work[]> {
  const { setup, because } = options;
  const [kept = [], ...taken] = parts;
  const before = work.facts;
  const stays = await derive(cleared(work.incident, kept), kept, setup);
  work.incident = { ...stays.incident, ...beginningOf(work.incident, stays.incident) };
  const others: { other: Work; facts: Fact[] }[] = [];
  for (const arrivals of taken) {
    const [first] = inOrder(arrivals);
    if (first === undefined) throw new Error("a part of an incident without a detection");
    const opened = openIncident(first.alert, setup, options.reference());
    const part = await derive({ ...opened, because }, arrivals, setup);
    const other = newWork({
      ...part.incident,
      found: work.incident.found,
      told_with: [{ incident: work.incident.id, messages: "opening" }],
    });
    // What was met of the whole was known of each part since then: no clock begins anew.
    const inherit = (each: Qualification) => ({ ...each, incident: other.incident.id });
    other.qualification = work.qualification && inherit(work.qualification);
    other.others = work.others.map(inherit);
    const keys = toldKeys(work.planned, {
      from: work.incident.id,
      into: other.incident.id,
      messages: "opening",
    });
    for (const key of keys) other.planned.add(key);
    const seqs = arrivals
      .flatMap((each) => [each, ...(each.base ?? [])])
      .map(({ detection }) => detection.seq);
    other.beside.push({ write: "join", incident: other.incident.id, detections: seqs });
    others.push({ other, facts: part.facts });
  }

  const pool = new Set(before.filter(({ origin }) => origin.by === "rule"));
  work.facts = before.filter(({ origin, withdrawn }) => origin.by !== "rule" || withdrawn !== null);
  work.facts.push(...stays.facts.flatMap((fact) => recognised(fact, pool, before) ?? []));
  for (const { other, facts } of others) {
    for (const fact of facts) {
      const known = recognised(fact, pool, before);
      if (known === undefined) continue;
      if (before.some(({ id }) => id === known.id)) takeFact(other, work, known);
      else other.facts.push(known);
    }
  }
  // What no detection that was read again tells is not lost for it.
  for (const fact of pool) if (fact.withdrawn === null) work.facts.push(fact);
  return [work, ...others.map(({ other }) => other)];
}

/** Incident and facts as detections tell them, in the order of event time; others have their turn in between. */
export async function derive(
  incident: Incident,
  arrivals: readonly Arrival[],
  setup: Setup,
): Promise<Derived> {
  const derived: Derived = { incident, facts: [] };
  const breathe = breather();
  for (const arrival of inOrder(arrivals)) {
    absorb(derived, arrival, readTraits(arrival, setup));
    stateFacts(derived, arrival, setup);
    for (const part of arrival.base ?? []) absorb(derived, part, readTraits(part, setup));
    await breathe();
  }
  return derived;
}

/**
 * A fact told again under the id and with what people said of the one it is; undefined when a person had withdrawn it
 * after all that tells it.
 */
function recognised(fact: Fact, pool: Set<Fact>, before: readonly Fact[]): Fact | undefined {
  const same = (other: Fact) => other.kind === fact.kind && other.system === fact.system;
  const known = [...pool].find((other) => other.withdrawn === null && same(other));
  if (known === undefined) {
    const denied = before.some(
      (other) => same(other) && other.withdrawn !== null && fact.stated <= other.withdrawn.at,
    );
    return denied ? undefined : fact;
  }
  pool.delete(known);
  const { id, ended, text, until } = known;
  return {
    ...fact,
    id,
    ...(ended !== undefined && { ended, until: fact.until ?? until }),
    ...(text !== undefined && { text }),
  };
}

/** An incident without what its detections told. */
function cleared(incident: Incident, arrivals: readonly Arrival[]): Incident {
  const { entities_cut: _, hunted: _hunted, suspicious: _suspicious, ...rest } = incident;
  const told = arrivals.map(({ alert }) => alert);
  const byHand = incident.opened_by === "person" || told.length === 0;
  return {
    ...rest,
    occurred: byHand ? incident.occurred : leastOf(told, eventTime),
    first_alert: byHand ? incident.first_alert : leastOf(told, ({ received }) => received),
    last_alert: byHand ? incident.last_alert : -leastOf(told, (alert) => -eventTime(alert)),
    alerts: 0,
    entities: [],
    systems: [],
    causes: [],
  };
}

/** There may be more than a call takes arguments. */
function leastOf<T>(list: readonly T[], of: (each: T) => number): number {
  return list.reduce((least, each) => Math.min(least, of(each)), Number.MAX_SAFE_INTEGER);
}

/** A beginning that a person or an older recording told stays. */
function beginningOf(before: Incident, after: Incident): Partial<Incident> {
  if (before.beginning === undefined) return {};
  const occurred: Instant = Math.min(before.occurred, after.occurred);
  return { occurred, beginning: before.beginning };
}

function inOrder(arrivals: readonly Arrival[]): Arrival[] {
  const at = ({ alert }: Arrival) => eventTime(alert);
  return [...arrivals].sort((a, b) => at(a) - at(b) || a.detection.seq - b.detection.seq);
}
