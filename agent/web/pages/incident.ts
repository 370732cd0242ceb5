import { setImmediate } from "node:timers/promises";
import { type Request, type Response, Router } from "express";
import { z } from "zod";
import type { Clock, Instant } from "../../core/clock.ts";
import { holdOf, type Incident } from "../../core/incident.ts";
import { ATTACHMENTS, LOGBOOK } from "../../core/logbook.ts";
import { type Account, mayAct } from "../../core/person.ts";
import type { Desk, Dossier } from "../../stages/desk/desk.ts";
import { stateWords } from "../../stages/documents/text-state.ts";
import { isPersonal } from "../../stages/escalate.ts";
import { formatBytes } from "../../stages/french.ts";
import type { GroupDesk } from "../../stages/group/group-desk.ts";
import { becauseTree } from "../../stages/law/because-tree.ts";
import { WRITING } from "../../stages/person-act.ts";
import type { Store } from "../../store/store.ts";
import { Line, pickedBy, readForm } from "../form.ts";
import { frenchTime } from "../french-time.ts";
import { type Gate, personWho } from "../gate.ts";
import { PageError } from "../page-error.ts";
import { typedInstant } from "../typed-instant.ts";
import { receivedWith } from "../uploads.ts";
import { correctedNotes, noteRows } from "./attachments.ts";
import { DONE } from "./done.ts";
import {
  clockRows,
  criterionRow,
  deliveryRows,
  dutyRows,
  factRows,
  laterList,
  sufficient,
  summaryOf,
  textsRow,
  toldRows,
} from "./dossier-view.ts";
import { groupRows } from "./group-rows.ts";
import { askedSummary } from "./link-rows.ts";
import { openQuestions, questionRow } from "./questions.ts";
import { regroupRows } from "./regroup-rows.ts";
import { type RejectedAnswer, showDeclaration } from "./show-declaration.ts";
import { incidentSummary } from "./summary.ts";
import { type SystemContext, systemRow } from "./system-row.ts";
import { scaleOf, timelineOf } from "./timeline.ts";
import { nextStep, verdictOf } from "./verdict.ts";
import { suggestion, wayRow } from "./way-row.ts";

