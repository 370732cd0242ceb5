import { type Response, Router } from "express";
import { z } from "zod";
import type { Clock } from "../../core/clock.ts";
import { mayAct } from "../../core/person.ts";
import { RETENTION_KINDS, type RetentionKind, type RetentionRules } from "../../core/retention.ts";
import type { Desk } from "../../stages/desk/desk.ts";
import { type Refused, WRITING } from "../../stages/person-act.ts";
import { type EliminationsDesk, LIST_MOST, VISA } from "../../stages/retention/eliminations-desk.ts";
import { LIST_STATES, listCsv } from "../../stages/retention/tell-list.ts";
import { Line, readForm } from "../form.ts";
import { frenchTime } from "../french-time.ts";
import { type Gate, personWho } from "../gate.ts";
import { PageError } from "../page-error.ts";
import { sendRows } from "../send-rows.ts";
import { dossierOf } from "./incident.ts";

const HoldForm = z.object({ acte: z.enum(["suspendre", "lever"]), motif: Line(WRITING.reason.most) });
const VisaForm = z.object({
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  by: Line(VISA.by).pipe(z.string().min(3)),
  date: z
    .string()
    .regex(/^\d{4}-\d\d-\d\d$/)
    .refine((text) => !Number.isNaN(Date.parse(text))),
  reference: Line(VISA.reference).pipe(z.string().min(1)),
});
const WithdrawForm = z.object({ motif: Line(WRITING.reason.most) });

/** Dossiers and lists shown on the page. */
const SHOWN = 100;

/** "Conservation": how long what is kept is kept, and the dossiers of public archives that wait for a visa. */
export function retentionPages(parts: {
  desk: Desk;
  clock: Clock;
  gate: Gate;
  eliminations: EliminationsDesk;
  rules: RetentionRules;
  /** True when the daemon erases by these rules; else they are only proposed. */
  inForce: boolean;
}): Router {
  const { desk, clock, gate, eliminations, rules, inForce } = parts;
  const base = `/${desk.facility.id}`;
  const time = frenchTime(desk.facility.timeZone);
  const router = Router({ mergeParams: true });

  router.get("/conservation", async (request, response) => {
    const person = personWho(response, "read");
    const { unlisted, held, lists } = await eliminations.standing();
    gate.render(request, response, {
      view: "retention",
      title: "Conservation",
      model: {
        inForce,
        archives: rules.public_archives,
        rules: (Object.keys(RETENTION_KINDS) as RetentionKind[]).map((kind) => ({
          label: RETENTION_KINDS[kind],
          days: rules[`${kind}_days`],
        })),
        unlisted: { count: unlisted.length, shown: unlisted.slice(0, SHOWN) },
        held: { count: held.length, shown: held.slice(0, SHOWN) },
        lists: lists.slice(0, SHOWN).map((list) => ({ ...list, label: LIST_STATES[list.state] })),
        most: LIST_MOST,
        mayList: mayAct(person, "eliminate"),
      },
    });
  });

  router.post("/conservation/bordereaux", async (_request, response) => {
    const person = personWho(response, "eliminate");
    const { id } = heard(await eliminations.propose(person));
    response.redirect(303, `${base}/conservation/bordereaux/${id}`);
  });

  router.get("/conservation/bordereaux/:id", async (request, response) => {
    const person = personWho(response, "read");
    const list = await listNamed(request.params.id);
    gate.render(request, response, {
      view: "elimination",
      title: "Bordereau d'élimination",
      model: {
        list,
        here: `${base}/conservation/bordereaux/${encodeURIComponent(list.id)}`,
        label: LIST_STATES[list.state],
        facilityName: desk.facility.name,
        today: time.date(clock.now()),
        limit: { ...VISA, reason: WRITING.reason },
        mayList: mayAct(person, "eliminate") && list.state === "proposed",
      },
    });
  });

  router.get("/conservation/bordereaux/:id/liste.csv", async (request, response) => {
    personWho(response, "read");
    const list = await listNamed(request.params.id);
    response.setHeader("X-Content-Type-Options", "nosniff");
    response.attachment(`bordereau-${desk.facility.id}-${time.date(list.made.at)}.csv`);
    response.type("text/csv; charset=utf-8");
    await sendRows(response, listCsv(list, desk.facility.timeZone));
  });

  router.post("/conservation/bordereaux/:id/visa", async (request, response) => {
    const person = personWho(response, "eliminate");
    const visa = readForm(request, VisaForm);
    const { id } = await listNamed(request.params.id);
    heard(await eliminations.authorise({ id, ...visa }, person));
    toList(response, id);
  });

  router.post("/conservation/bordereaux/:id/retirer", async (request, response) => {
    const person = personWho(response, "eliminate");
    const { motif } = readForm(request, WithdrawForm);
    const { id } = await listNamed(request.params.id);
    heard(await eliminations.withdraw({ id, reason: motif }, person));
    toList(response, id);
  });

  router.post("/incidents/:id/conservation", async (request, response) => {
    const person = personWho(response, "hold");
    const { acte, motif } = readForm(request, HoldForm);
    const { incident } = await dossierOf(desk, request.params.id);
    const holding = { incident: incident.id, reason: motif };
    heard(acte === "suspendre" ? await desk.hold(holding, person) : await desk.lift(holding, person));
    const done = acte === "suspendre" ? "suspendu" : "leve";
    response.redirect(303, `${base}/incidents/${encodeURIComponent(incident.id)}?fait=${done}#conservation`);
  });

  return router;

  async function listNamed(id: string) {
    const list = await eliminations.list(id);
    if (list === undefined) throw new PageError(404);
    return list;
  }

  function toList(response: Response, id: string): void {
    response.redirect(303, `${base}/conservation/bordereaux/${encodeURIComponent(id)}`);
  }
}

function heard<T extends { outcome: string }>(result: T | Refused): T {
  if (result.outcome !== "refused") return result as T;
  const { because } = result as Refused;
  throw new PageError(409, { message: `Rien n'est enregistré. ${because}` });
}
