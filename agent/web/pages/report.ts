import { type Request, type Response, Router } from "express";
import { type Clock, MICROSECONDS } from "../../core/clock.ts";
import { INCIDENT_STATES } from "../../core/incident.ts";
import type { Desk } from "../../stages/desk/desk.ts";
import { readForm } from "../form.ts";
import { frenchTime } from "../french-time.ts";
import { type Gate, personWho } from "../gate.ts";
import { blankStatement, StatementForm, statementChoices, statementOf } from "./statement-form.ts";
import { headAndRest, headlineOf } from "./verdict.ts";

/** Incidents shown before a new one is made: it may be one of them. */
const NEAR = 5;
const RECENT = MICROSECONDS.day;

/** "Signaler un incident": what no alert told, from a telephone call or a newspaper. */
export function reportPage(parts: { desk: Desk; clock: Clock; gate: Gate }): Router {
  const { desk, clock, gate } = parts;
  const base = `/${desk.facility.id}`;
  const time = frenchTime(desk.facility.timeZone);
  const router = Router({ mergeParams: true });

  const show = async (
    request: Request,
    response: Response,
    typed: StatementForm,
    trouble?: { status: number; message: string },
  ) => {
    const running = await desk.incidents({
      states: ["in_review", "open", "candidate", "approved", "declared"],
      limit: NEAR,
    });
    gate.render(request, response, {
      view: "report",
      title: "Signaler un incident",
      status: trouble?.status ?? 200,
      model: {
        action: `${base}/incidents/signaler`,
        trouble: trouble?.message ?? null,
        typed,
        today: time.date(clock.now()),
        ...statementChoices(desk),
        running: running
          .filter(({ incident }) => incident.last_alert > clock.now() - RECENT)
          .map(({ incident, sentence, muted }) => ({
            id: incident.id,
            reference: incident.reference,
            label: INCIDENT_STATES[incident.state],
            occurred: incident.occurred,
            sentence: headAndRest(headlineOf(incident, sentence, muted)).sentence,
          })),
      },
    });
  };

  router.get("/incidents/signaler", async (request, response) => {
    personWho(response, "answer");
    await show(request, response, blankStatement(desk, time.date(clock.now())));
  });

  router.post("/incidents/signaler", async (request, response) => {
    const person = personWho(response, "answer");
    const typed = readForm(request, StatementForm);
    const statement = statementOf(typed, time, clock.now());
    if (typeof statement === "string")
      return show(request, response, typed, { status: 422, message: `${statement} ${NOTHING}` });
    const done = await desk.openByHand(statement, person);
    if (done.outcome === "refused")
      return show(request, response, typed, { status: 422, message: `${done.because} ${NOTHING}` });
    response.redirect(303, `${base}/incidents/${encodeURIComponent(done.incident)}?fait=signale`);
  });

  return router;
}

const NOTHING = "Rien n’est enregistré ; votre saisie est gardée ci-dessous.";
