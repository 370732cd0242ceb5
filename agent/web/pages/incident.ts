import { type Request, type Response, Router } from "express";
import { z } from "zod";
import type { Clock } from "../../core/clock.ts";
import type { Incident } from "../../core/incident.ts";
import { type Account, mayAct } from "../../core/person.ts";
import type { Question } from "../../core/qualification.ts";
import type { Desk, Dossier } from "../../stages/desk/desk.ts";
import { becauseTree } from "../../stages/law/because-tree.ts";
import { Line, readForm, TextFields } from "../form.ts";
import { frenchTime } from "../french-time.ts";
import { type Gate, personWho } from "../gate.ts";
import { PageError } from "../page-error.ts";
import { typedInstant } from "../typed-instant.ts";
import { fieldMark, type KeptField, keptFields, touchedFields, typedFields } from "./amendment.ts";
import {
  clockRows,
  criterionRow,
  deliveryRows,
  dutyRows,
  factRows,
  fieldRow,
  laterList,
  questionRow,
  sufficient,
  summaryOf,
  textsRow,
  toldRows,
} from "./dossier-view.ts";
import { regroupRows } from "./regroup-rows.ts";
import { type SystemContext, systemRow } from "./system-row.ts";
import { nextStep, verdictOf } from "./verdict.ts";

const AnswerForm = z.object({
  question: z.string().min(1).max(200),
  answer: z.string().min(1).max(200),
  date: z.string().max(10).default(""),
  time: z.string().max(8).default(""),
  source: Line(200).default(""),
});
const ClockForm = z.object({
  deadline: z.string().min(1).max(200),
  from: z.enum(["found", "awareness", "confirmed"]),
  date: z.string().max(10).default(""),
  time: z.string().max(8).default(""),
  source: Line(100_000).default(""),
  reason: Line(100_000).default(""),
});
const SecretForm = z.object({ secret: z.enum(["oui", "non"]), motif: Line(500).default("") });
const TakeUpForm = z.object({ retour: z.enum(["", "texte"]).default("") });
const AmendForm = z.looseObject(TextFields);

/** What was just done, shown after the redirect; the address only picks one of these. */
export const DONE: Readonly<Record<string, string>> = {
  reponse: "Réponse enregistrée. L'évaluation a été revue.",
  charge:
    "Vous avez pris l'incident en charge. Le texte est à votre nom si vous pouvez déclarer : relisez-le.",
  texte: "Modification enregistrée : c'est une nouvelle version du texte.",
  secret: "Secret de la défense nationale : le signalement est enregistré.",
  signale: "Incident signalé. L'évaluation est faite : lisez-la.",
  constate: "Fait enregistré. L'évaluation a été revue.",
  termine: "Fin enregistrée. Ce qui était rempli le reste.",
  retire: "Fait retiré. L'évaluation a été revue ; le fait reste lisible.",
  clos: "Surveillance close. Elle se retrouve dans les clôtures.",
  fini: "Dossier clos. Ce qui suivrait ouvrirait un autre incident.",
  delai: "Délai fixé. L'échéance a été recalculée ; les autres instants restent au dossier.",
  rouvert: "Incident rouvert.",
  reuni: "Incidents réunis. L'évaluation a été revue.",
  distingue: "C'est noté : Tocsin ne réunira pas ces incidents.",
  separe: "Voici l'incident séparé : il est évalué de son côté.",
  defait: "C'est annulé : chaque incident est de nouveau ce qu'il était.",
  inchange: "Rien à enregistrer : aucun champ n'a changé.",
};

const QUESTIONS_FIRST = 3;

/** States that a person may lead to the end. */
const ENDING: ReadonlySet<Incident["state"]> = new Set(["declared", "facts_ended", "set_aside"]);

interface Rejected {
  question: string;
  answer: string;
  date: string;
  time: string;
  source: string;
  error: string;
}
interface RejectedClock {
  deadline: string;
  from: string;
  date: string;
  time: string;
  source: string;
  reason: string;
  error: string;
}
interface Trouble {
  status: number;
  message: string;
  rejected?: Rejected;
  clock?: RejectedClock;
  kept?: ReadonlyMap<string, KeptField>;
}

