import { type Response, Router } from "express";
import { z } from "zod";
import type { Desk } from "../../stages/desk/desk.ts";
import type { Refused } from "../../stages/person-act.ts";
import { Line, readForm } from "../form.ts";
import { personWho } from "../gate.ts";
import { PageError } from "../page-error.ts";
import { dossierOf } from "./incident.ts";

const Reason = Line(500);
const MergeForm = z.object({ autre: z.string().trim().min(1).max(100), motif: Reason });
const UndoForm = z.object({ motif: Reason });
const SplitForm = z.object({
  part: z.union([z.string().max(300), z.array(z.string().max(300)).max(500)]).default([]),
  motif: Reason,
});

/** What people do to bring incidents together and to take them apart. */
export function regroupPages({ desk }: { desk: Desk }): Router {
  const router = Router({ mergeParams: true });
  const base = `/${desk.facility.id}`;
  const to = (response: Response, incident: string, done: string) =>
    response.redirect(303, `${base}/incidents/${encodeURIComponent(incident)}?fait=${done}`);
  const heard = <T extends { outcome: string }>(result: T | Refused): T => {
    if (result.outcome !== "refused") return result as T;
    const { because } = result as Refused;
    throw new PageError(409, { message: `Rien n'est enregistré. ${because}` });
  };

  router.post("/incidents/:id/reunir", async (request, response) => {
    const person = personWho(response, "edit");
    const { autre, motif } = readForm(request, MergeForm);
    const { incident } = await dossierOf(desk, request.params.id);
    heard(await desk.merge({ incident: incident.id, other: autre, reason: motif }, person));
    to(response, incident.id, "reuni");
  });

  router.post("/incidents/:id/distinguer", async (request, response) => {
    const person = personWho(response, "edit");
    const { autre, motif } = readForm(request, MergeForm);
    const { incident } = await dossierOf(desk, request.params.id);
    heard(await desk.keepApart({ incident: incident.id, other: autre, reason: motif }, person));
    to(response, incident.id, "distingue");
  });

  router.post("/incidents/:id/separer", async (request, response) => {
    const person = personWho(response, "edit");
    const { part, motif } = readForm(request, SplitForm);
    const { incident } = await dossierOf(desk, request.params.id);
    const made = heard(
      await desk.split({ incident: incident.id, picks: [part].flat(), reason: motif }, person),
    );
    to(response, made.incident, "separe");
  });

  router.post("/incidents/:id/defaire", async (request, response) => {
    const person = personWho(response, "edit");
    const { motif } = readForm(request, UndoForm);
    const { incident } = await dossierOf(desk, request.params.id);
    heard(await desk.undoRegrouping({ incident: incident.id, reason: motif }, person));
    to(response, incident.id, "defait");
  });

  return router;
}
