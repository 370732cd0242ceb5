import type { Instant } from "../core/clock.ts";
import type { Decision } from "../core/decision.ts";
import {
  type ApprovedDeclaration,
  contentOf,
  DECLARATION_TRANSITIONS,
  type Declaration,
} from "../core/declaration.ts";
import { DELIVERY_TRANSITIONS } from "../core/delivery.ts";
import { underDefenceSecret } from "../core/fact.ts";
import { move } from "../core/transitions.ts";
import type { Actor, Proof, Refused, Stale, TextSeen } from "./desk/desk.ts";
import { to } from "./judge.ts";
import { planNag } from "./notify.ts";
import { transmit } from "./transmit.ts";
import { currentDeclaration, type Setup, unfiledDeclaration, type Work } from "./work.ts";

export interface Ruling {
  text: TextSeen;
  decision: Decision["decision"];
  reason: string | null;
  proof: Proof;
  actor: Actor;
}

/** Binds a person's decision to the exact text seen; anything but the current text is stale. */
export function confirm(
  work: Work,
  ruling: Ruling,
  setup: Setup,
  now: Instant,
): { outcome: "decided"; decision: Decision } | Stale | Refused {
  if (underDefenceSecret(work.facts)) {
    return {
      outcome: "refused",
      code: "defence_secret",
      because: "Ce dossier est couvert par le secret de la défense nationale : rien n'en est décidé ici.",
    };
  }
  const current = currentDeclaration(work);
  const { text } = ruling;
  if (work.decisions.some((each) => each.declaration === text.declaration && each.version === text.version)) {
    return {
      outcome: "refused",
      code: "already_decided",
      because: `Ce texte a déjà fait l'objet d'une décision : ${byWhom(work)}.`,
    };
  }
  if (
    current === undefined ||
    current.id !== text.declaration ||
    current.version !== text.version ||
    current.sha256 !== text.sha256
  ) {
    return {
      outcome: "stale",
      current: current ? { declaration: current.id, version: current.version, sha256: current.sha256 } : null,
    };
  }
  const named = contentOf(current)
    .sections.flatMap((section) => section.fields)
    .find((field) => field.id === "declarant_name");
  // The declarant is part of what is declared: nobody approves a text in another's name.
  if (ruling.decision === "approved" && named !== undefined && named.value !== ruling.actor.name) {
    return {
      outcome: "refused",
      code: "declarant_differs",
      because: `Le texte nomme ${named.value ?? "personne"} comme déclarant : prenez l'incident en charge pour le mettre à votre nom, puis relisez-le.`,
    };
  }
  const replaced = unfiledDeclaration(work);
  const leaving = work.deliveries.find(
    (each) => each.version === replaced?.version && (each.state === "sending" || each.state === "uncertain"),
  );
  if (leaving !== undefined) {
    return {
      outcome: "refused",
      code: "filing_uncertain",
      because: `L'envoi de la version ${leaving.version} est sans confirmation : vérifiez-le d'abord.`,
    };
  }
  if (ruling.decision === "set_aside" && (ruling.reason ?? "").trim().length < 10) {
    return {
      outcome: "refused",
      code: "reason_missing",
      because: "Ne pas déclarer demande un motif d'au moins dix caractères.",
    };
  }
  const decision: Decision = {
    id: setup.newId(),
    incident: work.incident.id,
    declaration: current.id,
    version: current.version,
    sha256: current.sha256,
    decision: ruling.decision,
    delegate: { account: ruling.actor.id, name: ruling.actor.name },
    how: ruling.proof,
    reason: ruling.reason,
    at: now,
  };
  work.decisions.push(decision);
  const declaration = {
    ...current,
    state: move(DECLARATION_TRANSITIONS, current.state, ruling.decision),
    updated: now,
  };
  work.declarations = [...work.declarations.slice(0, -1), declaration];
  if (ruling.decision === "set_aside") {
    to(work, "set_aside", ruling.reason ?? "");
    return { outcome: "decided", decision };
  }
  if (replaced !== undefined) replace(work, replaced, declaration.version, now);
  // A delegate may declare what the machine did not hold for reportable: the way leads through review all the same.
  to(work, "in_review", work.incident.because);
  to(work, "approved", `Validé par ${ruling.actor.name}.`);
  transmit(declaration as ApprovedDeclaration, work, setup, now);
  planNag(work, setup, now);
  return { outcome: "decided", decision };
}

/** The text approved before and not filed gives way to the new one: it will not be filed any more. */
function replace(work: Work, old: Declaration, by: number, now: Instant): void {
  work.declarations = work.declarations.map((each) =>
    each === old
      ? { ...old, state: move(DECLARATION_TRANSITIONS, old.state, "replaced"), updated: now }
      : each,
  );
  work.deliveries = work.deliveries.map((each) =>
    each.version === old.version && each.state === "planned"
      ? {
          ...each,
          state: move(DELIVERY_TRANSITIONS, each.state, "refused"),
          attempts: [
            ...each.attempts,
            { at: now, outcome: "refused", because: `Remplacé par la version ${by} avant dépôt.` },
          ],
          settled: now,
        }
      : each,
  );
}

function byWhom(work: Work): string {
  const last = work.decisions.at(-1);
  return last === undefined
    ? "inconnue"
    : `${last.decision === "approved" ? "validé" : "écarté"} par ${last.delegate.name}`;
}
