import type { Criterion, Regime, RegimeQuestion } from "../../rules/regimes/regime.ts";
import type { System } from "../core/asset.ts";
import { FACTS, type Fact } from "../core/fact.ts";
import type { Incident } from "../core/incident.ts";
import {
  type Because,
  type CriterionResult,
  DEGREE_LABELS,
  type Qualification,
  type Question,
  type Verdict,
} from "../core/qualification.ts";
import { type Evaluated, evaluate, type Situation } from "./evaluate.ts";

/** Evaluates an incident under one regime: each criterion with its because, the verdict, the open questions. */
export function qualify(incident: Incident, regime: Regime, situation: Situation): Qualification {
  const base = { incident: incident.id, regime: regime.id, regime_version: regime.version };
  const shown = regime.criteria.filter(
    (criterion) => !criterion.only_when_stated || evaluateCriterion(criterion, situation).value === "met",
  );
  if (incident.state === "candidate") {
    const criteria = shown.map(
      (criterion): CriterionResult => ({
        ...heading(criterion),
        value: "not_evaluated",
        degree: null,
        because: [],
      }),
    );
    return {
      ...base,
      criteria,
      verdict: "watching",
      sentence: "À surveiller : rien n'oblige à déclarer à ce stade.",
      questions: [],
    };
  }
  const criteria = shown.map((criterion) => evaluateCriterion(criterion, situation));
  const verdict = verdictOf(criteria);
  const questions = openQuestions(regime.questions, criteria, situation.facts);
  return { ...base, criteria, verdict, sentence: sentenceOf(verdict, criteria, questions), questions };
}

function heading(
  criterion: Criterion,
): Pick<CriterionResult, "id" | "label" | "article" | "verbatim" | "legal"> {
  const { id, label, article, verbatim, legal } = criterion;
  return { id, label, article, verbatim, legal };
}

function evaluateCriterion(criterion: Criterion, situation: Situation): CriterionResult {
  const result = (
    value: CriterionResult["value"],
    degree: CriterionResult["degree"],
    because: Because[],
  ): CriterionResult => ({
    ...heading(criterion),
    value,
    degree,
    because,
  });
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
    return result("unknown", null, [{ text, facts: [], basis: "law" }]);
  }
  const because = explain(evaluated);
  if (because.length === 0) because.push({ text: "Aucun fait ne va dans ce sens.", facts: [], basis: "law" });
  if (criterion.not_met_note !== undefined)
    because.push({ text: criterion.not_met_note, facts: [], basis: "law" });
  return result("not_met", null, because);
}

function becauseOf(evaluated: Evaluated, systems: ReadonlyMap<string, System>): Because[] {
  return evaluated.facts.map((fact) => ({
    text: describeFact(fact, systems),
    facts: [fact.id],
    basis: fact.origin.by === "person" ? "person" : evaluated.bySetting ? "setting" : "law",
  }));
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

function verdictOf(criteria: readonly CriterionResult[]): Verdict {
  const legal = criteria.filter((criterion) => criterion.legal);
  // One criterion is enough; an unknown never blocks.
  if (legal.some((criterion) => criterion.value === "met")) return "declare";
  if (criteria.some((criterion) => criterion.value === "met")) return "advised";
  if (legal.some((criterion) => criterion.value === "unknown")) return "answer_missing";
  return "no_duty_found";
}

function openQuestions(
  questions: readonly RegimeQuestion[],
  criteria: readonly CriterionResult[],
  facts: readonly Fact[],
): Question[] {
  const stated = new Set(facts.filter((fact) => fact.withdrawn === null).map((fact) => fact.kind));
  // A question stays open while one of its criteria is unknown or could still gain a degree.
  const undecided = new Set(
    criteria
      .filter((criterion) => criterion.value === "unknown" || criterion.degree === "potential")
      .map((criterion) => criterion.id),
  );
  return questions
    .filter((question) => {
      const settles = question.answers.flatMap((answer) => answer.states.map((state) => state.fact));
      const first = question.answers[0]?.states[0]?.fact;
      return (
        question.criteria.some((id) => undecided.has(id)) &&
        !(first !== undefined && stated.has(first)) &&
        settles.length > 0
      );
    })
    .map(({ id, text, asked_of, answers, criteria }) => ({
      id,
      text,
      asked_of,
      criteria,
      answers: answers.map(({ id, label }) => ({ id, label })),
    }));
}

function sentenceOf(
  verdict: Verdict,
  criteria: readonly CriterionResult[],
  questions: readonly Question[],
): string {
  const named = criteria
    .filter((criterion) => criterion.legal && criterion.value === "met")
    .map(
      (criterion) =>
        `${lowerFirst(criterion.label)}${criterion.degree ? ` (${DEGREE_LABELS[criterion.degree]})` : ""}`,
    );
  switch (verdict) {
    case "declare":
      return `À déclarer maintenant : ${listed(named)}. Vous pourrez compléter plus tard.`;
    case "advised":
      return "Déclaration conseillée : un acte malveillant est soupçonné et a eu un effet. Aucun critère légal n'est établi à ce stade.";
    case "answer_missing":
      return questions[0] === undefined
        ? "Il manque une réponse pour savoir s'il faut déclarer."
        : `Il manque une réponse : ${lowerFirst(questions[0].text)}`;
    case "no_duty_found":
      return "Pas d'obligation relevée : aucun critère n'est rempli d'après ce qui est connu.";
    case "watching":
      return "À surveiller : rien n'oblige à déclarer à ce stade.";
  }
}

function listed(words: readonly string[]): string {
  if (words.length <= 1) return words.join("");
  return `${words.slice(0, -1).join(", ")} et ${words.at(-1)}`;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLocaleLowerCase("fr") + text.slice(1);
}
