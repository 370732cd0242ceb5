import type { Instant } from "../../core/clock.ts";
import { awaitedOf, type Decision, type DecisionStep, type Proof } from "../../core/decision.ts";
import type { Declaration } from "../../core/declaration.ts";
import type { Fact } from "../../core/fact.ts";
import type { Qualification } from "../../core/qualification.ts";
import { confirm, unfitRuling } from "../confirm.ts";
import { judge } from "../judge.ts";
import { type Actor, type Refused, refuse, type Stale, type TextSeen, WRITING } from "../person-act.ts";
import { copyWork, type Setup, type Work } from "../work.ts";
import { addStep } from "./add-step.ts";
import { checkText } from "./check-text.ts";
import { standingText } from "./standing-text.ts";
import { tellStep } from "./tell-step.ts";

type Evaluated = {
  qualification: Qualification | undefined;
  others: readonly Qualification[];
  declarations: readonly Declaration[];
};

/**
 * What of the law is met, under any duty, and would be left undeclared: not by one person alone. Nothing is where a text
 * is filed already, or approved: what is set aside then is only what would complete it.
 */
export function undeclaredDuties({
  qualification,
  others,
  declarations,
}: Evaluated): { id: string; label: string }[] {
  if (declarations.some(({ state }) => state === "filed" || state === "approved")) return [];
  return [...(qualification === undefined ? [] : [qualification]), ...others].flatMap(({ criteria }) =>
    criteria.filter(
      ({ value, legal, leads_to }) => value === "met" && (leads_to ?? (legal ? "duty" : "advice")) === "duty",
    ),
  );
}

/** Facts that others or machines stated and that a person withdrew alone: what they would meet is not theirs alone to leave. */
export function withdrawnBy(facts: readonly Fact[], name: string): Fact[] {
  return facts.filter(
    ({ withdrawn, origin }) =>
      withdrawn?.writer === name && !(origin.by === "person" && origin.writer === name),
  );
}

/** The incident as it would be evaluated had this person withdrawn nothing. */
function beforeOwnWithdrawals(work: Work, { name }: Actor, setup: Setup, now: Instant): Work {
  const withdrawn = new Set(withdrawnBy(work.facts, name));
  if (withdrawn.size === 0) return work;
  const before = copyWork(work);
  before.facts = work.facts.map((fact) => (withdrawn.has(fact) ? { ...fact, withdrawn: null } : fact));
  judge(before, setup, now);
  return before;
}

export type SetAside =
  | { outcome: "set_aside"; decision: Decision }
  | { outcome: "second_awaited"; step: DecisionStep };

/**
 * Decides not to declare; while a criterion is met, or would be but for facts that the same person withdrew, it only
 * begins, and a second person has to confirm.
 */
export function setAside(
  work: Work,
  {
    text,
    reason,
    proof,
    actor,
    directors,
  }: { text: TextSeen; reason: string; proof: Proof; actor: Actor; directors?: readonly string[] },
  setup: Setup,
  now: Instant,
): SetAside | Stale | Refused {
  const ruling = { text, decision: "set_aside", reason, proof, actor } as const;
  const wrong = checkText(work, text) ?? unfitRuling(work, ruling);
  if (wrong !== undefined) return wrong;
  if (undeclaredDuties(beforeOwnWithdrawals(work, actor, setup, now)).length === 0) {
    return setAsideAs(confirm(work, ruling, setup, now));
  }
  const awaited = awaitedOf("second", work, standingText(work) ?? undefined);
  if (awaited !== undefined)
    return refuse(
      "second_awaited",
      `${awaited.by.name} a déjà demandé de ne pas déclarer ce texte : une autre personne doit confirmer, ou refuser.`,
    );
  const step = addStep(work, { step: "second_awaited", comment: reason, how: proof }, actor, now);
  tellStep(work, setup, { event: "second_needed", step, now, also: directors });
  return { outcome: "second_awaited", step };
}

/** A second person confirms not to declare: the decision is of both, on the text that both read. */
export function confirmSetAside(
  work: Work,
  {
    text,
    proof,
    actor,
    mayDecide,
    twin,
  }: {
    text: TextSeen;
    proof: Proof;
    actor: Actor;
    mayDecide: (account: string) => boolean;
    /** Whether an account is, as far as the record tells, another of the same person. */
    twin?: (account: string) => boolean;
  },
  setup: Setup,
  now: Instant,
): { outcome: "set_aside"; decision: Decision } | Stale | Refused {
  const awaited = checkSecond(work, text);
  if ("outcome" in awaited) return awaited;
  const { by, comment, how } = awaited;
  if (by.account === actor.id)
    return refuse(
      "second_is_first",
      "Vous avez vous-même demandé de ne pas déclarer : une autre personne déléguée, ou le directeur, doit confirmer.",
    );
  if (twin?.(by.account))
    return refuse(
      "same_person",
      `${by.name} et vous avez le même nom, ou la même identité dans l'annuaire : une autre personne doit confirmer.`,
    );
  if (!mayDecide(by.account) || how === null)
    return refuse(
      "first_gone",
      `${by.name} ne peut plus décider : la demande ne tient plus. Décidez vous-même de ce texte.`,
    );
  const first = { ...actor, id: by.account, name: by.name };
  const second = { by: { account: actor.id, name: actor.name }, how: proof, at: now };
  const ruling = { text, decision: "set_aside", reason: comment, proof: how, actor: first, second } as const;
  return setAsideAs(confirm(work, ruling, setup, now));
}

function setAsideAs(
  done: ReturnType<typeof confirm>,
): { outcome: "set_aside"; decision: Decision } | Stale | Refused {
  return done.outcome === "decided" ? { outcome: "set_aside", decision: done.decision } : done;
}

/** Who asked not to declare takes it back, or another who may decide refuses: the text waits as before. */
export function endSetAside(
  work: Work,
  { text, comment, actor }: { text: TextSeen; comment: string; actor: Actor },
  setup: Setup,
  now: Instant,
): { outcome: "withdrawn" | "declined" } | Stale | Refused {
  const awaited = checkSecond(work, text);
  if ("outcome" in awaited) return awaited;
  if (awaited.by.account === actor.id) {
    addStep(work, { step: "second_withdrawn", comment, to: awaited.by }, actor, now);
    return { outcome: "withdrawn" };
  }
  if (comment.length < WRITING.reason.least)
    return refuse(
      "reason_missing",
      `Dites pourquoi vous ne confirmez pas, en ${WRITING.reason.least} caractères au moins.`,
    );
  const step = addStep(work, { step: "second_refused", comment, to: awaited.by }, actor, now);
  tellStep(work, setup, { event: "handed_back", step, now });
  return { outcome: "declined" };
}

function checkSecond(work: Work, text: TextSeen): DecisionStep | Stale | Refused {
  const wrong = checkText(work, text);
  if (wrong !== undefined) return wrong;
  return (
    awaitedOf("second", work, text) ??
    refuse("nothing_awaited", "Aucune demande de ne pas déclarer n'attend plus : relisez la page.")
  );
}
