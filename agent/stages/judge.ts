import type { Regime } from "../../rules/regimes/regime.ts";
import { type Instant, MICROSECONDS } from "../core/clock.ts";
import { FACTS, type Fact, underDefenceSecret } from "../core/fact.ts";
import { INCIDENT_TRANSITIONS, type IncidentState } from "../core/incident.ts";
import type { Qualification } from "../core/qualification.ts";
import { sameJson } from "../core/same-json.ts";
import { mayMove } from "../core/transitions.ts";
import type { Situation } from "./law/evaluate.ts";
import { regimesOf } from "./law/regimes-of.ts";
import { countsFrom } from "./mute/mutes.ts";
import { mutesOf } from "./mute/weigh.ts";
import { qualify } from "./qualify.ts";
import { isTelling, whatOpens } from "./when-told.ts";
import { currentDeclaration, planEffect, type Setup, type Work } from "./work.ts";

/** Evaluates the incident and moves it to the state that its facts call for. */
export function judge(work: Work, setup: Setup, now: Instant): void {
  const secret = underDefenceSecret(work.facts);
  if (work.incident.state === "candidate" && !secret) {
    const because = whatOpens(work, setup, now);
    if (because !== undefined) to(work, "open", because);
  }
  if (work.incident.state === "set_aside") reopen(work);
  const before = work.qualification;
  const found = evaluateAll(work, setup, now);
  if (work.incident.state === "set_aside" && !secret) reopenWhenMet(work, { before, found });
  // Flagged: the state stays where the person left it, and nothing of the dossier is carried further.
  if (secret) return;

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

/** Qualifies the incident under each of its packs and keeps what did not change; returns what leads. */
function evaluateAll(work: Work, setup: Setup, now: Instant): Qualification {
  const { leading, others, remark } = regimesOf(setup, work.incident);
  const known = [...(work.qualification ? [work.qualification] : []), ...work.others];
  const situation = situationOf(work, setup, now);
  const settle = (regime: Regime, leads: boolean): Qualification => {
    const before = known.find((each) => each.regime === regime.id);
    const found = qualify(work.incident, regime, situation);
    const met = found.criteria.filter((each) => each.value === "met");
    const remarks = [...(leads && remark !== undefined ? [remark] : []), ...(found.remarks ?? [])];
    const after: Qualification = {
      ...found,
      leads,
      met_at: Object.fromEntries(met.map(({ id }) => [id, before?.met_at?.[id] ?? now])),
      ...(remarks.length > 0 && { remarks }),
    };
    return before !== undefined && sameJson(before, after) ? before : after;
  };
  const first = settle(leading, true);
  const beside = others.map((regime) => settle(regime, false));
  // A pack that is no longer of this incident says so in a revision of its own; the earlier one stays in the journal.
  const evaluated = new Set([first, ...beside].map((each) => each.regime));
  const gone = known
    .filter((each) => !evaluated.has(each.regime))
    .map((each) => (each.verdict === "not_applicable" && each.leads === false ? each : retired(each)));
  work.qualification = first;
  work.others = [...beside, ...gone];
  return first;
}

function retired({ incident, regime, regime_version, title }: Qualification): Qualification {
  const sentence = "N'est plus évalué pour ce dossier : autre date, ou réglage changé.";
  return {
    incident,
    regime,
    regime_version,
    ...(title !== undefined && { title }),
    criteria: [],
    verdict: "not_applicable",
    sentence,
    questions: [],
    leads: false,
  };
}

function situationOf(work: Work, setup: Setup, now: Instant): Situation {
  return { facts: work.facts, systems: setup.systems, now, facility: setup.facility };
}

/** Not to declare was decided on what was known: a fact of another kind or system asks again. */
function reopen(work: Work): void {
  const decided = work.decisions.at(-1)?.at ?? 0;
  const fresh = work.facts.find((fact) => fact.holds && fact.stated > decided && isTelling(fact));
  if (fresh !== undefined) to(work, "open", `Fait nouveau depuis la décision : ${FACTS[fresh.kind].label}.`);
}

/** A criterion that was not met when it was decided not to declare, and is since, asks again: time alone can do that. */
function reopenWhenMet(
  work: Work,
  { before, found }: { before: Qualification | undefined; found: Qualification },
): void {
  // Another law pack evaluates anew what people decided under theirs: that by itself asks nobody.
  if (before?.regime !== found.regime || before.regime_version !== found.regime_version) return;
  const fresh = found.criteria.find(
    ({ id, value, legal, leads_to }) =>
      value === "met" &&
      (leads_to ?? (legal ? "duty" : "advice")) === "duty" &&
      before.criteria.find((each) => each.id === id)?.value !== "met",
  );
  if (fresh !== undefined) to(work, "open", `Critère rempli depuis la décision : ${fresh.label}.`);
}

/** Time after which the outage of a fact's system sends care to paper, µs; undefined when it never does. */
function delayOf(fact: Fact, setup: Setup): Instant | undefined {
  if (fact.kind !== "system_unavailable" || !fact.holds || fact.system === null) return undefined;
  const minutes = setup.systems.get(fact.system)?.degraded_after_minutes ?? 0;
  return minutes === 0 ? undefined : minutes * MICROSECONDS.minute;
}

/** From when an outage that goes on counts, and when it will have lasted its system's delay; undefined for what never does. */
export function delayToCome(
  work: Work,
  fact: Fact,
  setup: Setup,
  now: Instant,
): { from: Instant; due: Instant } | undefined {
  const delay = delayOf(fact, setup);
  if (delay === undefined || fact.until !== null || fact.withdrawn !== null) return undefined;
  const from = countsFrom(fact, mutesOf(work, fact, setup), now);
  return { from, due: from + delay };
}

/** Plans the moments at which time alone changes the answer: each outage's delay before degraded mode. */
export function planClocks(work: Work, setup: Setup, now: Instant): void {
  if (underDefenceSecret(work.facts)) return;
  for (const fact of work.facts) {
    const delay = delayToCome(work, fact, setup, now);
    if (delay === undefined) continue;
    const { from, due } = delay;
    const key = `clock:${setup.facility.id}:${fact.id}:degraded_after`;
    planEffect(work, {
      // What was muted counts anew from its end.
      key: from === fact.since ? key : `${key}:${from}`,
      kind: "clock",
      due,
      payload: { fact: fact.id },
    });
  }
}

/** True once every state that was found has ended; events alone, such as a leak, never end by themselves. */
export function statesEnded(work: Pick<Work, "facts">): boolean {
  const states = statesOf(work);
  return states.length > 0 && states.every((fact) => fact.until !== null);
}

/** The states that were found and stand, ended or not. */
export function statesOf({ facts }: Pick<Work, "facts">): Fact[] {
  return facts.filter((fact) => FACTS[fact.kind].lasts === "state" && fact.holds && fact.withdrawn === null);
}

export function to(work: Work, state: IncidentState, because: string): void {
  if (!mayMove(INCIDENT_TRANSITIONS, work.incident.state, state)) return;
  work.incident = { ...work.incident, state, because };
}
