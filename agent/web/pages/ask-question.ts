import { type Request, type Response, Router } from "express";
import { z } from "zod";
import type { Clock } from "../../core/clock.ts";
import { mayAct } from "../../core/person.ts";
import type { Question } from "../../core/qualification.ts";
import { ASKED_PEOPLE, AskedPerson, LINK } from "../../core/question-link.ts";
import type { Desk, Dossier } from "../../stages/desk/desk.ts";
import { Line, pickedBy, readForm } from "../form.ts";
import { type Gate, personWho } from "../gate.ts";
import { PageError } from "../page-error.ts";
import { DONE } from "./done.ts";
import { dossierOf } from "./incident.ts";
import { linkRow } from "./link-rows.ts";
import { openQuestions, questionRow } from "./questions.ts";

const AskForm = z.object({
  form: z.string().max(100),
  question: z.string().min(1).max(200),
  person: AskedPerson,
  name: Line(10_000).default(""),
  function: Line(10_000).default(""),
  email: Line(10_000).default(""),
  phone: Line(10_000).default(""),
  call_back: Line(10_000).default(""),
  hours: z.coerce.number().default(LINK.usual),
  channels: z.union([z.string().max(100), z.array(z.string().max(100)).max(20)]).default([]),
});
const RevokeForm = z.object({ link: z.string().regex(/^[0-9a-f]{64}$/) });

/** Who is asked first, as the question itself says. */
const FIRST: Readonly<Record<Question["asked_of"], AskedPerson>> = {
  care: "care",
  provider: "provider",
  dpo: "dpo",
  rssi: "rssi",
};
const HOURS = [2, 8, 24, 48, 72];

type Typed = z.infer<typeof AskForm>;

/** "Questions posées par lien": a person who may answer has one question put to somebody outside, and sees what came back. */
export function askQuestionPages(parts: { desk: Desk; clock: Clock; gate: Gate; publicUrl: string }): Router {
  const { desk, gate, publicUrl } = parts;
  const facility = desk.facility.id;
  const router = Router({ mergeParams: true });
  const hereOf = (id: string) => `/${facility}/incidents/${encodeURIComponent(id)}`;

  const show = async (
    request: Request,
    response: Response,
    dossier: Dossier,
    asked: { question: string; typed?: Typed; trouble?: string },
  ) => {
    const person = personWho(response, "read");
    const { incident } = dossier;
    const over = incident.state === "closed" || incident.state === "merged";
    const mayAsk = mayAct(person, "answer") && !over;
    const questions = askable(dossier);
    const chosen = questions.find(({ id }) => id === asked.question);
    const links = await desk.links.of(incident.id, person);
    const { typed } = asked;
    gate.render(request, response, {
      view: "asked-questions",
      title: `Questions posées par lien, incident ${incident.reference}`,
      status: asked.trouble === undefined ? 200 : 422,
      model: {
        here: hereOf(incident.id),
        reference: incident.reference,
        trouble: asked.trouble ?? null,
        done: asked.trouble === undefined ? pickedBy(request.query.fait, DONE) : null,
        mayAsk,
        over,
        questions: questions.map(questionRow),
        chosen: chosen === undefined ? null : questionRow(chosen),
        people: Object.entries(ASKED_PEOPLE),
        hours: HOURS,
        limits: LINK,
        channels: chosen === undefined || !mayAsk ? [] : await desk.links.channels(incident.id),
        typed: {
          form: typed?.form ?? desk.newForm(),
          person: typed?.person ?? (chosen === undefined ? "care" : FIRST[chosen.asked_of]),
          name: typed?.name ?? "",
          function: typed?.function ?? "",
          email: typed?.email ?? "",
          phone: typed?.phone ?? "",
          call_back: typed?.call_back ?? person.phone,
          hours: typed?.hours ?? LINK.usual,
          channels: [typed?.channels ?? []].flat(),
        },
        links: links.map((row) => linkRow(row, { publicUrl, facility })),
        door: `${publicUrl}/${facility}/question`,
      },
    });
  };

  router.get("/incidents/:id/demandes", async (request: Request<{ id: string }>, response) => {
    personWho(response, "read");
    const dossier = await open(desk, request.params.id);
    await show(request as Request, response, dossier, { question: String(request.query.question ?? "") });
  });

  router.post("/incidents/:id/demandes", async (request: Request<{ id: string }>, response) => {
    const person = personWho(response, "answer");
    const typed = readForm(request as Request, AskForm);
    const dossier = await open(desk, request.params.id);
    const incident = dossier.incident.id;
    const to = {
      person: typed.person,
      name: typed.name,
      function: typed.function,
      email: typed.email,
      phone: typed.phone,
    };
    const { form, question, hours, call_back: callBack } = typed;
    const channels = [typed.channels].flat();
    const done = await desk.links.ask({ form, incident, question, to, callBack, hours, channels }, person);
    if (done.outcome === "refused") {
      const trouble = `Question non posée. ${done.because}`;
      return show(request as Request, response, dossier, { question, typed, trouble });
    }
    response.redirect(303, `${hereOf(incident)}/demandes?fait=demande#lien-${done.link.slice(0, 12)}`);
  });

  router.post("/incidents/:id/demandes/retrait", async (request: Request<{ id: string }>, response) => {
    const person = personWho(response, "answer");
    const { link } = readForm(request as Request, RevokeForm);
    const dossier = await open(desk, request.params.id);
    const incident = dossier.incident.id;
    const done = await desk.links.revoke({ incident, link }, person);
    if (done.outcome === "refused") throw new PageError(409, { message: done.because });
    response.redirect(303, `${hereOf(incident)}/demandes?fait=demande-retiree#lien-${link.slice(0, 12)}`);
  });

  return router;
}

/** The dossier of an address, unless nothing of it is shown. */
async function open(desk: Desk, id: string): Promise<Dossier> {
  const dossier = await dossierOf(desk, id);
  if (dossier.qualification?.verdict !== "withheld") return dossier;
  throw new PageError(403, {
    message: "Ce dossier est couvert par le secret de la défense nationale : rien n'en est traité ici.",
  });
}

/** Questions that may be put: those that wait, then those that were answered. */
function askable(dossier: Dossier): Question[] {
  const waiting = openQuestions(dossier);
  const answered = dossier.answered.map(({ question }) => question);
  return [...waiting, ...answered.filter(({ id }) => waiting.every((each) => each.id !== id))];
}
