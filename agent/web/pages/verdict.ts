import type { Instant } from "../../core/clock.ts";
import { askedOf, awaitedOf } from "../../core/decision.ts";
import type { Incident } from "../../core/incident.ts";
import { INCIDENT_STATES } from "../../core/incident.ts";
import type { Account } from "../../core/person.ts";
import { mayAct } from "../../core/person.ts";
import type { Qualification, Verdict } from "../../core/qualification.ts";
import { standingText } from "../../stages/decide/standing-text.ts";
import type { Dossier } from "../../stages/desk/desk.ts";
import type { MutedView } from "../../stages/mute/tell-muted.ts";

/** What the colour and the sign of a verdict block say; words always say it too. */
export type Tone = "alarm" | "due" | "ask" | "done" | "calm";

/** A first sentence of more characters is set smaller: what happened has to stand on the same screen. */
const LONG = 60;

const STATE_TONES: Readonly<Record<Incident["state"], Tone>> = {
  candidate: "calm",
  open: "ask",
  in_review: "alarm",
  approved: "due",
  declared: "done",
  facts_ended: "ask",
  closed: "calm",
  set_aside: "calm",
  merged: "calm",
};
const VERDICT_TONES: Readonly<Record<Verdict, Tone>> = {
  declare: "alarm",
  advised: "ask",
  answer_missing: "ask",
  no_duty_found: "calm",
  watching: "calm",
  not_applicable: "calm",
  withheld: "due",
};

/** The tone of an incident: its evaluation while it is being judged, its state once a person has decided. */
export function toneOf(state: Incident["state"], verdict: Verdict | undefined): Tone {
  return !DECIDED.has(state) && verdict !== undefined ? VERDICT_TONES[verdict] : STATE_TONES[state];
}

/** States in which a person has decided: what was judged before is no longer the news. */
const DECIDED: ReadonlySet<Incident["state"]> = new Set([
  "approved",
  "declared",
  "facts_ended",
  "closed",
  "set_aside",
  "merged",
]);

/** The first line about an incident: the evaluation while it is judged, then what became of it. */
export function headlineOf(
  incident: Pick<Incident, "state" | "because" | "erased">,
  sentence: string | null | undefined,
  muted?: Pick<MutedView, "line" | "otherwise"> | null,
): string {
  // What is held back is not hidden: the first line says it.
  if (muted?.otherwise != null)
    return `Un critère est rempli, et retenu : ${muted.line.charAt(0).toLowerCase()}${muted.line.slice(1)}. Sans cela : ${muted.otherwise}`;
  if (incident.erased !== undefined) return incident.because;
  if (DECIDED.has(incident.state)) return `${INCIDENT_STATES[incident.state]}. ${incident.because}`;
  return sentence ?? incident.because;
}

/** The block that opens every page about an incident. */
export function verdictOf(dossier: Dossier) {
  const { incident, qualification, decisions, filing, muted } = dossier;
  const approved = decisions.findLast(
    (each) => each.decision === "approved" && each.sha256 === filing?.declaration.sha256,
  );
  const verdict = qualification?.verdict;
  const told = headAndRest(headlineOf(incident, qualification?.sentence, muted));
  return {
    id: incident.id,
    reference: incident.reference,
    tone: muted?.otherwise != null ? "ask" : toneOf(incident.state, verdict),
    state: stateBeside(incident.state, told.sentence),
    ...told,
    long: told.sentence.length > LONG,
    occurred: incident.occurred,
    approvedAt: incident.state === "approved" ? (approved?.at ?? null) : null,
    /** True while the approval was only said on the telephone. */
    oral: approved?.state === "oral",
    waits: waitsOf(dossier),
  };
}

/** The state in words, unless the first sentence already says it. */
export function stateBeside(state: Incident["state"], sentence: string): string | null {
  return sentence.startsWith(INCIDENT_STATES[state]) ? null : INCIDENT_STATES[state];
}

/** What a decision that was begun waits for, in French; null when nothing was. */
function waitsOf(dossier: Dossier): string | null {
  const text = standingText(dossier) ?? undefined;
  const second = awaitedOf("second", dossier, text);
  if (second !== undefined)
    return `En attente d'une seconde personne\u00a0: ${second.by.name} demande de ne pas déclarer.`;
  const oral = awaitedOf("oral", dossier, text);
  if (oral !== undefined) return `Décision orale de ${oral.to?.name}, en attente de la seconde écoute.`;
  const contested = dossier.decisions.at(-1);
  if (contested?.state === "contested") return `Décision orale CONTESTÉE par ${contested.delegate.name}.`;
  const asked = askedOf(dossier);
  return asked === undefined || text === undefined ? null : `La main est à ${asked.to?.name}.`;
}

/** The first sentence stands alone in large; French signs keep to the word before them. */
export function headAndRest(text: string): { sentence: string; rest: string } {
  const bound = text.replace(/ ([:;?!»])/g, "\u00a0$1").replace(/« /g, "«\u00a0");
  const end = /[.!?] (?=\p{Lu})/u.exec(bound);
  if (end === null) return { sentence: bound, rest: "" };
  return { sentence: bound.slice(0, end.index + 1), rest: bound.slice(end.index + 2) };
}

/** What this person should do next, and where; null when nothing waits for them. */
export function nextStep(
  dossier: Dossier,
  person: Account,
  base: string,
  now: Instant,
): { href: string; label: string } | null {
  const { incident, current, filing, qualification } = dossier;
  const here = `${base}/incidents/${encodeURIComponent(incident.id)}`;
  if (incident.state === "closed") return null;
  // The text that was approved leaves first, whatever was drafted since.
  if (filing?.declaration.state === "approved") {
    return mayAct(person, "record_filing")
      ? { href: `${here}/depot`, label: "Déposer sur le portail" }
      : { href: `${here}/declaration`, label: "Lire le texte validé" };
  }
  if (current?.declaration.state === "draft") {
    return mayAct(person, "decide", now)
      ? { href: `${here}/decision`, label: "Lire et décider" }
      : { href: `${here}/declaration`, label: "Lire le texte proposé" };
  }
  if (openQuestions(qualification) > 0 && mayAct(person, "answer")) {
    return { href: `${here}#questions`, label: "Répondre aux questions" };
  }
  if (incident.state === "facts_ended" && dossier.keptOpen === null && mayAct(person, "decide", now))
    return { href: `${here}#clore`, label: "Clore le dossier" };
  if (current?.declaration.state === "filed") return { href: `${here}/depot`, label: "Voir le dépôt" };
  return null;
}

function openQuestions(qualification: Qualification | undefined): number {
  return qualification?.questions.length ?? 0;
}