const AnswerForm = z.object({
  question: z.string().min(1).max(200),
  answer: z.string().min(1).max(200),
  date: z.string().max(10).default(""),
  time: z.string().max(8).default(""),
  source: Line(200).default(""),
  retour: z.enum(["", "texte"]).default(""),
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
const TakeUpForm = z.object({ retour: z.enum(["", "texte", "decision"]).default("") });
const NoteForm = z.object({
  form: z.string().max(100),
  text: z.string().max(100_000).default(""),
  date: z.string().max(10).default(""),
  time: z.string().max(8).default(""),
  corrects: z.string().max(100).default(""),
});

const QUESTIONS_FIRST = 3;
/** Beyond so many, the picture counts those too that left for another incident: it has to come at once. */
const MOVED_LOOKED_UP = 50_000;

/** States that a person may lead to the end. */
const ENDING: ReadonlySet<Incident["state"]> = new Set(["declared", "facts_ended", "set_aside"]);

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
  rejected?: RejectedAnswer;
  clock?: RejectedClock;
  /** A note that was given back. */
  note?: { text: string; date: string; time: string };
}

/** The page of one incident, its answers and its corrections. */
export function incidentPage(parts: {
  desk: Desk;
  store: Store;
  clock: Clock;
  gate: Gate;
  /** Where several facilities share the record. */
  group?: GroupDesk | undefined;
  /** Names and places for what is said of the systems. */
  systems: SystemContext;
}): Router {
  const { desk, store, clock, gate } = parts;
  const showText = showDeclaration(parts);
  const base = `/${desk.facility.id}`;
  const time = frenchTime(desk.facility.timeZone);
  const router = Router({ mergeParams: true });

  const show = async (request: Request, response: Response, dossier: Dossier, trouble?: Trouble) => {
    const person = personWho(response, "read");
    const { qualification, current } = dossier;
    const duties = becauseTree(dossier);
    const criteria = duties.find(({ leads }) => leads)?.criteria ?? [];
    const over = dossier.incident.state === "closed";
    // What is closed is opened again first: nobody answers into a closed dossier.
    const questions = over ? [] : openQuestions(dossier).map(questionRow);
    const now = clock.now();
    const scale = scaleOf(dossier, now);
    const counts =
      dossier.incident.alerts === 0
        ? Array<number>(scale.intervals).fill(0)
        : await store.reads.countOverTime(desk.facility.id, dossier.incident.id, {
            ...scale,
            // Alerts leave an incident only when it is merged or taken apart.
            moved:
              dossier.incident.alerts <= MOVED_LOOKED_UP &&
              (dossier.grouping.last !== null || dossier.grouping.kin.length > 0),
          });
    await setImmediate();
    const links = await groupRows(dossier, { group: parts.group, person, newForm: desk.newForm });
    const model = {
      verdict: verdictOf(dossier),
      next: nextStep(dossier, person, base, clock.now()),
      here: `${base}/incidents/${encodeURIComponent(dossier.incident.id)}`,
      done: trouble === undefined ? pickedBy(request.query.fait, DONE) : null,
      trouble: trouble?.message ?? null,
      rejected: trouble?.rejected ?? null,
      summary: summaryOf(dossier),
      sentences: incidentSummary(dossier, time, now),
      timeline: timelineOf(dossier, { scale, counts, time, now, group: links }),
      help: await helpOf(desk, dossier, person, now),
      asked: await askedSummary(desk, dossier.incident.id, person),
      notes: correctedNotes(noteRows(dossier)).toReversed(),
      mayErase: mayAct(person, "erase"),
      reason: WRITING.reason,
      noteForm: {
        form: desk.newForm(),
        text: "",
        date: time.date(now),
        time: "",
        corrects: "",
        ...trouble?.note,
      },
      noteTrouble: trouble?.note !== undefined,
      noteLimit: LOGBOOK.text,
      fileLimit: { each: formatBytes(ATTACHMENTS.bytes), most: ATTACHMENTS.perNote },
      mayNote: mayAct(person, "answer"),
      back: "",
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
      stateLabel:
        current === undefined
          ? ""
          : stateWords(current.declaration, current.content.exercise, dossier.deliveries),
      facts: factRows(dossier.facts, dossier.systems),
      evidence: dossier.evidence,
      mayUnmask: mayAct(person, "unmask"),
      evidenceTotal: dossier.incident.alerts,
      // Those of people on call are shown by their ladder.
      told: toldRows(dossier.effects.filter(({ payload }) => !isPersonal(payload))),
      calls: dossier.calls,
      decisions: dossier.decisions,
      deliveries: deliveryRows(dossier.deliveries),
      deadlines: clockRows(dossier.deadlines),
      duties: dutyRows(duties, dossier.deadlines, clock.now()),
      texts: textsRow(qualification?.verified ?? null, clock.now()),
      remarks: qualification?.remarks ?? [],
      secret: qualification?.verdict === "withheld",
      mayFlag: mayAct(person, qualification?.verdict === "withheld" ? "decide" : "answer", clock.now()),
      versions: dossier.declarations,
      watched: dossier.incident.state === "candidate",
      outlook: dossier.outlook,
      ending: endingOf(dossier, person, clock.now()),
      regroup: regroupRows(dossier, person),
      group: links,
      hold: {
        held: holdOf(dossier.incident) ?? null,
        before: (dossier.incident.holds ?? []).filter(({ lifted }) => lifted !== null),
        may: mayAct(person, "hold"),
      },
      alertsGone: dossier.incident.evidence_erased ?? null,
      muted: dossier.muted,
      mayMute: mayAct(person, "mute"),
      byPerson: dossier.incident.opened_by === "person",
      beginning: dossier.incident.beginning ?? null,
      mayClose: mayAct(person, "edit"),
      maySettle: mayAct(person, "settle_clock"),
      mayReopen: mayAct(person, "sign_off"),
    };
    // What is shown and the page of it are two turns.
    await setImmediate();
    gate.render(request, response, {
      view: "incident",
      title: `Incident ${dossier.incident.reference}`,
      status: trouble?.status ?? 200,
      model,
    });
  };

  router.get("/incidents/:id", async (request, response) => {
    personWho(response, "read");
    await show(request, response, await dossierOf(desk, request.params.id));
  });

  router.post("/incidents/:id/reponse", async (request, response) => {
    const person = personWho(response, "answer");
    const { retour, ...form } = readForm(request, AnswerForm);
    const { incident } = await dossierOf(desk, request.params.id);
    const again = async (status: number, message: string, rejected?: RejectedAnswer) => {
      const dossier = await dossierOf(desk, incident.id);
      const trouble = { status, message, ...(rejected && { rejected }) };
      await (retour === "texte" ? showText : show)(request, response, dossier, trouble);
    };
    const since = typedInstant(form, time, clock.now());
    if (typeof since === "string") return again(422, since, { ...form, error: since });
    const { question, answer } = form;
    const source = form.source === "" ? undefined : form.source;
    const result = await desk.answer({ incident: incident.id, question, answer, since, source }, person);
    if (result.outcome === "refused") return again(409, `Réponse non enregistrée : ${result.because}`);
    const here = `${base}/incidents/${encodeURIComponent(incident.id)}`;
    response.redirect(303, `${here}${retour === "texte" ? "/declaration" : ""}?fait=reponse#questions`);
  });

  router.post("/incidents/:id/prise-en-charge", async (request, response) => {
    const person = personWho(response, "answer");
    const { retour } = readForm(request, TakeUpForm);
    const dossier = await dossierOf(desk, request.params.id);
    const result = await desk.takeUp(dossier.incident.id, person);
    if (result.outcome === "refused") throw new PageError(409, { message: result.because });
    const here = `${base}/incidents/${encodeURIComponent(dossier.incident.id)}`;
    response.redirect(
      303,
      retour === ""
        ? `${here}?fait=charge`
        : `${here}/${retour === "texte" ? "declaration" : "decision"}?fait=charge`,
    );
  });

  router.post("/incidents/:id/delai", async (request, response) => {
    const person = personWho(response, "settle_clock");
    const form = readForm(request, ClockForm);
    const { incident } = await dossierOf(desk, request.params.id);
    const again = async (error: string) => {
      const message = `Délai non fixé. ${error}`;
      const trouble = { status: 422, message, clock: { ...form, error } };
      await show(request, response, await dossierOf(desk, incident.id), trouble);
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

  router.post("/incidents/:id/notes", async (request, response) => {
    const person = personWho(response, "answer");
    const { form, text, ...typed } = readForm(request, NoteForm);
    const { incident } = await dossierOf(desk, request.params.id);
    const again = async (status: number, because: string) => {
      const trouble = { status, message: `Note non enregistrée : ${because}`, note: { text, ...typed } };
      await show(request, response, await dossierOf(desk, incident.id), trouble);
    };
    const { files, trouble } = receivedWith(response);
    if (trouble !== null) return again(422, trouble);
    const about = typedInstant(typed, time, clock.now());
    if (typeof about === "string") return again(422, about);
    const corrects = typed.corrects === "" ? undefined : typed.corrects;
    const note = { form, incident: incident.id, text, about, corrects, files };
    const done = await desk.writeNote(note, person);
    if (done.outcome === "refused") return again(409, done.because);
    response.redirect(303, `${base}/incidents/${encodeURIComponent(incident.id)}?fait=note#chronologie`);
  });

  return router;
}

/** Where a decided dossier stands before its end: may this person close it, and what is due all the same. */
function endingOf({ incident, keptOpen, owesNotice, deadlines }: Dossier, person: Account, now: Instant) {
  if (!ENDING.has(incident.state)) return null;
  return {
    keptOpen,
    owesNotice,
    mayEnd: mayAct(person, "decide", now),
    declared: incident.state !== "set_aside",
    due: clockRows(deadlines).filter(({ met, due }) => met === null && due !== null),
  };
}

/** The incident of an address; 404 when there is none. */
export async function dossierOf(desk: Desk, id: string | undefined): Promise<Dossier> {
  const dossier = id === undefined ? undefined : await desk.dossier(id);
  // Between the reading and the page the others have their turn.
  await setImmediate();
  if (dossier !== undefined) return dossier;
  throw new PageError(404, {
    message: "Aucun incident de cet établissement n'a cette adresse.",
    remedy: "Revenez à la liste des incidents.",
  });
}

/** Who may be called for help just now: offered to the IT on call, never to who decides, whose night is another. */
async function helpOf(desk: Desk, dossier: Dossier, person: Account, now: Instant) {
  if (!mayAct(person, "answer") || person.role === "delegate" || person.role === "director") return [];
  const ways = await desk.waysOf(dossier.incident.id);
  return ways
    .filter((each) => each.way.kind === "help" && suggestion(each, dossier, now) !== null)
    .map((each) => wayRow(each, null, dossier.deliveries));
}
