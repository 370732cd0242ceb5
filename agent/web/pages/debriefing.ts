import { type Request, type Response, Router } from "express";
import { z } from "zod";
import type { Clock } from "../../core/clock.ts";
import type { Masked, Masks } from "../../core/masked.ts";
import { mayAct } from "../../core/person.ts";
import { type Debrief, LINE_KINDS, OUTCOMES } from "../../stages/debrief/debrief.ts";
import {
  clockOf,
  debriefPdf,
  delayWords,
  playedWords,
  tallyWords,
} from "../../stages/debrief/debrief-pdf.ts";
import {
  type DebriefNote,
  type DebriefParts,
  debriefOfIncident,
  debriefOfRun,
  isWithheld,
} from "../../stages/debrief/gather-debrief.ts";
import type { Desk } from "../../stages/desk/desk.ts";
import { type ExerciseRun, exerciseRuns } from "../../stages/exercise/exercise-runs.ts";
import { formatInstant } from "../../stages/french.ts";
import type { Store } from "../../store/store.ts";
import { readForm } from "../form.ts";
import { frenchTime } from "../french-time.ts";
import { type Gate, personWho } from "../gate.ts";
import { PageError } from "../page-error.ts";
import { dossierOf } from "./incident.ts";

/** Longest remark, in characters. */
const REMARK = 4000;
const RemarkForm = z.object({ form: z.string().min(1).max(100), text: z.string().trim().min(1).max(REMARK) });

/** What debriefing pages are made with. */
interface DebriefingParts {
  desk: Desk;
  store: Store;
  clock: Clock;
  gate: Gate;
  names: ReadonlyMap<string, string>;
  masks: Masks;
}

/** "Débriefing" of an exercise and "Retour d'expérience" of an incident: the same, made of the record. */
export function debriefingPages({ desk, store, clock, gate, names, masks }: DebriefingParts): Router {
  const facility = desk.facility.id;
  const base = `/${facility}`;
  const time = frenchTime(desk.facility.timeZone);
  const router = Router({ mergeParams: true });

  const parts = (): DebriefParts => ({
    reads: store.reads,
    facility: desk.facility,
    exercise: desk.mode === "exercise",
    dossier: (incident) => desk.dossier(incident),
    masks,
    systemName: (id) => names.get(id) ?? id,
    now: clock.now(),
  });

  const ofIncident = async (id: string | undefined) => {
    const dossier = await dossierOf(desk, id);
    if (isWithheld(dossier))
      throw new PageError(404, {
        message: "Ce dossier est couvert par le secret de la défense nationale : rien n'en est traité ici.",
      });
    return { dossier, debrief: await debriefOfIncident(dossier, parts()) };
  };
  const runOf = async (id: string | undefined): Promise<ExerciseRun> => {
    const run = (await exerciseRuns(store.reads, facility)).find((each) => each.id === id);
    if (run !== undefined) return run;
    throw new PageError(404, { message: "Aucun exercice joué n'a cette adresse." });
  };

  const show = (
    request: Request,
    response: Response,
    { debrief, here, pdf, back }: { debrief: Masked<Debrief>; here: string; pdf: string; back: object },
  ) => {
    const person = personWho(response, "read");
    const run = debrief.run;
    gate.render(request, response, {
      view: "debriefing",
      title:
        run === null
          ? `Retour d’expérience, incident ${debrief.incidents[0]?.reference}`
          : `Débriefing : ${debrief.title}`,
      model: {
        debrief,
        here,
        pdf,
        back,
        played: run === null ? null : playedWords(run),
        tally: debrief.expectations.length === 0 ? null : tallyWords(debrief),
        outcomes: OUTCOMES,
        kinds: LINE_KINDS,
        clock: clockOf(debrief, time.time),
        delay: (delay: Debrief["incidents"][number]["delays"][number]) =>
          delayWords(delay, clockOf(debrief, time.time)),
        form: desk.newForm(),
        limit: REMARK,
        mayNote: mayAct(person, "answer", clock.now()),
        saved: request.query.fait === "note",
      },
    });
  };
  const hand = async (response: Response, debrief: Masked<Debrief>, name: string) => {
    const zone = desk.facility.timeZone;
    const pdf = await debriefPdf({
      debrief,
      made: clock.now(),
      when: (instant) => formatInstant(instant, zone),
      clock: time.time,
    });
    const mark = debrief.exercise ? "EXERCICE-" : "";
    response
      .type("application/pdf")
      .setHeader(
        "Content-Disposition",
        `inline; filename="${`${mark}${name}`.replace(/[^A-Za-z0-9.-]/g, "_")}"`,
      )
      .setHeader("X-Content-Type-Options", "nosniff")
      .send(Buffer.from(pdf));
  };
  const remark = async (
    request: Request,
    response: Response,
    about: { incident: string | null; run: string | null; here: string },
  ) => {
    const person = personWho(response, "answer");
    const { form, text } = readForm(request, RemarkForm);
    const content: DebriefNote = {
      form,
      run: about.run,
      author: { account: person.id, name: person.name },
      text,
    };
    const write = { write: "note", what: "debrief", incident: about.incident, content } as const;
    await store.commit({ facility, at: clock.now(), writes: [write] });
    response.redirect(303, `${about.here}?fait=note#notes`);
  };

  const incidentHere = (id: string) => `${base}/incidents/${encodeURIComponent(id)}/debriefing`;

  router.get("/incidents/:id/debriefing", async (request, response) => {
    personWho(response, "read");
    const { dossier, debrief } = await ofIncident(request.params.id);
    const { id, reference } = dossier.incident;
    show(request, response, {
      debrief,
      here: incidentHere(id),
      pdf: `${incidentHere(id)}.pdf`,
      back: { address: `${base}/incidents/${encodeURIComponent(id)}`, label: reference },
    });
  });

  router.get("/incidents/:id/debriefing.pdf", async (request, response) => {
    personWho(response, "read");
    const { dossier, debrief } = await ofIncident(request.params.id);
    await hand(response, debrief, `retour-${dossier.incident.reference}.pdf`);
  });

  router.post("/incidents/:id/debriefing/notes", async (request, response) => {
    personWho(response, "answer");
    const { dossier } = await ofIncident(request.params.id);
    const { id } = dossier.incident;
    await remark(request, response, { incident: id, run: null, here: incidentHere(id) });
  });

  router.get("/exercices", async (request, response) => {
    personWho(response, "read");
    gate.render(request, response, {
      view: "exercises",
      title: "Exercices",
      model: { runs: (await exerciseRuns(store.reads, facility)).slice(0, 100) },
    });
  });

  router.get("/exercices/:run", async (request, response) => {
    personWho(response, "read");
    const run = await runOf(request.params.run);
    const here = `${base}/exercices/${encodeURIComponent(run.id)}`;
    show(request, response, {
      debrief: await debriefOfRun(run, parts()),
      here,
      pdf: `${here}/debriefing.pdf`,
      back: { address: `${base}/exercices`, label: null },
    });
  });

  router.get("/exercices/:run/debriefing.pdf", async (request, response) => {
    personWho(response, "read");
    const run = await runOf(request.params.run);
    await hand(response, await debriefOfRun(run, parts()), `debriefing-${run.scenario.name}.pdf`);
  });

  router.post("/exercices/:run/notes", async (request, response) => {
    personWho(response, "answer");
    const { id } = await runOf(request.params.run);
    const here = `${base}/exercices/${encodeURIComponent(id)}`;
    await remark(request, response, { incident: null, run: id, here });
  });

  return router;
}
