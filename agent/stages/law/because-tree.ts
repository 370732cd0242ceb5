import type { System } from "../../core/asset.ts";
import type { Instant } from "../../core/clock.ts";
import type { Fact } from "../../core/fact.ts";
import type { CriterionResult, Qualification, Verdict } from "../../core/qualification.ts";
import type { Dossier } from "../desk/desk.ts";
import { describeFact } from "../qualify.ts";

/** An alert behind a fact; its title and source are null when it is beyond those that are shown. */
export interface TreeAlert {
  id: string;
  at: Instant | null;
  source: string | null;
  title: string | null;
}

/** A fact with what it comes from: a rule at a version, a person, or the clock. */
export interface TreeFact {
  id: string;
  kind: Fact["kind"];
  holds: boolean;
  text: string;
  since: Instant;
  until: Instant | null;
  origin: Fact["origin"];
  /** The first ones; `count` is how many say so in all. */
  alerts: TreeAlert[];
  count: number;
}

export interface TreeBecause {
  text: string;
  basis: "law" | "setting" | "person";
  setting: string | null;
  facts: TreeFact[];
}

export interface TreeCriterion extends Omit<CriterionResult, "because"> {
  because: TreeBecause[];
}

/** One duty, from its verdict down to the alerts. */
export interface TreeDuty {
  regime: string;
  version: string;
  title: string;
  leads: boolean;
  verdict: Verdict;
  sentence: string;
  remarks: string[];
  /** Day on which the pack's texts were last verified. */
  verified: string | null;
  criteria: TreeCriterion[];
  questions: Qualification["questions"];
}

/** What a tree is made of: a dossier as people see it, without patients. */
export type Explainable = Pick<Dossier, "qualification" | "others" | "facts" | "evidence"> & {
  systems: readonly System[];
};

/** The same tree for the page and for `explain`: duty → criterion → article → facts → rule and version → alerts. */
export function becauseTree({ qualification, others, facts, evidence, systems }: Explainable): TreeDuty[] {
  const byId = new Map(facts.map((fact) => [fact.id, fact]));
  const named = new Map(systems.map((system) => [system.id, system]));
  const shown = new Map(evidence.map((each) => [each.alert, each]));
  const factOf = (fact: Fact): TreeFact => ({
    id: fact.id,
    kind: fact.kind,
    holds: fact.holds,
    text: describeFact(fact, named),
    since: fact.since,
    until: fact.until,
    origin: fact.origin,
    alerts: fact.evidence.map((id) => {
      const alert = shown.get(id);
      return { id, at: alert?.at ?? null, source: alert?.source ?? null, title: alert?.title ?? null };
    }),
    count: fact.alerts,
  });
  return [...(qualification ? [qualification] : []), ...others].map((each) => ({
    regime: each.regime,
    version: each.regime_version,
    title: each.title ?? each.regime,
    leads: each.leads !== false,
    verdict: each.verdict,
    sentence: each.sentence,
    remarks: each.remarks ?? [],
    verified: each.verified ?? null,
    questions: each.questions,
    criteria: each.criteria.map((criterion) => ({
      ...criterion,
      because: criterion.because.map(({ text, basis, setting, facts: ids }) => ({
        text,
        basis,
        setting: setting ?? null,
        facts: ids.flatMap((id) => {
          const fact = byId.get(id);
          return fact === undefined ? [] : [factOf(fact)];
        }),
      })),
    })),
  }));
}
