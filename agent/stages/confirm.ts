import type { Instant } from "../core/clock.ts";
import type { Decision } from "../core/decision.ts";
import { type ApprovedDeclaration, DECLARATION_TRANSITIONS, type Declaration } from "../core/declaration.ts";
import { DELIVERY_TRANSITIONS } from "../core/delivery.ts";
import { move } from "../core/transitions.ts";
import { checkText, declarantIn } from "./decide/check-text.ts";
import { to } from "./judge.ts";
import { planNag } from "./notify.ts";
import type { Actor, Refused, Stale, TextSeen } from "./person-act.ts";
import { transmit } from "./transmit.ts";
import { currentDeclaration, type Setup, unfiledDeclaration, type Work } from "./work.ts";

export interface Ruling {
  text: TextSeen;
  decision: Decision["decision"];
  reason: string | null;
  proof: Decision["how"];
  /** Who decides: by voice, the delegate who was called. */
  actor: Actor;
  /** Who confirms not to declare while a criterion is met. */
  second?: Decision["second"];
}

/** Binds a person's decision to the exact text seen; anything but the current text is stale. */
export function confirm(
  work: Work,
  ruling: Ruling,
  setup: Setup,
  now: Instant,
): { outcome: "decided"; decision: Decision } | Stale | Refused {
  const { text, actor, proof } = ruling;
  const wrong = checkText(work, text) ?? unfitRuling(work, ruling);
  if (wrong !== undefined) return wrong;
  const current = currentDeclaration(work) as Declaration;
  const decision: Decision = {
    id: setup.newId(),
    incident: work.incident.id,
    declaration: current.id,
    version: current.version,
    sha256: current.sha256,
    decision: ruling.decision,
    delegate: { account: actor.id, name: actor.name },
    how: proof,
    reason: ruling.reason,
    at: now,
    ...(ruling.second !== undefined && { second: ruling.second }),
    ...(proof.channel === "voice" && { state: "oral" as const }),
  };
  work.decisions.push(decision);
  const replaced = unfiledDeclaration(work);
  const declaration = {
    ...current,
    state: move(DECLARATION_TRANSITIONS, current.state, ruling.decision),
    updated: now,
  };
  work.declarations = [...work.declarations.slice(0, -1), declaration];
  if (ruling.decision === "set_aside") {
    to(work, "set_aside", String(ruling.reason));
    return { outcome: "decided", decision };
  }
  if (replaced !== undefined) replace(work, replaced, declaration.version, now);
  // A delegate may declare what the machine did not hold for reportable: the way leads through review all the same.
  to(work, "in_review", work.incident.because);
  to(
    work,
    "approved",
    proof.channel === "voice" ? `Décision orale de ${actor.name}, à confirmer.` : `Validé par ${actor.name}.`,
  );
  transmit(declaration as ApprovedDeclaration, work, setup, now);
  planNag(work, setup, now);
  return { outcome: "decided", decision };
}

/** What keeps this decision, and not another, from being taken on a text that stands. */
export function unfitRuling(
  work: Work,
  { decision, actor, reason }: Pick<Ruling, "decision" | "actor" | "reason">,
): Refused | undefined {
  const current = currentDeclaration(work);
  const named = current && declarantIn(current);
  // The declarant is part of what is declared: nobody approves a text in another's name.
  if (decision === "approved" && named !== undefined && named.name !== actor.name)
    return {
      outcome: "refused",
      code: "declarant_differs",
      because: `Le texte nomme ${named.name ?? "personne"} comme déclarant : prenez l'incident en charge pour le mettre à votre nom, puis relisez-le.`,
    };
  const replaced = unfiledDeclaration(work);
  const leaving = work.deliveries.find(
    (each) => each.version === replaced?.version && (each.state === "sending" || each.state === "uncertain"),
  );
  if (leaving !== undefined)
    return {
      outcome: "refused",
      code: "filing_uncertain",
      because: `L'envoi de la version ${leaving.version} est sans confirmation : vérifiez-le d'abord.`,
    };
  if (decision === "set_aside" && (reason ?? "").trim().length < 10)
    return {
      outcome: "refused",
      code: "reason_missing",
      because: "Ne pas déclarer demande un motif d'au moins dix caractères.",
    };
  return undefined;
}

/** The text approved before and not filed gives way to the new one: it will not be filed any more. */
function replace(work: Work, old: Declaration, by: number, now: Instant): void {
  work.declarations = work.declarations.map((each) =>
    each === old
      ? { ...old, state: move(DECLARATION_TRANSITIONS, old.state, "replaced"), updated: now }
      : each,
  );
  callOff(work, old.version, `Remplacé par la version ${by} avant dépôt.`, now);
}

/** Ends what was planned to carry a text out that will not be filed. */
export function callOff(work: Work, version: number, because: string, now: Instant): void {
  work.deliveries = work.deliveries.map((each) =>
    each.version === version && each.state === "planned"
      ? {
          ...each,
          state: move(DELIVERY_TRANSITIONS, each.state, "dropped"),
          attempts: [...each.attempts, { at: now, outcome: "dropped", because }],
          settled: now,
        }
      : each,
  );
}
