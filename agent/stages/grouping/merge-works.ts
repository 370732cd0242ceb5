import type { Instant } from "../../core/clock.ts";
import type { Fact } from "../../core/fact.ts";
import type { Regrouping } from "../../core/grouping.ts";
import { INCIDENT_TRANSITIONS } from "../../core/incident.ts";
import type { Qualification } from "../../core/qualification.ts";
import { move } from "../../core/transitions.ts";
import { toldKeys, type Work } from "../work.ts";
import { uniteIncidents } from "./absorb.ts";
import { settleMalice } from "./settle-malice.ts";
import { sameFact, uniteFacts } from "./state-facts.ts";

/** Who brings incidents together or takes them apart, why, and after which detection. */
export interface Regroup {
  id: string;
  by: Regrouping["by"];
  because: string;
  now: Instant;
  /** The last detection that was placed. */
  seq: number;
}

/** Makes one incident of two: the earliest knowledge of either counts, and nobody is told again of what they were. */
export function mergeWorks(into: Work, other: Work, regroup: Regroup): void {
  // What was opened in this very unit of work was nothing to anyone yet: it leaves no trace.
  if (other.base.size > 0) record(into, [into, other], { ...regroup, kind: "merge" });
  into.incident = uniteIncidents(into.incident, other.incident);
  takeFacts(into, other);
  settleMalice(into);
  const known = evaluated(other);
  into.qualification = into.qualification && sooner(into.qualification, known);
  into.others = into.others.map((each) => sooner(each, known));
  if (into.qualification === undefined && other.qualification !== undefined)
    into.qualification = { ...other.qualification, incident: into.incident.id };
  for (const key of toldKeys(other.planned, {
    from: other.incident.id,
    into: into.incident.id,
    messages: "all",
  }))
    into.planned.add(key);
  if (other.base.size === 0) {
    into.beside.push(
      ...other.beside.map((write) =>
        write.write === "join" ? { ...write, incident: into.incident.id } : write,
      ),
    );
    return;
  }
  into.beside.push({ write: "join", incident: into.incident.id, detections: [], of: other.incident.id });
  endAsMerged(other, into);
}

/** Keeps how works stood, with the incident that stays. */
export function record(
  stays: Work,
  works: readonly Work[],
  {
    id,
    by,
    because,
    now,
    seq,
    kind,
    made = [],
  }: Regroup & Pick<Regrouping, "kind"> & { made?: readonly string[] },
): void {
  stays.regroupings.push({
    id,
    incident: stays.incident.id,
    kind,
    state: "stands",
    by,
    because,
    at: now,
    seq,
    before: works.map((work) => ({
      incident: work.incident,
      facts: [...work.facts],
      met_at: Object.fromEntries(evaluated(work).map(({ regime, met_at = {} }) => [regime, met_at])),
    })),
    made: [...made],
    undone: null,
  });
}

/** The other's clocks stop: those of the incident it went into count from the earliest instant of both. */
export function endAsMerged(work: Work, into: Work): void {
  const { id, reference } = into.incident;
  work.incident = {
    ...work.incident,
    state: move(INCIDENT_TRANSITIONS, work.incident.state, "merged"),
    because: `Réuni à ${reference}.`,
    merged_into: id,
  };
  work.deadlines = work.deadlines.map((each) => (each.met === null ? { ...each, void: true } : each));
}

/** Facts that are the same become one; the others go over as they are. */
function takeFacts(into: Work, other: Work): void {
  const left: Fact[] = [];
  for (const fact of other.facts) {
    const same = into.facts.findIndex((each) => sameFact(each, fact));
    if (same >= 0) {
      into.facts[same] = uniteFacts(into.facts[same] as Fact, fact);
      left.push(fact);
    } else takeFact(into, other, fact);
  }
  other.facts = left;
  keepLastAnswers(into);
}

/** Moves the record of a fact from one incident to another: it keeps its id and its past. */
export function takeFact(into: Work, other: Work, fact: Fact): void {
  const key = `fact/${fact.id}`;
  const stored = other.base.get(key);
  if (stored !== undefined) {
    into.base = new Map(into.base).set(key, stored);
    const base = new Map(other.base);
    base.delete(key);
    other.base = base;
  }
  into.facts.push({ ...fact, incident: into.incident.id });
}

/** A question has one answer: of two that were given, the later one stands. */
function keepLastAnswers(work: Work): void {
  const last = new Map<string, number>();
  const questionOf = ({ origin, withdrawn }: Fact) =>
    origin.by === "person" && withdrawn === null ? origin.question : undefined;
  for (const fact of work.facts) {
    const question = questionOf(fact);
    if (question !== undefined) last.set(question, Math.max(fact.stated, last.get(question) ?? 0));
  }
  work.facts = work.facts.map((fact) => {
    const stands = last.get(questionOf(fact) ?? "") ?? fact.stated;
    if (stands <= fact.stated || fact.origin.by !== "person") return fact;
    const { writer } = fact.origin;
    return { ...fact, withdrawn: { at: stands, writer, reason: "Réponse plus récente, à la réunion." } };
  });
}

function evaluated({ qualification, others }: Work): Qualification[] {
  return [...(qualification ? [qualification] : []), ...others];
}

/** What was met in either was met when the first of them met it. */
function sooner(one: Qualification, known: readonly Qualification[]): Qualification {
  const other = known.find(({ regime }) => regime === one.regime);
  if (other?.met_at === undefined) return one;
  const met = { ...one.met_at };
  for (const [criterion, at] of Object.entries(other.met_at))
    met[criterion] = Math.min(at, met[criterion] ?? at);
  return { ...one, met_at: met };
}
