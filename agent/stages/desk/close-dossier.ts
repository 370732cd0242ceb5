import type { Instant } from "../../core/clock.ts";
import { DECLARATION_TRANSITIONS } from "../../core/declaration.ts";
import { overtakenBy } from "../../core/delivery.ts";
import { FACTS } from "../../core/fact.ts";
import type { IncidentState } from "../../core/incident.ts";
import { mayAct } from "../../core/person.ts";
import { move } from "../../core/transitions.ts";
import { hasNews, owesNotice } from "../followup/purpose.ts";
import { statesOf, to } from "../judge.ts";
import { type Actor, type Refused, refuse } from "../person-act.ts";
import { nameOf } from "../qualify.ts";
import { currentDeclaration, type Setup, unfiledDeclaration, type Work } from "../work.ts";

import { NOT_ALLOWED } from "./facts-desk.ts";

/** What a dossier may be closed from by a person; events alone never end, so a declared one need not be `facts_ended`. */
const CLOSABLE: ReadonlySet<IncidentState> = new Set(["declared", "facts_ended", "set_aside"]);

/**
 * What keeps a dossier from being closed by a person, in French; undefined when nothing does. Whoever closes it without a
 * notice of resolution says so, and leaves the notice that was proposed undecided.
 */
export function notClosable(
  work: Work,
  { systems }: Pick<Setup, "systems">,
  withoutNotice = false,
): Refused | undefined {
  const { state } = work.incident;
  if (!CLOSABLE.has(state))
    return refuse(
      "not_decided",
      "Un incident se clôt une fois déclaré et rétabli, ou écarté avec un motif : celui-ci attend encore une décision.",
    );
  const lasting = statesOf(work).find(({ until }) => until === null);
  if (lasting !== undefined) {
    const name = nameOf(lasting, systems);
    return refuse(
      "state_lasts",
      `« ${FACTS[lasting.kind].label} »${name === undefined ? "" : ` (${name})`} dure encore : mettez-y fin d'abord.`,
    );
  }
  if (unfiledDeclaration(work) !== undefined)
    return refuse("not_filed", "Un texte validé n'est pas encore déposé : déposez-le d'abord.");
  const text = currentDeclaration(work);
  if (text?.state === "draft" && !(withoutNotice && text.kind === "resolution" && !hasNews(work)))
    return refuse(
      "text_undecided",
      "Un texte attend votre décision : validez-le, ou écartez-le avec un motif.",
    );
  const oral = work.decisions.find(({ state }) => state === "oral");
  if (oral !== undefined)
    return refuse("oral_unsettled", `${oral.delegate.name} n'a pas encore confirmé sa décision orale.`);
  const unsettled = work.deliveries.some(
    (each) =>
      ["planned", "sending", "uncertain"].includes(each.state) &&
      overtakenBy(each, work.deliveries) === undefined,
  );
  if (unsettled) return refuse("delivery_unsettled", "Un envoi n'est pas confirmé : vérifiez-le d'abord.");
  if (owesNotice(work) && !withoutNotice)
    return refuse(
      "notice_owed",
      "L'avis de résolution (D.1111-16-3) n'est pas déposé : déposez-le, ou dites que vous closez sans lui, et pourquoi.",
    );
  return undefined;
}

/** Closes what was declared and is over, or was set aside, in the name of a person; says what keeps it else. */
export function closeDossier(
  work: Work,
  {
    reason,
    withoutNotice,
    falseAlarm = false,
    actor,
    setup,
    now,
  }: {
    reason: string;
    withoutNotice: boolean;
    falseAlarm?: boolean;
    actor: Actor;
    setup: Setup;
    now: Instant;
  },
): { outcome: "closed" } | Refused {
  const kept = notClosable(work, setup, withoutNotice);
  if (kept !== undefined) return kept;
  // D.1111-16-3: who declares is who says that it is resolved.
  if (!mayAct(actor, "decide", now)) return NOT_ALLOWED;
  const from = work.incident.state;
  const writer = actor.name;
  if (from === "declared") to(work, "facts_ended", "Rien de ce qui a été constaté ne dure.");
  to(work, "closed", `Clos par ${writer} : ${reason}`);
  const said = falseAlarm ? { false_alarm: true as const } : {};
  const closure = { at: now, writer, reason, from, ...said };
  work.incident = {
    ...work.incident,
    closure: owesNotice(work) ? { ...closure, without_notice: true } : closure,
  };
  work.declarations = work.declarations.map((each) =>
    each.state === "draft"
      ? { ...each, state: move(DECLARATION_TRANSITIONS, each.state, "set_aside"), updated: now }
      : each,
  );
  return { outcome: "closed" };
}

/** Puts a closed dossier back where it stood; what was closed as a candidate becomes an incident. */
export function openAgain(work: Work, because: string): void {
  const { closed_by: _, closure, ...incident } = work.incident;
  work.incident = incident;
  to(work, closure?.from ?? "open", because);
}
