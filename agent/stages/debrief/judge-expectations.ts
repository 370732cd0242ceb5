import type { Instant } from "../../core/clock.ts";
import { FACTS } from "../../core/fact.ts";
import type { ExerciseRun } from "../exercise/exercise-runs.ts";
import type { Expectation } from "../exercise/scenario.ts";
import type { JudgedExpectation } from "./debrief.ts";
import type { Moments } from "./read-story.ts";

/** What expectations are held against: what happened in all incidents of the playing. */
export interface Happened {
  moments: readonly Moments[];
  /** Incidents that stand, merged ones left out. */
  incidents: number;
  /** French label of a criterion, by its id. */
  criterion: (id: string) => string;
  /** What a question asks, by its id. */
  question: (id: string) => string;
  /** A rule of conservation erased one of them: what its record does not say is not known any more. */
  erased?: boolean;
  now: Instant;
}

/** Says of each expectation of a playing whether it was met, late, missed, or may still come. */
export function judgeExpectations(run: ExerciseRun, happened: Happened): JudgedExpectation[] {
  return run.expectations.map((expectation) => {
    const why = expectation.why ?? null;
    const over = run.ended !== null || run.next !== null;
    if ("incidents" in expectation) {
      const { incidents: wanted } = expectation;
      const text =
        wanted === 0 ? "Aucun incident ouvert" : `${wanted} incident${wanted > 1 ? "s" : ""} en tout`;
      const outcome = happened.incidents === wanted ? "met" : over ? "missed" : "waiting";
      return { text: `${text} (ouverts : ${happened.incidents})`, why, outcome, due: null, at: null };
    }
    if ("quiet" in expectation) {
      const at = whenOf({ called: expectation.quiet }, happened);
      const text = `Personne n’est réveillé : ${CALLED[expectation.quiet]}`;
      const kept = happened.erased ? "erased" : over ? "met" : "waiting";
      return { text, why, outcome: at !== null ? "missed" : kept, due: null, at };
    }
    const { by } = expectation;
    const at = whenOf(expectation, happened);
    const due = by === undefined || run.speed === null ? null : run.started + Math.round(by / run.speed);
    // Played at once, people have as long as the story gives them before it counts as missed.
    const open = by !== undefined && happened.now < run.started + by / (run.speed ?? 1);
    const late = at === null || (due !== null && at > due);
    // It may have happened, or happened sooner, in what is gone.
    if (late && happened.erased)
      return { text: wordsOf(expectation, happened), why, outcome: "erased", due, at: null };
    const outcome = at === null ? (open || !over ? "waiting" : "missed") : late ? "late" : "met";
    return { text: wordsOf(expectation, happened), why, outcome, due, at };
  });
}

type Timed = Exclude<Expectation, { incidents: number } | { quiet: unknown }>;

const CALLED = { on_call: "astreinte informatique", delegate: "personne déléguée" } as const;

function wordsOf(expectation: Timed, { criterion, question }: Happened): string {
  if ("fact" in expectation) return `Fait reconnu : ${FACTS[expectation.fact].label}`;
  if ("met" in expectation) return `Critère rempli : ${criterion(expectation.met)}`;
  if ("called" in expectation)
    return expectation.called === "on_call"
      ? "Astreinte informatique prévenue"
      : "Personne déléguée prévenue";
  if ("acknowledged" in expectation) return "Constat : une personne prend note";
  if ("answered" in expectation) return `Réponse donnée : ${question(expectation.answered)}`;
  return "decided" in expectation ? "Décision prise" : "Déclaration déposée (simulée)";
}

/** When it first happened in any incident; null when it did not. */
function whenOf(
  expectation: Omit<Timed, "by" | "why"> | { called: "on_call" | "delegate" },
  { moments }: Happened,
) {
  const found = moments.map((each): Instant | undefined => {
    if ("fact" in expectation) return each.facts.get(expectation.fact as string);
    if ("met" in expectation) return each.met.get(expectation.met as string);
    if ("called" in expectation)
      return expectation.called === "on_call" ? each.onCallTold : each.delegateTold;
    if ("acknowledged" in expectation) return each.found;
    if ("answered" in expectation) return each.answered.get(expectation.answered as string);
    return "decided" in expectation ? each.decisions[0]?.at : each.filed;
  });
  const known = found.filter((at) => at !== undefined);
  return known.length === 0 ? null : Math.min(...known);
}
