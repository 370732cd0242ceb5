import { type Criterion, leadsTo, type Regime, type RegimeQuestion } from "../../rules/regimes/regime.ts";
import type { System } from "../core/asset.ts";
import { FACTS, type Fact, underDefenceSecret } from "../core/fact.ts";
import type { Incident } from "../core/incident.ts";
import {
  type Because,
  type CriterionResult,
  DEGREE_LABELS,
  type Qualification,
  type Question,
  type Verdict,
} from "../core/qualification.ts";
import { type Evaluated, evaluate, type Situation } from "./law/evaluate.ts";

/** What a page says of a dossier that a person has flagged; the arrêté of 2017 reserves the matter (article 1). */
const WITHHELD =
  "Secret de la défense nationale : Tocsin ne rédige, n'annonce et ne transmet rien de ce dossier. Voyez le haut fonctionnaire de défense et de sécurité du ministère, par une voie habilitée.";

/** Evaluates an incident under one regime: each criterion with its because, the verdict, the open questions. */
export function qualify(incident: Incident, regime: Regime, situation: Situation): Qualification {
  const base = {
    incident: incident.id,
    regime: regime.id,
    regime_version: regime.version,
    title: regime.title,
    verified: regime.verified,
  };
  const bare = (verdict: Verdict, sentence: string): Qualification => ({
    ...base,
    criteria: [],
    verdict,
    sentence,
    questions: [],
  });
  if (underDefenceSecret(situation.facts)) return bare("withheld", WITHHELD);
  if (regime.applies !== undefined && evaluate(regime.applies, situation).truth === "false")
    return bare("not_applicable", regime.sentences.not_applicable);
  const evaluated = regime.criteria.map((criterion) => ({
    criterion,
    ...evaluateCriterion(criterion, situation),
  }));
  const shown = evaluated.filter(
    ({ criterion, result }) => !criterion.only_when_stated || result.value === "met",
  );
  const remarks = regime.reminders.map(({ text, article }) => `${text} (${article})`);
  const criteria = shown.map(({ result }) => result);
  // What was closed while it was only watched asks nobody anything.
  if (incident.state === "candidate" || incident.closed_by !== undefined) {
    return {
      ...bare("watching", regime.sentences.watching),
      criteria: criteria.map((each) => ({ ...each, value: "not_evaluated", degree: null, because: [] })),
    };
  }
  const verdict = verdictOf(criteria);
  const questions = openQuestions(regime.questions, shown, situation.facts);
  return {
    ...base,
    criteria,
    verdict,
    sentence: sentenceOf(regime, verdict, criteria, questions),
    questions,
    ...(remarks.length > 0 && { remarks }),
  };
}

function heading(
  criterion: Criterion,
): Pick<CriterionResult, "id" | "label" | "article" | "verbatim" | "legal" | "leads_to"> {
  const { id, label, article, verbatim, legal, leads_to } = criterion;
  return { id, label, article, verbatim, legal, ...(leads_to !== undefined && { leads_to }) };
}

/** A criterion's value, and the kinds of fact that would settle it while it is unknown. */
interface Settled {
  result: CriterionResult;
  missing: readonly Fact["kind"][];
}

function evaluateCriterion(criterion: Criterion, situation: Situation): Settled {
  const result = (
    value: CriterionResult["value"],
    degree: CriterionResult["degree"],
    because: Because[],
    missing: readonly Fact["kind"][] = [],
  ): Settled => ({ result: { ...heading(criterion), value, degree, because }, missing });
  const explain = (evaluated: Evaluated) => becauseOf(evaluated, situation.systems);
  const proven = criterion.proven && evaluate(criterion.proven, situation);
  if (proven?.truth === "true") return result("met", "proven", explain(proven));
  const main = criterion.met ?? criterion.potential;
  // The schema of a pack demands one of the two.
  if (main === undefined) return result("unknown", null, []);
  const evaluated = evaluate(main, situation);
  if (evaluated.truth === "true")
    return result("met", criterion.potential ? "potential" : null, explain(evaluated));
  if (evaluated.truth === "unknown" || proven?.truth === "unknown") {
    const missing = [
      ...new Set([
        ...(evaluated.truth === "unknown" ? evaluated.missing : []),
        ...(proven?.truth === "unknown" ? proven.missing : []),
      ]),
    ];
    const text = `On ne sait pas encore : ${missing.map((kind) => lowerFirst(FACTS[kind].label)).join(" ; ")}.`;
    return result("unknown", null, [{ text, facts: [], basis: "law" }], missing);
  }
  const because = explain(evaluated);
  if (because.length === 0) because.push({ text: "Aucun fait ne va dans ce sens.", facts: [], basis: "law" });
  if (criterion.not_met_note !== undefined)
    because.push({ text: criterion.not_met_note, facts: [], basis: "law" });
  return result("not_met", null, because);
}