/** The page of one incident, its answers and its corrections. */
export function incidentPage(parts: {
  desk: Desk;
  clock: Clock;
  gate: Gate;
  /** Names and places for what is said of the systems. */
  systems: SystemContext;
}): Router {
  const { desk, clock, gate } = parts;
  const base = `/${desk.facility.id}`;
  const time = frenchTime(desk.facility.timeZone);
  const router = Router({ mergeParams: true });

  const show = (request: Request, response: Response, dossier: Dossier, trouble?: Trouble) => {
    const person = personWho(response, "read");
    const { qualification, current } = dossier;
    const duties = becauseTree(dossier);
    const criteria = duties.find(({ leads }) => leads)?.criteria ?? [];
    const editable = mayAct(person, "edit") && current?.declaration.state === "draft";
    const over = dossier.incident.state === "closed";
    // What is closed is opened again first: nobody answers into a closed dossier.
    const questions = over ? [] : openQuestions(dossier).map(questionRow);
    gate.render(request, response, {
      view: "incident",
      title: `Incident ${dossier.incident.reference}`,
      status: trouble?.status ?? 200,
      model: {
        verdict: verdictOf(dossier),
        next: nextStep(dossier, person, base),
        here: `${base}/incidents/${encodeURIComponent(dossier.incident.id)}`,
        done: trouble === undefined ? (DONE[String(request.query.fait)] ?? null) : null,
        trouble: trouble?.message ?? null,
        rejected: trouble?.rejected ?? null,
        summary: summaryOf(dossier),
        questions: questions.slice(0, QUESTIONS_FIRST),
        moreQuestions: questions.slice(QUESTIONS_FIRST),
        over,
        rejectedClock: trouble?.clock ?? null,
        systems: dossier.systems.map((each) => systemRow(each, parts.systems)),
        answered: (over ? [] : dossier.answered).map(({ question, answer }) => ({
          ...questionRow(question),
          answer,
        })),
        mayAnswer: mayAct(person, "answer") && !over,
        today: time.date(clock.now()),
        legal: criteria.filter((each) => each.legal).map(criterionRow),
        doctrine: criteria.filter((each) => !each.legal).map(criterionRow),
        sufficient: sufficient(criteria),
        later: laterList(current?.content, criteria),
        current: current?.declaration ?? null,
        editable,
        sections: (current?.content.sections ?? []).map((section) => ({
          ...section,
          open: section.fields.some((field) => trouble?.kept?.has(field.id)),
          fields: section.fields.map((field) => ({
            ...fieldRow(field),
            mark: fieldMark(field),
            fixed: desk.fixedFields.has(field.id),
            kept: trouble?.kept?.get(field.id) ?? null,
          })),
        })),
        facts: factRows(dossier.facts, dossier.systems),
        evidence: dossier.evidence,
        mayUnmask: mayAct(person, "unmask"),
        evidenceTotal: dossier.incident.alerts,
        told: toldRows(dossier.effects),
        decisions: dossier.decisions,
        deliveries: deliveryRows(dossier.deliveries),
        deadlines: clockRows(dossier.deadlines),
        duties: dutyRows(duties, dossier.deadlines, clock.now()),
        texts: textsRow(qualification?.verified ?? null, clock.now()),
        remarks: qualification?.remarks ?? [],
        secret: qualification?.verdict === "withheld",
        mayFlag: mayAct(person, qualification?.verdict === "withheld" ? "decide" : "answer"),
        versions: dossier.declarations,
        watched: dossier.incident.state === "candidate",
        outlook: dossier.outlook,
        ending: endingOf(dossier, person),
        regroup: regroupRows(dossier, person),
        muted: dossier.muted,
        mayMute: mayAct(person, "mute"),
        byPerson: dossier.incident.opened_by === "person",
        beginning: dossier.incident.beginning ?? null,
        mayClose: mayAct(person, "edit"),
        maySettle: mayAct(person, "edit"),
        mayReopen: mayAct(person, "sign_off"),
      },
    });
  };

  router.get("/incidents/:id", async (request, response) => {
    personWho(response, "read");
    show(request, response, await dossierOf(desk, request.params.id));
  });

  router.post("/incidents/:id/reponse", async (request, response) => {
    const person = personWho(response, "answer");
    const form = readForm(request, AnswerForm);
    const dossier = await dossierOf(desk, request.params.id);
    const since = typedInstant(form, time, clock.now());
    if (typeof since === "string") {
      show(request, response, dossier, { status: 422, message: since, rejected: { ...form, error: since } });
      return;
    }
    const answer = {
      incident: dossier.incident.id,
      question: form.question,
      answer: form.answer,
      since,
      source: form.source === "" ? undefined : form.source,
    };
    const result = await desk.answer(answer, person);
    if (result.outcome === "refused") {
      const message = `Réponse non enregistrée : ${result.because}`;
      show(request, response, await dossierOf(desk, request.params.id), { status: 409, message });
      return;
    }
    response.redirect(
      303,
      `${base}/incidents/${encodeURIComponent(dossier.incident.id)}?fait=reponse#questions`,
    );
  });

  router.post("/incidents/:id/prise-en-charge", async (request, response) => {
    const person = personWho(response, "answer");
    const { retour } = readForm(request, TakeUpForm);
    const dossier = await dossierOf(desk, request.params.id);
    const result = await desk.takeUp(dossier.incident.id, person);
    if (result.outcome === "refused") throw new PageError(409, { message: result.because });
    const here = `${base}/incidents/${encodeURIComponent(dossier.incident.id)}`;
    response.redirect(303, retour === "texte" ? `${here}/declaration?fait=charge` : `${here}?fait=charge`);
  });

  router.post("/incidents/:id/delai", async (request, response) => {
    const person = personWho(response, "edit");
    const form = readForm(request, ClockForm);
    const { incident } = await dossierOf(desk, request.params.id);
    const again = async (error: string) => {
      const message = `Délai non fixé. ${error}`;
      const trouble = { status: 422, message, clock: { ...form, error } };
      show(request, response, await dossierOf(desk, incident.id), trouble);
    };
    const at = typedInstant(form, time, clock.now());
    if (typeof at === "string") return again(at);
    if (form.from === "confirmed" && at === undefined)
      return again("Donnez le jour et l'heure de cet autre instant.");
    if (form.from !== "confirmed" && at !== undefined)
      return again("Vous avez choisi un instant proposé et donné une autre heure : gardez l'un des deux.");
    const { deadline, from, source, reason } = form;
    const done = await desk.settleClock(
      { incident: incident.id, deadline, from, at, source, reason },
      person,
    );
    if (done.outcome === "refused") return again(done.because);
    response.redirect(303, `${base}/incidents/${encodeURIComponent(incident.id)}?fait=delai#obligations`);
  });

  router.post("/incidents/:id/secret", async (request, response) => {
    const person = personWho(response, "answer");
    const { secret, motif } = readForm(request, SecretForm);
    const { incident } = await dossierOf(desk, request.params.id);
    const flag = { incident: incident.id, holds: secret === "oui", reason: motif };
    const result = await desk.flagSecret(flag, person);
    if (result.outcome === "refused") throw new PageError(409, { message: result.because });
    response.redirect(303, `${base}/incidents/${encodeURIComponent(incident.id)}?fait=secret`);
  });

  router.post("/incidents/:id/champs", async (request, response) => {
    const person = personWho(response, "edit");
    const { declaration, version, sha256 } = readForm(request, AmendForm);
    const typed = typedFields(request.body);
    const dossier = await dossierOf(desk, request.params.id);
    const here = `${base}/incidents/${encodeURIComponent(dossier.incident.id)}`;
    const fields = touchedFields(typed);
    if (fields.length === 0) return response.redirect(303, `${here}?fait=inchange#texte`);
    const text = { incident: dossier.incident.id, declaration, version, sha256 };
    const result = await desk.amend({ text, fields }, person);
    if (result.outcome === "amended") return response.redirect(303, `${here}?fait=texte#texte`);
    const fresh = await dossierOf(desk, request.params.id);
    const kept = keptFields(typed, fresh.current?.content);
    const message =
      result.outcome === "stale"
        ? `Le texte a changé pendant votre saisie (vous aviez la version ${version}${
            result.current === null ? "" : `, voici la version ${result.current.version}`
          }). Rien n'est enregistré ; votre saisie est gardée ci-dessous : vérifiez, puis enregistrez de nouveau.`
        : `Modification non enregistrée : ${result.because} Votre saisie est gardée ci-dessous.`;
    show(request, response, fresh, { status: 409, message, kept });
  });

  return router;
}

/** Where a decided dossier stands before its end: may this person close it, and what is due all the same. */
function endingOf({ incident, keptOpen, deadlines }: Dossier, person: Account) {
  if (!ENDING.has(incident.state)) return null;
  return {
    keptOpen,
    mayEnd: mayAct(person, "decide"),
    declared: incident.state !== "set_aside",
    due: clockRows(deadlines).filter(({ met, due }) => met === null && due !== null),
  };
}

/** What is still asked, under every duty, each question once. */
function openQuestions({ qualification, others }: Dossier): Question[] {
  const open = new Map<string, Question>();
  for (const question of [...(qualification?.questions ?? []), ...others.flatMap((each) => each.questions)])
    if (!open.has(question.id)) open.set(question.id, question);
  return [...open.values()];
}

/** The incident of an address; 404 when there is none. */
export async function dossierOf(desk: Desk, id: string | undefined): Promise<Dossier> {
  const dossier = id === undefined ? undefined : await desk.dossier(id);
  if (dossier !== undefined) return dossier;
  throw new PageError(404, {
    message: "Aucun incident de cet établissement n'a cette adresse.",
    remedy: "Revenez à la liste des incidents.",
  });
}
