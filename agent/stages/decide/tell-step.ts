import type { DecisionStepEvent } from "../../../connectors/contract.ts";
import { type Instant, MICROSECONDS } from "../../core/clock.ts";
import {
  askedOf,
  awaitedOf,
  type Decision,
  type DecisionStep,
  sentBackOf,
  shortFingerprint,
} from "../../core/decision.ts";
import { contentOf } from "../../core/declaration.ts";
import { underDefenceSecret } from "../../core/fact.ts";
import { currentDeclaration, planEffect, type Setup, type Work } from "../work.ts";
import { standingText } from "./standing-text.ts";

type Role = "on_call" | "delegate" | "director" | "rssi";

/** Who is told of each; `to` one person of them where the step names one. */
const TOLD: Readonly<Record<DecisionStepEvent, readonly Role[]>> = {
  handed_over: ["delegate"],
  handed_back: ["delegate"],
  sent_back: ["on_call", "rssi"],
  text_corrected: ["delegate"],
  second_needed: ["delegate", "director"],
  oral_contested: ["on_call", "delegate", "director", "rssi"],
};

export function isStepEvent(event: string): event is DecisionStepEvent {
  return Object.hasOwn(TOLD, event);
}

/** Begins the part of a key that says which step it tells of. */
const STEP_KEY = ":decision_step:";
/** How long editors have before who sent a text back is told that it was changed. */
const EDITING = 2 * MICROSECONDS.minute;

/** What a `notify` effect carries for a step on the way to a decision. */
export interface StepPayload {
  channel: string;
  event: DecisionStepEvent;
  /** Account of the person concerned. */
  to?: string;
}

/** Plans who is told at once of what a person did on the way to a decision. */
export function tellStep(
  work: Work,
  setup: Setup,
  {
    event,
    step,
    now,
    also,
  }: {
    event: DecisionStepEvent;
    /** Accounts to reach besides, by the channels that reach a person of their role. */
    also?: readonly string[] | undefined;
    step: Pick<DecisionStep, "id"> & { to?: DecisionStep["to"] };
    now: Instant;
  },
): void {
  if (setup.mode === "observe" || underDefenceSecret(work.facts)) return;
  const roles = TOLD[event];
  for (const channel of setup.notify) {
    if (!roles.some((role) => (channel.for as readonly string[]).includes(role))) continue;
    const key = `notify:${setup.facility.id}:${channel.id}:${work.incident.id}`;
    const plan = (suffix: string, to: string | undefined) => {
      const payload: StepPayload = { channel: channel.id, event, ...(to !== undefined && { to }) };
      planEffect(work, {
        key: `${key}${suffix}${STEP_KEY}${event}:${step.id}`,
        kind: "notify",
        due: now,
        payload,
      });
    };
    plan("", step.to?.account);
    if (channel.reaches !== undefined && channel.for.includes("director"))
      for (const account of also ?? []) plan(`:${account}`, account);
  }
}

/** Tells who sent a text back, once, that a person has changed it since. */
export function tellCorrected(work: Work, setup: Setup, now: Instant): void {
  const back = sentBackOf(work);
  const current = currentDeclaration(work);
  if (back === undefined || current?.state !== "draft" || current.sha256 === back.text?.sha256) return;
  const edited = contentOf(current)
    .sections.flatMap(({ fields }) => fields)
    .some(({ provenance }) => provenance.by === "person" && provenance.at > back.at);
  if (!edited) return;
  tellStep(work, setup, {
    event: "text_corrected",
    step: { id: back.id, to: back.by },
    now: now + EDITING,
  });
}

/** The subject of a message about a step, in French; undefined when it is no longer true, or tells of none. */
export function stepSubject(key: string, event: string, work: Work): string | undefined {
  const at = key.indexOf(STEP_KEY);
  const id = at < 0 ? undefined : key.slice(at + STEP_KEY.length + event.length + 1);
  const of = `incident ${work.incident.reference} : `;
  if (event === "oral_contested") {
    const decision = work.decisions.find((each: Decision) => each.id === id);
    return decision && `${of}${decision.delegate.name} CONTESTE la décision orale enregistrée en son nom`;
  }
  const step = work.steps.find((each) => each.id === id);
  if (step === undefined) return undefined;
  const said = SUBJECTS[event as keyof typeof SUBJECTS]?.(step, work);
  return said && `${of}${said}`;
}

type Subject = (step: DecisionStep, work: Work) => string | undefined;

const SUBJECTS: Readonly<Record<Exclude<DecisionStepEvent, "oral_contested">, Subject>> = {
  handed_over: (step, work) =>
    askedOf(work)?.id === step.id
      ? `${step.by.name} passe la main à ${step.to?.name} : votre décision est attendue`
      : undefined,
  handed_back: (step) =>
    step.step === "second_refused"
      ? `${step.by.name} ne confirme pas de ne pas déclarer : la décision reste à prendre`
      : `${step.by.name} rend la main à ${step.to?.name} : votre décision est attendue`,
  sent_back: (step, work) =>
    sentBackOf(work)?.id === step.id ? `${step.by.name} renvoie le texte à corriger` : undefined,
  text_corrected: (step, work) =>
    sentBackOf(work)?.id === step.id
      ? `le texte renvoyé par ${step.by.name} a été corrigé, à relire`
      : undefined,
  second_needed: (step, work) =>
    awaitedOf("second", work, standingText(work) ?? undefined)?.id === step.id
      ? `${step.by.name} demande de NE PAS DÉCLARER alors qu'un critère est rempli : une seconde personne doit confirmer (texte ${shortFingerprint(step.text?.sha256 ?? "")})`
      : undefined,
};
