import type { Instant } from "../../core/clock.ts";
import { askedOf, type DecisionStep } from "../../core/decision.ts";
import type { Account } from "../../core/person.ts";
import { planHandedCall } from "../escalate.ts";
import { type Actor, over, type Refused, refuse, type Stale, type TextSeen, WRITING } from "../person-act.ts";

import { currentDeclaration, type Setup, type Work } from "../work.ts";
import { addStep } from "./add-step.ts";
import { checkText } from "./check-text.ts";
import { tellStep } from "./tell-step.ts";

/** Longest comment, in characters. */
export const COMMENT_LIMIT = 4000;

/** Gives a text back to those who edit, with what is wrong in it; it may still be decided on as it stands. */
export function sendBack(
  work: Work,
  { text, comment, actor }: { text: TextSeen; comment: string; actor: Actor },
  setup: Setup,
  now: Instant,
): { outcome: "sent_back"; step: DecisionStep } | Stale | Refused {
  const wrong = checkText(work, text);
  if (wrong !== undefined) return wrong;
  if (comment.length < WRITING.reason.least || comment.length > COMMENT_LIMIT)
    return refuse(
      "comment_missing",
      `Dites ce qui est à corriger, en ${WRITING.reason.least} caractères au moins.`,
    );
  const step = addStep(work, { step: "sent_back", comment }, actor, now);
  tellStep(work, setup, { event: "sent_back", step, now });
  return { outcome: "sent_back", step };
}

/** Passes the decision on to a colleague who may take it and can be reached: the text is put in that name. */
export function handOver(
  work: Work,
  { to, comment, actor }: { to: Account; comment: string; actor: Actor },
  setup: Setup,
  now: Instant,
): { outcome: "handed_over"; step: DecisionStep } | Refused {
  if (over(work) || currentDeclaration(work)?.state !== "draft")
    return refuse("nothing_to_decide", "Aucun texte n'attend de décision ici.");
  if (to.id === actor.id) return refuse("to_oneself", "Vous êtes déjà la personne qui décide.");
  const asked = askedOf(work);
  if (asked?.to?.account === to.id)
    return refuse("already_asked", `${to.name} est déjà la personne sollicitée, par ${asked.by.name}.`);
  const person = { account: to.id, name: to.name };
  const step = addStep(work, { step: "handed_over", to: person, comment }, actor, now);
  work.incident = { ...work.incident, declarant: to.id };
  tellStep(work, setup, { event: "handed_over", step, now });
  planHandedCall(work, setup, { step: step.id, first: to.id, last: actor.id, now });
  return { outcome: "handed_over", step };
}

/** The colleague who is asked cannot: the hand goes back to who had passed it. */
export function handBack(
  work: Work,
  { comment, actor }: { comment: string; actor: Actor },
  setup: Setup,
  now: Instant,
): { outcome: "handed_back" } | Refused {
  const asked = askedOf(work);
  if (asked?.to?.account !== actor.id)
    return refuse("not_asked", "La main ne vous a pas été passée, ou elle a été reprise entre-temps.");
  const step = addStep(work, { step: "handed_back", to: asked.by, comment }, actor, now);
  work.incident = { ...work.incident, declarant: asked.by.account };
  tellStep(work, setup, { event: "handed_back", step, now });
  planHandedCall(work, setup, { step: step.id, first: asked.by.account, last: actor.id, now });
  return { outcome: "handed_back" };
}
