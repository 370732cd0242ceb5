import { type NextFunction, type Request, type Response, Router } from "express";
import { z } from "zod";
import type { Clock } from "../../core/clock.ts";
import { shortFingerprint } from "../../core/decision.ts";
import { contentOf } from "../../core/declaration.ts";
import { type Account, mayAct } from "../../core/person.ts";
import { checkText, declarantIn } from "../../stages/decide/check-text.ts";
import type { Colleague } from "../../stages/decide/decision-desk.ts";
import { unfitOral } from "../../stages/decide/oral.ts";
import type { Desk, Dossier } from "../../stages/desk/desk.ts";
import type { Refused, Stale, TextSeen } from "../../stages/person-act.ts";
import { Line, pickedBy, readForm, TextFields } from "../form.ts";
import { type Gate, personWho } from "../gate.ts";
import type { ProvePerson } from "../prove-person.ts";
import { FactorFields } from "../second-factor.ts";
import { type DecisionTrouble, explained, isWrong } from "./decision.ts";
import { decisionModel } from "./decision-view.ts";
import { dossierOf } from "./incident.ts";

const Heard = z.string().max(5).default("");
const ORAL_TEXT = {
  ...TextFields,
  ...FactorFields,
  six: Line(40).default(""),
  entendu: Heard,
  vu: z.coerce.number().int().min(0).catch(0),
};
const PrepareForm = z.object({ delegate: z.string().max(100).default("") });
const RecordForm = z.object({ ...ORAL_TEXT, delegate: z.string().max(100), number: Line(40) });
const HearForm = z.object(ORAL_TEXT);
const WithdrawForm = z.object(TextFields);
const SettleForm = z.object({
  ...FactorFields,
  decision: z.string().min(1).max(100),
  comment: z.string().trim().max(4000).default(""),
});

const DONE: Readonly<Record<string, string>> = {
  pret: "Le texte est au nom de cette personne : appelez-la, à deux, et lisez-le en entier.",
  enregistre:
    "Oui enregistré. Il ne compte pas encore : la personne qui écoutait ouvre cette page avec son propre compte et confirme.",
  retire: "Enregistrement retiré : rien n'est décidé.",
  confirme: "Décision confirmée : c'est la vôtre.",
  conteste: "Décision contestée. Tout le monde est prévenu.",
};
const NOT_HEARD = "Cochez que la personne a dit oui à ce texte. Sans son oui, il n'y a pas de décision.";

interface OralTrouble extends DecisionTrouble {
  typed?: { number: string };
}

