import type { Instant } from "../../core/clock.ts";
import {
  awaitedOf,
  type Decision,
  type DecisionStep,
  isShortFingerprint,
  type Proof,
} from "../../core/decision.ts";
import { DECLARATION_TRANSITIONS } from "../../core/declaration.ts";
import type { Account } from "../../core/person.ts";
import { move } from "../../core/transitions.ts";
import { callOff, confirm, unfitRuling } from "../confirm.ts";
import { to as toState } from "../judge.ts";
import { type Actor, over, type Refused, refuse, type Stale, type TextSeen, WRITING } from "../person-act.ts";
import { releaseHeld } from "../transmit.ts";
import { currentDeclaration, type Setup, type Work } from "../work.ts";
import { addStep } from "./add-step.ts";
import { checkText } from "./check-text.ts";
import { tellStep } from "./tell-step.ts";

/** Whether an account is, as far as the record tells, another of the same person. */
type Twin = (account: string) => boolean;

const NUMBER = /^\+?[0-9][0-9 ().-]{1,23}$/;
const WRONG_SIX = refuse(
  "wrong_fingerprint",
  "Ces six caractères ne sont pas ceux de ce texte : rien n'est enregistré. Relisez-les ensemble.",
);

/** Puts a text in the name of the delegate who is going to be called, so that what is read out is what they declare. */
export function prepareOral(
  work: Work,
  { delegate }: { delegate: Account },
): { outcome: "prepared" } | Refused {
  if (over(work) || currentDeclaration(work)?.state !== "draft")
    return refuse("nothing_to_decide", "Aucun texte n'attend de décision ici.");
  work.incident = { ...work.incident, declarant: delegate.id };
  return { outcome: "prepared" };
}

export interface OralRecord {
  text: TextSeen;
  /** The number called. */
  number: string;
  /** The six characters, as typed. */
  typed: string;
}

/** The one who read the text on the telephone records the delegate's yes: it counts once a second listener says so too. */
export function recordOral(
  work: Work,
  {
    text,
    number,
    typed,
    delegate,
    proof,
    actor,
    twin,
  }: OralRecord & { delegate: Account; proof: Proof; actor: Actor; twin?: Twin },
  now: Instant,
): { outcome: "oral_awaited"; step: DecisionStep } | Stale | Refused {
  const called = { decision: "approved", actor: delegate, reason: null } as const;
  const wrong = checkText(work, text) ?? unfitRuling(work, called) ?? unfitOral({ text, number, typed });
  if (wrong !== undefined) return wrong;
  if (delegate.id === actor.id || twin?.(delegate.id))
    return refuse(
      "own_voice",
      "Vous pouvez décider : validez le texte vous-même, avec votre second facteur.",
    );
  const awaited = awaitedOf("oral", work, text);
  if (awaited !== undefined)
    return refuse(
      "oral_awaited",
      `${awaited.by.name} a déjà enregistré cet appel : la personne qui écoutait doit le confirmer, ou il faut le retirer.`,
    );
  const digits = (of: string) => of.replace(/\D/g, "").replace(/^0033|^33/, "0");
  const known = digits(delegate.phone) === digits(number);
  const person = { account: delegate.id, name: delegate.name };
  const said = { step: "oral_awaited", to: person, how: proof, call: { number, known } } as const;
  return { outcome: "oral_awaited", step: addStep(work, said, actor, now) };
}

/** What is wrong with the record of a call, before any code is asked for. */
export function unfitOral({ text, number, typed }: OralRecord): Refused | undefined {
  if (!NUMBER.test(number))
    return refuse("bad_number", "Écrivez le numéro appelé : des chiffres, avec ou sans espaces.");
  return isShortFingerprint(typed, text.sha256) ? undefined : WRONG_SIX;
}