function becauseOf({ grounds }: Evaluated, systems: ReadonlyMap<string, System>): Because[] {
  return grounds.map(({ fact, setting }): Because => {
    if (fact === null)
      return { text: "Réglage de l'établissement.", facts: [], basis: "setting", setting: setting ?? "" };
    // A person who says it needs no setting to be heard; what the setting adds is told all the same.
    const basis = fact.origin.by === "person" ? "person" : setting === null ? "law" : "setting";
    return {
      text: describeFact(fact, systems),
      facts: [fact.id],
      basis,
      ...(setting !== null && { setting }),
    };
  });
}

/** One French line for a fact: what, which system, who says so. */
export function describeFact(fact: Fact, systems: ReadonlyMap<string, System>): string {
  const name = nameOf(fact, systems);
  const about = name === undefined ? "" : ` : ${name}`;
  const label = fact.holds ? FACTS[fact.kind].label : `Écarté : ${lowerFirst(FACTS[fact.kind].label)}`;
  const { origin } = fact;
  if (origin.by === "rule") return `${label}${about} (règle « ${origin.title} »)`;
  if (origin.by === "person") return `${label}${about} (signalé par ${origin.source})`;
  return `${label}${about} (${origin.because})`;
}

/** Hosts named when no system stands for them. */
const NAMED = 3;

/** What a fact is about: its system, or the hosts that nobody described; undefined for the incident as a whole. */
export function nameOf(fact: Fact, systems: ReadonlyMap<string, System>): string | undefined {
  if (fact.system !== null) return systems.get(fact.system)?.name ?? fact.system;
  if (fact.subjects.length <= NAMED) return fact.subjects.length === 0 ? undefined : fact.subjects.join(", ");
  return `${fact.subjects.slice(0, NAMED).join(", ")} et ${fact.subjects.length - NAMED} autres`;
}

function verdictOf(
  criteria: readonly CriterionResult[],
): Exclude<Verdict, "withheld" | "watching" | "not_applicable"> {
  const leading = (to: "duty" | "advice") => criteria.filter((criterion) => leadsTo(criterion) === to);
  // One criterion is enough; an unknown never blocks.
  if (leading("duty").some((criterion) => criterion.value === "met")) return "declare";
  if (leading("advice").some((criterion) => criterion.value === "met")) return "advised";
  if (criteria.some((criterion) => criterion.legal && criterion.value === "unknown")) return "answer_missing";
  return "no_duty_found";
}

function openQuestions(
  questions: readonly RegimeQuestion[],
  settled: readonly Settled[],
  facts: readonly Fact[],
): Question[] {
  const standing = facts.filter((fact) => fact.withdrawn === null);
  const stated = new Set(standing.map((fact) => fact.kind));
  const answered = new Set(
    standing.flatMap(({ origin }) => (origin.by === "person" ? (origin.question ?? []) : [])),
  );
  const undecided = (question: RegimeQuestion) =>
    settled.some(
      ({ result, missing }) =>
        (missing.length > 0 || result.degree === "potential") &&
        question.criteria.includes(result.id) &&
        // Unknown for want of what it tells; or met in a way that could still gain a degree.
        (result.degree === "potential" || missing.some((kind) => tells(question, kind))),
    );
  return questions
    .filter((question) => {
      const first = question.answers[0]?.states[0]?.fact;
      return undecided(question) && !(first !== undefined && stated.has(first)) && !answered.has(question.id);
    })
    .map(asQuestion);
}

const tells = (question: RegimeQuestion, kind: Fact["kind"]) =>
  question.answers.some(({ states }) => states.some(({ fact }) => fact === kind));

/** A question of a pack as people are asked it: what its answers state is the pack's own. */
export function asQuestion({ id, text, asked_of, answers, criteria }: RegimeQuestion): Question {
  return { id, text, asked_of, criteria, answers: answers.map(({ id, label }) => ({ id, label })) };
}

function sentenceOf(
  { sentences }: Regime,
  verdict: Exclude<Verdict, "withheld" | "watching" | "not_applicable">,
  criteria: readonly CriterionResult[],
  questions: readonly Question[],
): string {
  const wanted = verdict === "declare" ? "duty" : "advice";
  const named = criteria
    .filter((criterion) => leadsTo(criterion) === wanted && criterion.value === "met")
    .map(
      (criterion) =>
        `${lowerFirst(criterion.label).replace(/ : (.+)$/, " ($1)")}${criterion.degree ? ` (${DEGREE_LABELS[criterion.degree]})` : ""}`,
    );
  if (verdict === "answer_missing" && questions[0] === undefined)
    return "Il manque une réponse pour savoir s'il faut déclarer.";
  return sentences[verdict]
    .replace("{criteria}", () => listed(named))
    .replace("{question}", () => lowerFirst(questions[0]?.text ?? ""));
}

function listed(words: readonly string[]): string {
  if (words.length <= 1) return words.join("");
  return `${words.slice(0, -1).join(", ")} et ${words.at(-1)}`;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLocaleLowerCase("fr") + text.slice(1);
}
