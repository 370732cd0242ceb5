import { type Request, type Response, Router } from "express";
import { z } from "zod";
import type { Delivery } from "../../core/delivery.ts";
import { mayAct } from "../../core/person.ts";
import type { Desk, Dossier } from "../../stages/desk/desk.ts";
import { Line, readForm } from "../form.ts";
import { type Gate, personWho } from "../gate.ts";
import { notFiled } from "./decision-view.ts";
import { deliveryRows } from "./dossier-view.ts";
import { dossierOf } from "./incident.ts";
import { verdictOf } from "./verdict.ts";

const FilingForm = z.object({ delivery: z.string().min(1).max(200), reference: Line(100) });

/** Public page of the authorities' portal; Tocsin itself never calls it. */
const PORTAL = {
  address: "https://signalement.social-sante.gouv.fr",
  path: [
    "Vous êtes un professionnel de santé",
    "Cybersécurité / Incident de sécurité des systèmes d'information",
  ],
};

/** Assisted filing: a person carries the approved text to the portal, and records the portal's reference here. */
export function filingPages(parts: { desk: Desk; gate: Gate }): Router {
  const { desk, gate } = parts;
  const base = `/${desk.facility.id}`;
  const router = Router({ mergeParams: true });

  const show = (
    request: Request,
    response: Response,
    dossier: Dossier,
    trouble?: { status: number; message: string; reference: string },
  ) => {
    const person = personWho(response, "read");
    const { filing } = dossier;
    const mine = deliveryRows(
      dossier.deliveries.filter(
        (each) => each.kind === "declaration" && each.sha256 === filing?.declaration.sha256,
      ),
    );
    const pending = mine.filter((each) => each.state !== "delivered");
    const forPerson = (each: Delivery) => each.reach === "assisted" || each.state === "uncertain";
    gate.render(request, response, {
      view: "filing",
      title: `Dépôt, incident ${dossier.incident.reference}`,
      status: trouble?.status ?? 200,
      model: {
        verdict: verdictOf(dossier),
        notFiled: notFiled(dossier),
        contested: contestedBy(dossier),
        here: `${base}/incidents/${encodeURIComponent(dossier.incident.id)}`,
        current: filing?.declaration ?? null,
        content: filing?.content ?? null,
        ready: filing !== undefined,
        filed: mine.filter((each) => each.state === "delivered"),
        pending: pending.filter(forPerson),
        alone: pending.filter((each) => !forPerson(each)),
        mayRecord: mayAct(person, "record_filing"),
        portal: PORTAL,
        trouble: trouble ?? null,
      },
    });
  };

  /** Who denies the oral decision under which the text was filed. */
  const contestedBy = ({ decisions, filing }: Dossier) =>
    decisions.find((each) => each.sha256 === filing?.declaration.sha256 && each.state === "contested")
      ?.delegate.name ?? null;

  router.get("/incidents/:id/depot", async (request, response) => {
    personWho(response, "read");
    show(request, response, await dossierOf(desk, request.params.id));
  });

  router.post("/incidents/:id/depot", async (request, response) => {
    const person = personWho(response, "record_filing");
    const { delivery, reference } = readForm(request, FilingForm);
    const dossier = await dossierOf(desk, request.params.id);
    if (reference === "") {
      const message = "Recopiez la référence que le portail a affichée : sans elle, rien ne prouve le dépôt.";
      return show(request, response, dossier, { status: 422, message, reference });
    }
    const result = await desk.recordFiling({ incident: dossier.incident.id, delivery, reference }, person);
    if (result.outcome === "refused") {
      const message = `Référence non enregistrée : ${result.because}`;
      const status = result.code === "not_allowed" ? 403 : 409;
      return show(request, response, await dossierOf(desk, request.params.id), {
        status,
        message,
        reference,
      });
    }
    response.redirect(303, `${base}/incidents/${encodeURIComponent(dossier.incident.id)}/depot`);
  });

  return router;
}