/** A second listener, with an account of their own, says that the delegate said yes: the decision stands, as oral. */
export function hearOral(
  work: Work,
  {
    text,
    typed,
    proof,
    actor,
    delegate,
    twin,
  }: {
    text: TextSeen;
    typed: string;
    proof: Proof;
    actor: Actor;
    /** The delegate who was called, while they may decide. */
    delegate: (account: string) => Account | undefined;
    twin?: Twin;
  },
  setup: Setup,
  now: Instant,
): { outcome: "decided"; decision: Decision } | Stale | Refused {
  const awaited = checkOral(work, text);
  if ("outcome" in awaited) return awaited;
  const { by, to, how, call, at } = awaited;
  if (by.account === actor.id || twin?.(by.account))
    return refuse(
      "same_listener",
      "La seconde écoute est celle d'une autre personne, avec son propre compte.",
    );
  if (to !== null && (to.account === actor.id || twin?.(to.account)))
    return refuse("own_voice", "C'est vous qu'on a appelé : décidez vous-même, avec votre second facteur.");
  if (!isShortFingerprint(typed, text.sha256)) return WRONG_SIX;
  const called = to === null ? undefined : delegate(to.account);
  if (called === undefined || how === null || call === null)
    return refuse("delegate_gone", `${to?.name ?? "Cette personne"} ne peut plus décider.`);
  const voice = {
    channel: "voice",
    ...call,
    recorded: { by, how, at },
    heard: { by: { account: actor.id, name: actor.name }, how: proof, at: now },
  } as const;
  return confirm(work, { text, decision: "approved", reason: null, proof: voice, actor: called }, setup, now);
}

/** Takes the record of a call back before it counts. */
export function withdrawOral(
  work: Work,
  { text, actor }: { text: TextSeen; actor: Actor },
  now: Instant,
): { outcome: "withdrawn" } | Stale | Refused {
  const awaited = checkOral(work, text);
  if ("outcome" in awaited) return awaited;
  addStep(work, { step: "oral_withdrawn" }, actor, now);
  return { outcome: "withdrawn" };
}

function checkOral(work: Work, text: TextSeen): DecisionStep | Stale | Refused {
  const wrong = checkText(work, text);
  if (wrong !== undefined) return wrong;
  return (
    awaitedOf("oral", work, text) ??
    refuse("nothing_awaited", "Aucun appel enregistré n'attend de seconde écoute : relisez la page.")
  );
}

/** The delegate makes a decision that others recorded their own, or denies it. */
export function settleOral(
  work: Work,
  {
    decision: id,
    confirmed,
    comment,
    proof,
    actor,
  }: { decision: string; confirmed: boolean; comment: string; proof: Proof; actor: Actor },
  setup: Setup,
  now: Instant,
): { outcome: "settled"; decision: Decision } | Refused {
  const oral = work.decisions.find((each) => each.id === id && each.how.channel === "voice");
  if (oral === undefined) return refuse("unknown_decision", "Cette décision orale n'existe pas.");
  if (oral.delegate.account !== actor.id)
    return refuse(
      "not_the_delegate",
      `Seul ${oral.delegate.name} peut confirmer ou contester cette décision.`,
    );
  if (oral.state !== "oral")
    return refuse(
      "already_settled",
      oral.state === "confirmed"
        ? "Vous avez déjà confirmé cette décision."
        : "Vous avez déjà contesté cette décision.",
    );
  if (!confirmed && comment.length < WRITING.reason.least)
    return refuse(
      "reason_missing",
      `Dites ce que vous contestez, en ${WRITING.reason.least} caractères au moins.`,
    );
  const state = confirmed ? ("confirmed" as const) : ("contested" as const);
  const decision: Decision = { ...oral, state, settled: { at: now, how: proof, comment } };
  work.decisions = work.decisions.map((each) => (each === oral ? decision : each));
  if (confirmed) {
    if (work.incident.state === "approved")
      work.incident = { ...work.incident, because: `Validé par ${actor.name} (décision orale confirmée).` };
    releaseHeld(work, setup, { version: decision.version, now });
  } else contest(work, decision, setup, now);
  return { outcome: "settled", decision };
}

/** What was not filed goes no further; what was stays filed, and says what stands against it. */
function contest(work: Work, decision: Decision, setup: Setup, now: Instant): void {
  const because = `Décision orale contestée par ${decision.delegate.name} : ${decision.settled?.comment ?? ""}`;
  const unfiled = work.declarations.find(
    (each) => each.version === decision.version && each.state === "approved",
  );
  if (unfiled === undefined) {
    work.incident = {
      ...work.incident,
      because: `Déposé, mais la ${because.charAt(0).toLowerCase()}${because.slice(1)}`,
    };
  } else {
    work.declarations = work.declarations.map((each) =>
      each === unfiled
        ? { ...each, state: move(DECLARATION_TRANSITIONS, each.state, "contested"), updated: now }
        : each,
    );
    callOff(work, decision.version, because, now);
    toState(work, "in_review", because);
  }
  tellStep(work, setup, { event: "oral_contested", step: decision, now });
}
