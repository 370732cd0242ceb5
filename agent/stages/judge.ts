import { type Instant, MICROSECONDS } from "../core/clock.ts";
import { FACTS, type Fact } from "../core/fact.ts";
import { INCIDENT_TRANSITIONS, type IncidentState } from "../core/incident.ts";
import type { Qualification } from "../core/qualification.ts";
import { mayMove } from "../core/transitions.ts";
import { qualify } from "./qualify.ts";
import { currentDeclaration, planEffect, type Setup, type Work } from "./work.ts";

/** Facts that make an incident worth evaluating at once; a mere probe or an odd sign-in does not. */
const OPENING: ReadonlySet<Fact["kind"]> = new Set(
  (Object.keys(FACTS) as Fact["kind"][]).filter(
    (kind) => !["system_unavailable", "account_compromised", "data_inaccessible"].includes(kind),
  ),
);

/** Evaluates the incident and moves it to the state that its facts call for. */
export function judge(work: Work, setup: Setup, now: Instant): void {
  if (work.incident.state === "candidate") promote(work, setup, now);
  if (work.incident.state === "set_aside") reopen(work);
  const situation = { facts: work.facts, systems: setup.systems, now };
  const found = qualify(work.incident, setup.regime, situation);
  if (!same(found, work.qualification)) work.qualification = found;

  const { state } = work.incident;
  if (state === "open" && (found.verdict === "declare" || found.verdict === "advised"))
    to(work, "in_review", found.sentence);
  if (
    state === "in_review" &&
    currentDeclaration(work)?.state !== "approved" &&
    found.verdict !== "declare" &&
    found.verdict !== "advised"
  ) {
    to(work, "open", found.sentence);
  }
  if (state === "declared" && statesEnded(work))
    to(work, "facts_ended", "Tous les états constatés ont pris fin.");
  if (state === "facts_ended" && !statesEnded(work)) to(work, "declared", "Un état constaté dure encore.");
}

function promote(work: Work, setup: Setup, now: Instant): void {
  const standing = work.facts.filter((fact) => fact.withdrawn === null);
  const telling = standing.find(
    (fact) => (fact.holds && OPENING.has(fact.kind)) || fact.origin.by === "person",
  );
  if (telling !== undefined) {
    to(work, "open", `${FACTS[telling.kind].label}.`);
    return;
  }
  // An outage waits for its delay, unless it meets a criterion by itself: the regulation of emergency calls, say.
  const asOpen = { ...work.incident, state: "open" as const };
  const found = qualify(asOpen, setup.regime, { facts: work.facts, systems: setup.systems, now });
  if (found.verdict === "declare") to(work, "open", found.sentence);
}

/** Not to declare was decided on what was known: a fact of another kind or system asks again. */
function reopen(work: Work): void {
  const decided = work.decisions.at(-1)?.at ?? 0;
  const fresh = work.facts.find(
    (fact) => fact.withdrawn === null && fact.holds && fact.stated > decided && OPENING.has(fact.kind),
  );
  if (fresh !== undefined) to(work, "open", `Fait nouveau depuis la décision : ${FACTS[fresh.kind].label}.`);
}

/** Time after which the outage of a fact's system sends care to paper, µs; undefined when it never does. */
function delayOf(fact: Fact, setup: Setup): Instant | undefined {
  if (fact.kind !== "system_unavailable" || !fact.holds || fact.system === null) return undefined;
  const minutes = setup.systems.get(fact.system)?.degraded_after_minutes ?? 0;
  return minutes === 0 ? undefined : minutes * MICROSECONDS.minute;
}

/** Plans the moments at which time alone changes the answer: each outage's delay before degraded mode. */
export function planClocks(work: Work, setup: Setup): void {
  for (const fact of work.facts) {
    const delay = delayOf(fact, setup);
    if (delay === undefined || fact.until !== null || fact.withdrawn !== null) continue;
    planEffect(work, {
      key: `clock:${setup.facility.id}:${fact.id}:degraded_after`,
      kind: "clock",
      due: fact.since + delay,
      payload: { fact: fact.id },
    });
  }
}

/** True once every state that was found has ended; events alone, such as a leak, never end by themselves. */
function statesEnded(work: Work): boolean {
  const states = work.facts.filter(
    (fact) => FACTS[fact.kind].lasts === "state" && fact.holds && fact.withdrawn === null,
  );
  return states.length > 0 && states.every((fact) => fact.until !== null);
}

export function to(work: Work, state: IncidentState, because: string): void {
  if (!mayMove(INCIDENT_TRANSITIONS, work.incident.state, state)) return;
  work.incident = { ...work.incident, state, because };
}

function same(a: Qualification, b: Qualification | undefined): boolean {
  return b !== undefined && JSON.stringify(a) === JSON.stringify(b);
}
