import { type Request, type Response, Router } from "express";
import { z } from "zod";
import type { Clock } from "../../core/clock.ts";
import { FACTS, type FactKind } from "../../core/fact.ts";
import { type Account, mayAct } from "../../core/person.ts";
import type { Desk, Dossier } from "../../stages/desk/desk.ts";
import { Line, readForm } from "../form.ts";
import { frenchTime } from "../french-time.ts";
import { type Gate, personWho } from "../gate.ts";
import { PageError } from "../page-error.ts";
import { typedInstant } from "../typed-instant.ts";
import { factRows } from "./dossier-view.ts";
import { dossierOf } from "./incident.ts";
import {
  blankStatement,
  InstantFields,
  OFFERED,
  SourceFields,
  StatementForm,
  statementChoices,
  statementOf,
} from "./statement-form.ts";

const EndForm = z.object({ fact: z.string().min(1).max(100), ...InstantFields, ...SourceFields });
const WithdrawForm = z.object({ fact: z.string().min(1).max(100), reason: Line(100_000).default("") });
const ReasonForm = z.object({
  reason: Line(100_000).default(""),
  sans_avis: z.literal("oui").optional(),
  fausse_alerte: z.literal("oui").optional(),
});

/** What a person typed when it could not be taken, to be shown again where it was typed. */
interface Rejected {
  status: number;
  message: string;
  statement?: StatementForm;
  end?: z.infer<typeof EndForm>;
  withdrawal?: z.infer<typeof WithdrawForm>;
}

/** The facts of one incident: state one, end one, withdraw one; and what is only watched is closed or opened again. */
export function factsPage(parts: { desk: Desk; clock: Clock; gate: Gate }): Router {
  const { desk, clock, gate } = parts;
  const base = `/${desk.facility.id}`;
  const time = frenchTime(desk.facility.timeZone);
  const router = Router({ mergeParams: true });
  const addressOf = (id: string) => `${base}/incidents/${encodeURIComponent(id)}`;

  const show = (request: Request, response: Response, dossier: Dossier, rejected?: Rejected) => {
    const person = personWho(response, "read");
    const { incident } = dossier;
    if (dossier.qualification?.verdict === "withheld")
      throw new PageError(409, { message: "Ce dossier est couvert par le secret de la défense nationale." });
    const today = time.date(clock.now());
    const over = incident.state === "closed" || incident.state === "merged";
    gate.render(request, response, {
      view: "facts",
      title: `Faits de l’incident ${incident.reference}`,
      status: rejected?.status ?? 200,
      model: {
        here: addressOf(incident.id),
        action: `${addressOf(incident.id)}/faits`,
        reference: incident.reference,
        trouble: rejected?.message ?? null,
        mayState: mayAct(person, "answer") && !over,
        over,
        today,
        typed: rejected?.statement ?? { ...blankStatement(desk, today), kinds: askedKinds(request) },
        end: rejected?.end ?? null,
        withdrawal: rejected?.withdrawal ?? null,
        ...statementChoices(desk),
        facts: rows(dossier, person, over),
      },
    });
  };

  const rows = (dossier: Dossier, person: Account, over: boolean) => {
    const byId = new Map(dossier.facts.map((fact) => [fact.id, fact]));
    return factRows(dossier.facts, dossier.systems).map((row) => {
      const fact = byId.get(row.id);
      const stands = fact !== undefined && fact.withdrawn === null && !over;
      const own = fact?.origin.by === "person" && fact.origin.writer === person.name;
      return {
        ...row,
        mayEnd:
          stands &&
          mayAct(person, "answer") &&
          fact.holds &&
          fact.until === null &&
          FACTS[fact.kind].lasts === "state",
        mayWithdraw:
          stands &&
          fact.kind !== "defence_secret" &&
          (own || mayAct(person, "edit")) &&
          mayAct(person, "answer"),
      };
    });
  };

  router.get("/incidents/:id/faits", async (request, response) => {
    personWho(response, "read");
    show(request, response, await dossierOf(desk, request.params.id));
  });

  router.post("/incidents/:id/faits", async (request, response) => {
    const person = personWho(response, "answer");
    const typed = readForm(request, StatementForm);
    const { incident } = await dossierOf(desk, request.params.id);
    const again = async (message: string) =>
      show(request, response, await dossierOf(desk, incident.id), {
        status: 422,
        message: `Fait non enregistré. ${message}`,
        statement: typed,
      });
    const statement = statementOf(typed, time, clock.now());
    if (typeof statement === "string") return again(statement);
    const done = await desk.stateFacts(incident.id, statement, person);
    if (done.outcome === "refused") return again(done.because);
    response.redirect(303, `${addressOf(incident.id)}?fait=constate#faits`);
  });

  router.post("/incidents/:id/faits/fin", async (request, response) => {
    const person = personWho(response, "answer");
    const typed = readForm(request, EndForm);
    const { incident } = await dossierOf(desk, request.params.id);
    const again = async (status: number, message: string) =>
      show(request, response, await dossierOf(desk, incident.id), {
        status,
        message: `Fin non enregistrée. ${message}`,
        end: typed,
      });
    const until = typedInstant(typed, time, clock.now());
    if (typeof until === "string") return again(422, until);
    const source = { who: typed.who, name: typed.name };
    const done = await desk.endFact({ incident: incident.id, fact: typed.fact, until, source }, person);
    if (done.outcome === "refused") return again(statusOf(done.code), done.because);
    response.redirect(303, `${addressOf(incident.id)}?fait=termine#faits`);
  });

  router.post("/incidents/:id/faits/retrait", async (request, response) => {
    const person = personWho(response, "answer");
    const typed = readForm(request, WithdrawForm);
    const { incident } = await dossierOf(desk, request.params.id);
    const done = await desk.withdrawFact({ incident: incident.id, ...typed }, person);
    if (done.outcome === "refused")
      return show(request, response, await dossierOf(desk, incident.id), {
        status: statusOf(done.code),
        message: `Retrait non enregistré. ${done.because}`,
        withdrawal: typed,
      });
    response.redirect(303, `${addressOf(incident.id)}?fait=retire#faits`);
  });

  for (const [path, act, told] of [
    ["clore", "closeByHand", "clos"],
    ["rouvrir", "reopen", "rouvert"],
  ] as const)
    router.post(`/incidents/:id/${path}`, async (request, response) => {
      const person = personWho(response, act === "reopen" ? "sign_off" : "edit");
      const { reason, sans_avis, fausse_alerte } = readForm(request, ReasonForm);
      const { incident } = await dossierOf(desk, request.params.id);
      const done = await desk[act](
        {
          ...{ incident: incident.id, reason },
          ...{ withoutNotice: sans_avis === "oui", falseAlarm: fausse_alerte === "oui" },
        },
        person,
      );
      if (done.outcome === "refused") throw new PageError(statusOf(done.code), { message: done.because });
      const said = told === "clos" && incident.state !== "candidate" ? "fini" : told;
      response.redirect(303, `${addressOf(incident.id)}?fait=${said}`);
    });

  return router;
}

/** What an address proposes to state: the person still has to send the form. */
function askedKinds({ method, query: { constat } }: Request): FactKind[] {
  return method === "GET" ? OFFERED.filter((kind) => kind === constat) : [];
}

/** What somebody else did meanwhile is a conflict; the rest was typed wrong. */
function statusOf(code: string): 409 | 422 {
  return /^(already_|over$|not_decided$|not_closed$|not_filed$|state_lasts$|notice_owed$|text_undecided$|delivery_unsettled$|unknown_)/.test(
    code,
  )
    ? 409
    : 422;
}
