import type { Instant } from "../../core/clock.ts";
import type { DecisionStep } from "../../core/decision.ts";
import type { Actor } from "../person-act.ts";

import { currentDeclaration, type Work } from "../work.ts";
import { idOf } from "./standing-text.ts";

/** What a step says beside who made it and when. */
type Said = Pick<DecisionStep, "step"> & Partial<Pick<DecisionStep, "to" | "comment" | "how" | "call">>;

/** Writes what a person did on the way to a decision, on the text that stands. */
export function addStep(work: Work, said: Said, actor: Actor, now: Instant): DecisionStep {
  const step: DecisionStep = {
    // The next place: of two processes that write at once, one finds it taken and looks again.
    id: `${work.incident.id}/${work.steps.length + 1}`,
    incident: work.incident.id,
    text: idOf(currentDeclaration(work)),
    by: { account: actor.id, name: actor.name },
    to: null,
    comment: "",
    how: null,
    call: null,
    at: now,
    ...said,
  };
  work.steps.push(step);
  return step;
}
