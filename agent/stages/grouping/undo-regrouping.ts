import type { Fact } from "../../core/fact.ts";
import type { Regrouping } from "../../core/grouping.ts";
import type { Incident } from "../../core/incident.ts";
import type { Qualification } from "../../core/qualification.ts";
import type { Setup, Work } from "../work.ts";
import { absorb } from "./absorb.ts";
import { endAsMerged, takeFact } from "./merge-works.ts";
import { type Arrival, readTraits } from "./read-traits.ts";
import { settleMalice } from "./settle-malice.ts";
import { stateFacts, unionOf } from "./state-facts.ts";

/** What came after a regrouping, by the incident that it belongs to once it is undone. */
export type Since = ReadonlyMap<string, readonly Arrival[]>;

/** Takes apart again what had been made one: each stands as it stood, with what came since that is its own. */
export function undoMerge(
  stays: Work,
  others: readonly Work[],
  regrouping: Regrouping,
  { since, setup }: { since: Since; setup: Setup },
): void {
  const works = [stays, ...others];
  const now = stays.facts;
  const { found } = stays.incident;
  const apart = saidSince(stays, regrouping);
  for (const work of works) {
    const before = regrouping.before.find(({ incident }) => incident.id === work.incident.id);
    if (before === undefined) throw new Error(`regrouping ${regrouping.id} knows no ${work.incident.id}`);
    const ids = works.map((each) => each.incident.id);
    work.incident = withApart(before.incident, [...apart, ...ids]);
    restoreMet(work, before);
    work.facts = work === stays ? before.facts.filter(({ id }) => has(work, id)) : [];
  }
  // Who undoes it has taken note of it, as of what it was made of.
  stays.incident = { ...stays.incident, found };
  for (const other of others) {
    const before = regrouping.before.find(({ incident }) => incident.id === other.incident.id);
    other.incident = { ...other.incident, found: other.incident.found ?? found };
    for (const fact of before?.facts ?? []) {
      if (has(other, fact.id)) other.facts.push(fact);
      else takeFact(other, stays, fact);
    }
  }
  const known = new Set(works.flatMap(({ facts }) => facts.map(({ id }) => id)));
  resume(
    works,
    now.filter(({ id }) => !known.has(id)),
    { since, setup, regrouping },
  );
}

/** Puts back what had been split off: the incident stands as it stood, with all that came since. */
export function undoSplit(
  stays: Work,
  others: readonly Work[],
  regrouping: Regrouping,
  { since, setup }: { since: Since; setup: Setup },
): void {
  const [before] = regrouping.before;
  if (before === undefined) throw new Error(`regrouping ${regrouping.id} knows nothing`);
  const known = new Set(before.facts.map(({ id }) => id));
  const fresh = stays.facts.filter(({ id }) => !known.has(id));
  const { found } = stays.incident;
  const ids = [stays, ...others].map(({ incident }) => incident.id);
  // What was said of a part, or of what stayed, is said of the whole.
  const apart = [stays, ...others].flatMap(({ incident }) => incident.apart ?? []);
  stays.incident = withApart(
    { ...before.incident, found: before.incident.found ?? found },
    apart.filter((id) => !ids.includes(id)),
  );
  restoreMet(stays, before);
  stays.facts = [];
  for (const fact of before.facts) {
    const holder = others.find((other) => has(other, fact.id));
    if (holder === undefined) stays.facts.push(fact);
    else {
      takeFact(stays, holder, fact);
      holder.facts = holder.facts.filter(({ id }) => id !== fact.id);
    }
  }
  for (const other of others) {
    for (const fact of other.facts.filter(({ origin }) => origin.by === "person")) {
      takeFact(stays, other, fact);
      other.facts = other.facts.filter(({ id }) => id !== fact.id);
    }
    stays.beside.push({ write: "join", incident: stays.incident.id, detections: [], of: other.incident.id });
    endAsMerged(other, stays);
  }
  resume([stays], fresh, { since, setup, regrouping });
}

/** Takes in what came since; the facts that it had stated are known again, the others are withdrawn. */
function resume(
  works: readonly Work[],
  facts: readonly Fact[],
  { since, setup, regrouping }: { since: Since; setup: Setup; regrouping: Regrouping },
): void {
  const [stays] = works;
  if (stays === undefined) return;
  for (const work of works) {
    for (const arrival of since.get(work.incident.id) ?? []) {
      absorb(work, arrival, readTraits(arrival, setup));
      stateFacts(work, arrival, setup);
    }
  }
  const left = new Set(facts);
  for (const work of works) {
    for (const fresh of work.facts.filter(({ id }) => !has(work, id))) {
      const same = [...left].find(
        ({ kind, system, origin }) => kind === fresh.kind && system === fresh.system && origin.by === "rule",
      );
      if (same === undefined) continue;
      left.delete(same);
      work.facts = work.facts.filter(({ id }) => id !== fresh.id);
      const known = { ...fresh, id: same.id };
      if (work === stays) work.facts.push(known);
      else takeFact(work, stays, known);
    }
  }
  for (const fact of left) {
    const stated = fact.origin.by === "person" || fact.withdrawn !== null || !has(stays, fact.id);
    const reason = regrouping.kind === "merge" ? "Réunion annulée." : "Séparation annulée.";
    const withdrawn = { at: fact.stated, writer: "Tocsin", reason };
    stays.facts.push(stated ? fact : { ...fact, withdrawn });
  }
  for (const work of works) settleMalice(work);
}

/** What it met was known since then: regrouping and undoing it moves no clock. */
function restoreMet(work: Work, { met_at }: Regrouping["before"][number]): void {
  const restored = (each: Qualification): Qualification => ({
    ...each,
    met_at: { ...each.met_at, ...met_at?.[each.regime] },
  });
  work.qualification = work.qualification && restored(work.qualification);
  work.others = work.others.map(restored);
}

function has(work: Work, fact: string): boolean {
  return work.base.has(`fact/${fact}`);
}

/** Incidents that a person said are others since a regrouping. */
function saidSince(stays: Work, { before }: Regrouping): string[] {
  const known = new Set(before.flatMap(({ incident }) => incident.apart ?? []));
  return (stays.incident.apart ?? []).filter((id) => !known.has(id));
}

/** A person said that they are others: the machine does not bring them together again. */
function withApart(incident: Incident, others: readonly string[]): Incident {
  const apart = unionOf(incident.apart ?? [], others).filter((id) => id !== incident.id);
  return apart.length === 0 ? incident : { ...incident, apart };
}
