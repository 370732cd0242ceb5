import { Router } from "express";
import { z } from "zod";
import type { Desk } from "../../stages/desk/desk.ts";
import { REASON } from "../../stages/desk/unmask.ts";
import { Line, readForm } from "../form.ts";
import { type Gate, personWho } from "../gate.ts";
import { PageError } from "../page-error.ts";
import { dossierOf } from "./incident.ts";

const UnmaskForm = z.object({ alert: z.string().min(1).max(200), reason: Line(REASON.most) });

/** The original of one alert, patients included: on request with a reason, which the journal keeps. */
export function originalPage(parts: { desk: Desk; gate: Gate }): Router {
  const { desk, gate } = parts;
  const router = Router({ mergeParams: true });
  // Only by a form: a link that a mail scanner follows shows nothing and writes nothing.
  router.post("/incidents/:id/original", async (request, response) => {
    const person = personWho(response, "unmask");
    const { alert, reason } = readForm(request, UnmaskForm);
    const { incident, evidence } = await dossierOf(desk, request.params.id);
    if (reason.length < REASON.least) {
      throw new PageError(422, {
        message: `Dites pourquoi vous devez voir l'original, en ${REASON.least} caractères au moins : rien n'a été montré.`,
      });
    }
    const done = await desk.unmask({ incident: incident.id, alert, reason }, person);
    if (done.outcome === "refused") throw new PageError(409, { message: done.because });
    gate.render(request, response, {
      view: "original",
      title: `Original d'une alerte, incident ${incident.reference}`,
      model: {
        here: `/${desk.facility.id}/incidents/${encodeURIComponent(incident.id)}`,
        incident,
        shown: evidence.find((each) => each.alert === alert) ?? null,
        original: done.original,
        reason,
      },
    });
  });
  return router;
}