/** The decision by voice: two people on the line, and the delegate's own word at the next sign-in. */
export function oralPages(parts: { desk: Desk; clock: Clock; gate: Gate; prove: ProvePerson }): Router {
  const { desk, clock, gate, prove } = parts;
  const base = `/${desk.facility.id}`;
  const router = Router({ mergeParams: true });
  const addressOf = (dossier: Dossier) => `${base}/incidents/${encodeURIComponent(dossier.incident.id)}`;

  const show = async (request: Request, response: Response, dossier: Dossier, trouble?: OralTrouble) => {
    const person = personWho(response, "read");
    const colleagues = await desk.deciders();
    gate.render(request, response, {
      view: "oral",
      title: `Décision par téléphone, incident ${dossier.incident.reference}`,
      status: trouble?.status ?? 200,
      model: {
        ...decisionModel(dossier, { person, colleagues, now: clock.now() }),
        here: addressOf(dossier),
        called: calledOf(dossier, colleagues) ?? null,
        mine: mineOf(dossier, person),
        done: trouble === undefined ? pickedBy(request.query.fait, DONE) : null,
        typed: trouble?.typed ?? null,
        trouble: trouble ?? null,
      },
    });
  };

  const explain = async (
    request: Request,
    response: Response,
    { text, since, result }: { text: TextSeen; since: number; result: Stale | Refused },
  ): Promise<void> => {
    const dossier = await dossierOf(desk, text.incident);
    await show(request, response, dossier, explained(dossier, text, { result, since }));
  };

  router.get("/incidents/:id/decision-orale", async (request, response) => {
    personWho(response, "read");
    await show(request, response, await dossierOf(desk, request.params.id));
  });

  router.post("/incidents/:id/decision-orale/preparer", async (request, response) => {
    const person = personWho(response, "record_oral");
    const { delegate } = readForm(request, PrepareForm);
    const dossier = await dossierOf(desk, request.params.id);
    const result = await desk.prepareOral({ incident: dossier.incident.id, delegate }, person);
    if (result.outcome === "refused")
      return show(request, response, dossier, { status: 409, form: "text", message: result.because });
    response.redirect(303, `${addressOf(dossier)}/decision-orale?fait=pret`);
  });

  router.post("/incidents/:id/decision-orale/enregistrer", async (request, response) => {
    const person = personWho(response, "record_oral");
    const form = readForm(request, RecordForm);
    const dossier = await dossierOf(desk, request.params.id);
    const text = textOf(dossier, form);
    const wrong = checkText(dossier, text);
    if (wrong !== undefined) return explain(request, response, { text, since: form.vu, result: wrong });
    const again = (status: number, message: string) =>
      show(request, response, dossier, {
        status,
        form: "enregistrer",
        message,
        typed: { number: form.number },
      });
    const record = { text, number: form.number, typed: form.six };
    const unfit = form.entendu !== "oui" ? NOT_HEARD : unfitOral(record)?.because;
    if (unfit !== undefined) return again(422, unfit);
    const proven = await prove(request, person, form, `decider ${text.sha256}`);
    if (proven.outcome === "unproven") return again(403, proven.message);
    const result = await desk.recordOral({ ...record, delegate: form.delegate }, proven.proof, person);
    if (isWrong(result)) return explain(request, response, { text, since: form.vu, result });
    response.redirect(303, `${addressOf(dossier)}/decision-orale?fait=enregistre`);
  });

  router.post("/incidents/:id/decision-orale/ecouter", async (request, response) => {
    const person = personWho(response, "answer");
    const form = readForm(request, HearForm);
    const dossier = await dossierOf(desk, request.params.id);
    const text = textOf(dossier, form);
    const wrong = checkText(dossier, text);
    if (wrong !== undefined) return explain(request, response, { text, since: form.vu, result: wrong });
    const again = (status: number, message: string) =>
      show(request, response, dossier, { status, form: "ecouter", message });
    const unfit =
      form.entendu !== "oui" ? NOT_HEARD : unfitOral({ text, number: "0000", typed: form.six })?.because;
    if (unfit !== undefined) return again(422, unfit);
    const proven = await prove(request, person, form, `decider ${text.sha256}`);
    if (proven.outcome === "unproven") return again(403, proven.message);
    const result = await desk.hearOral({ text, typed: form.six }, proven.proof, person);
    if (isWrong(result)) return explain(request, response, { text, since: form.vu, result });
    response.redirect(303, `${addressOf(dossier)}/decision`);
  });

  router.post("/incidents/:id/decision-orale/retirer", async (request, response) => {
    const person = personWho(response, "record_oral");
    const form = readForm(request, WithdrawForm);
    const dossier = await dossierOf(desk, request.params.id);
    const text = textOf(dossier, form);
    const result = await desk.withdrawOral(text, person);
    if (isWrong(result)) return explain(request, response, { text, since: 0, result });
    response.redirect(303, `${addressOf(dossier)}/decision-orale?fait=retire`);
  });

  for (const [path, confirmed] of [
    ["confirmer", true],
    ["contester", false],
  ] as const)
    router.post(`/incidents/:id/decision-orale/${path}`, async (request, response) => {
      const person = personWho(response, "decide");
      const { decision, comment, ...given } = readForm(request, SettleForm);
      const dossier = await dossierOf(desk, request.params.id);
      const again = (status: number, message: string) =>
        show(request, response, dossier, { status, form: path, message, comment });
      if (!confirmed && comment.length < 10) return again(422, "Dites ce que vous contestez, en une phrase.");
      const about = dossier.decisions.find(({ id }) => id === decision)?.sha256 ?? "";
      const proven = await prove(request, person, given, `decider ${about}`);
      if (proven.outcome === "unproven") return again(403, proven.message);
      const settling = { incident: dossier.incident.id, decision, confirmed, comment };
      const result = await desk.settleOral(settling, proven.proof, person);
      if (result.outcome === "refused") {
        const fresh = await dossierOf(desk, request.params.id);
        return show(request, response, fresh, { status: 409, form: "text", message: result.because });
      }
      response.redirect(
        303,
        `${addressOf(dossier)}/decision-orale?fait=${confirmed ? "confirme" : "conteste"}`,
      );
    });

  return router;
}

/** Puts before a delegate, on every page, the decisions that others recorded in their name. */
export function oralReminder({ desk, clock }: { desk: Desk; clock: Clock }) {
  return async (_request: Request, response: Response, next: NextFunction): Promise<void> => {
    const person: Account | undefined = response.locals.person;
    if (person !== undefined && mayAct(person, "decide", clock.now()))
      response.locals.oral = await desk.oralOf(person);
    next();
  };
}

function textOf({ incident }: Dossier, form: z.infer<typeof WithdrawForm>): TextSeen {
  const { declaration, version, sha256 } = form;
  return { incident: incident.id, declaration, version, sha256 };
}

/** Whose name the text is in, when they may decide: who is to be called. */
function calledOf({ declarations }: Dossier, colleagues: readonly Colleague[]): Colleague | undefined {
  const current = declarations.at(-1);
  if (current?.state !== "draft") return undefined;
  const named = declarantIn(current)?.name;
  return colleagues.find(({ name }) => name === named);
}

/** The decision that others recorded in this person's name, with the text that was read to them. */
function mineOf({ decisions, declarations }: Dossier, person: Account) {
  const oral = decisions.findLast(
    (each) => each.state === "oral" && each.delegate.account === person.id && each.how.channel === "voice",
  );
  const text = declarations.find((each) => each.sha256 === oral?.sha256);
  if (oral === undefined || oral.how.channel !== "voice" || text === undefined) return null;
  const { number, known, recorded, heard } = oral.how;
  return {
    id: oral.id,
    version: oral.version,
    sha256: oral.sha256,
    short: shortFingerprint(oral.sha256),
    number,
    known,
    recorded: recorded.by.name,
    heard: heard.by.name,
    at: heard.at,
    text: contentOf(text).text,
  };
}
