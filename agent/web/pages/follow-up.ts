import { type Request, type Response, Router } from "express";
import { ACCOMPANIMENT, ACCOMPANIMENT_STATES, ACCOMPANIMENT_TRANSITIONS } from "../../core/accompaniment.ts";
import type { Clock } from "../../core/clock.ts";
import {
  EXCHANGE,
  EXCHANGE_DIRECTIONS,
  EXCHANGE_KINDS,
  EXCHANGE_PARTIES,
  EXCHANGE_WAYS,
} from "../../core/exchange.ts";
import { ATTACHMENTS } from "../../core/logbook.ts";
import { PARTNER } from "../../core/partner.ts";
import { mayAct } from "../../core/person.ts";
import { RECOMMENDATION, RECOMMENDATION_KINDS } from "../../core/recommendation.ts";
import type { Desk } from "../../stages/desk/desk.ts";
import { formatBytes } from "../../stages/french.ts";
import { type Refused, WRITING } from "../../stages/person-act.ts";
import { pickedBy, readForm } from "../form.ts";
import { frenchTime } from "../french-time.ts";
import { type Gate, personWho } from "../gate.ts";
import { PageError } from "../page-error.ts";
import { typedInstant } from "../typed-instant.ts";
import { receivedWith } from "../uploads.ts";
import {
  AdviceForm,
  AnswerForm,
  CancelForm,
  ExchangeForm,
  HelpForm,
  PartnerForm,
  PurposeForm,
  SettleForm,
  StepForm,
} from "./follow-up-forms.ts";
import { followUpRows } from "./follow-up-rows.ts";
import { dossierOf } from "./incident.ts";

/** What was just done, shown after the redirect; the address only picks one of these. */
const DONE: Readonly<Record<string, string>> = {
  echange: "Échange noté au dossier.",
  annule: "Échange annulé : il reste lisible, avec le motif.",
  reponse: "C'est noté : la demande sera répondue quand ce texte sera déposé.",
  recommandation: "Recommandation enregistrée.",
  accompagnement: "Accompagnement mis à jour.",
  prevenu: "C'est noté, avec l'heure et votre nom.",
  objet: "C'est noté : le prochain texte est préparé ainsi, et attend une décision.",
};

interface Rejected {
  status: number;
  message: string;
  part: string;
  typed: Record<string, unknown>;
}

/** "Suivi": what is received from the authorities and sent to them after a declaration, until its resolution. */
export function followUpPages(parts: { desk: Desk; clock: Clock; gate: Gate }): Router {
  const { desk, clock, gate } = parts;
  const base = `/${desk.facility.id}`;
  const time = frenchTime(desk.facility.timeZone);
  const router = Router({ mergeParams: true });
  const hereOf = (incident: string) => `${base}/incidents/${encodeURIComponent(incident)}`;

  const followed = async (id: string | undefined) => {
    const { incident } = await dossierOf(desk, id);
    const followUp = await desk.followUp.of(incident.id);
    if (followUp !== undefined) return followUp;
    throw new PageError(409, {
      message: "Ce dossier est couvert par le secret de la défense nationale : rien n'en est traité ici.",
    });
  };

  const show = async (request: Request, response: Response, rejected?: Rejected) => {
    const person = personWho(response, "read");
    const followUp = await followed(String(request.params.id));
    const now = clock.now();
    const typedOf = (part: string) => (rejected?.part === part ? rejected.typed : {});
    const rows = followUpRows(followUp, { now, time });
    gate.render(request, response, {
      view: "follow-up",
      title: `Suivi, incident ${followUp.incident.reference}`,
      status: rejected?.status ?? 200,
      model: {
        here: hereOf(followUp.incident.id),
        action: `${hereOf(followUp.incident.id)}/suivi`,
        done: rejected === undefined ? pickedBy(request.query.fait, DONE) : null,
        trouble: rejected?.message ?? null,
        ...rows,
        kept: rejected === undefined ? "" : lostOf(rejected, rows),
        typedOf,
        /** The sentence that refuses a form; of those that stand once a line, with the id of the line. */
        wrong: (part: string, id?: string) =>
          rejected?.part === part && (id === undefined || id === lineOf(rejected)) ? rejected.message : null,
        mayExchange: mayAct(person, "exchange"),
        mayFollow: mayAct(person, "follow_up"),
        mayErase: mayAct(person, "erase"),
        reason: WRITING.reason,
        words: {
          parties: Object.entries(EXCHANGE_PARTIES),
          ways: Object.entries(EXCHANGE_WAYS),
          directions: Object.entries(EXCHANGE_DIRECTIONS),
          kinds: Object.entries(EXCHANGE_KINDS),
          advice: Object.entries(RECOMMENDATION_KINDS),
          steps: Object.entries(ACCOMPANIMENT_STATES),
        },
        next: ACCOMPANIMENT_TRANSITIONS,
        limits: { exchange: EXCHANGE, advice: RECOMMENDATION, help: ACCOMPANIMENT, partner: PARTNER },
        files: { each: formatBytes(ATTACHMENTS.bytes), most: ATTACHMENTS.perNote },
        today: time.date(now),
        form: desk.newForm(),
        open: rejected?.part ?? null,
        exchange: {
          ...ExchangeForm.parse({}),
          form: desk.newForm(),
          date: time.date(now),
          ...typedOf("exchange"),
        },
        adviceForm: { ...AdviceForm.parse({}), form: desk.newForm(), ...typedOf("advice") },
        help: { ...HelpForm.parse({}), of: "CERT Santé", form: desk.newForm(), ...typedOf("help") },
      },
    });
  };

  /** Answers a form: leads on when it was done, gives what was typed back when it was not. */
  const answer = async (
    request: Request,
    response: Response,
    {
      part,
      typed,
      done,
      told,
      at,
      again = "",
    }: {
      part: string;
      typed: Record<string, unknown>;
      done: Promise<{ outcome: string } | Refused> | string;
      told: string;
      at: string;
      /** What else has to be done anew, in French. */
      again?: string;
    },
  ) => {
    const result =
      typeof done === "string" ? { outcome: "refused", code: "bad_form", because: done } : await done;
    if (result.outcome !== "refused")
      return response.redirect(303, `${hereOf(String(request.params.id))}/suivi?fait=${told}#${at}`);
    const { code, because } = result as Refused;
    const status = /^(already_|not_withdrawn$|not_open$|over$|unknown_|not_declared$|bad_step$)/.test(code)
      ? 409
      : 422;
    return show(request, response, {
      status,
      message: `Rien n'est enregistré. ${because}${again}`,
      part,
      typed,
    });
  };

  /** Until when, as it was typed: a day alone ends at 18:00; undefined when none was; a sentence when it is no day. */
  const dueOf = (typed: { due_date: string; due_time: string }) => {
    if (typed.due_date === "") return undefined;
    return (
      time.instantOf(typed.due_date, typed.due_time || "18:00") ??
      "La date limite n'est pas lisible, ou n'existe pas ce jour-là."
    );
  };

  router.get("/incidents/:id/suivi", async (request, response) => {
    personWho(response, "read");
    await show(request, response);
  });

  router.post("/incidents/:id/suivi/echanges", async (request, response) => {
    const person = personWho(response, "exchange");
    const typed = readForm(request, ExchangeForm);
    const { incident } = await followed(request.params.id);
    const { files, trouble } = receivedWith(response);
    const at = typedInstant(typed, time, clock.now());
    const again = files.length > 0 ? " Joignez de nouveau les fichiers." : "";
    const due = typed.kind === "information_request" ? dueOf(typed) : undefined;
    const wrong = trouble ?? [at, due].find((each) => typeof each === "string");
    const { thread, date: _d, time: _t, due_date: _dd, due_time: _dt, ...rest } = typed;
    const continued =
      thread === "" ? {} : thread.startsWith("rep:") ? { answers: thread.slice(4) } : { follows: thread };
    const done =
      typeof wrong === "string"
        ? wrong
        : desk.followUp.recordExchange(
            {
              ...rest,
              ...continued,
              incident: incident.id,
              at: at as number | undefined,
              due: due as number | undefined,
              files,
            },
            person,
          );
    await answer(request, response, {
      ...{ part: "exchange", typed, done, told: "echange", at: "echanges", again },
    });
  });

  router.post("/incidents/:id/suivi/echanges/annuler", async (request, response) => {
    const person = personWho(response, "exchange");
    const typed = readForm(request, CancelForm);
    const { incident } = await followed(request.params.id);
    const done = desk.followUp.cancelExchange({ incident: incident.id, ...typed }, person);
    await answer(request, response, { part: "cancel", typed, done, told: "annule", at: "echanges" });
  });

  router.post("/incidents/:id/suivi/repondre", async (request, response) => {
    const person = personWho(response, "follow_up");
    const typed = readForm(request, AnswerForm);
    const { incident } = await followed(request.params.id);
    const done = desk.followUp.answerRequest({ incident: incident.id, ...typed }, person);
    await answer(request, response, { part: "answer", typed, done, told: "reponse", at: "demandes" });
  });

  router.post("/incidents/:id/suivi/recommandations", async (request, response) => {
    const person = personWho(response, "follow_up");
    const typed = readForm(request, AdviceForm);
    const { incident } = await followed(request.params.id);
    const due = dueOf(typed);
    const { due_date: _d, due_time: _t, exchange, ...rest } = typed;
    const done =
      typeof due === "string"
        ? due
        : desk.followUp.addRecommendation(
            { ...rest, incident: incident.id, due, ...(exchange !== "" && { exchange }) },
            person,
          );
    await answer(request, response, {
      part: "advice",
      typed,
      done,
      told: "recommandation",
      at: "recommandations",
    });
  });

  router.post("/incidents/:id/suivi/recommandations/etat", async (request, response) => {
    const person = personWho(response, "follow_up");
    const typed = readForm(request, SettleForm);
    const { incident } = await followed(request.params.id);
    const done = desk.followUp.settleRecommendation({ incident: incident.id, ...typed }, person);
    await answer(request, response, {
      part: "settle",
      typed,
      done,
      told: "recommandation",
      at: "recommandations",
    });
  });

  router.post("/incidents/:id/suivi/accompagnement", async (request, response) => {
    const person = personWho(response, "follow_up");
    const { date, time: hour, ...typed } = readForm(request, HelpForm);
    const { incident } = await followed(request.params.id);
    const at = typedInstant({ date, time: hour }, time, clock.now());
    const done =
      typeof at === "string"
        ? at
        : desk.followUp.requestAccompaniment({ ...typed, incident: incident.id, at }, person);
    await answer(request, response, {
      part: "help",
      typed: { ...typed, date, time: hour },
      done,
      told: "accompagnement",
      at: "accompagnement",
    });
  });

  router.post("/incidents/:id/suivi/accompagnement/etat", async (request, response) => {
    const person = personWho(response, "follow_up");
    const { date, time: hour, ...typed } = readForm(request, StepForm);
    const { incident } = await followed(request.params.id);
    const at = typedInstant({ date, time: hour }, time, clock.now());
    const done =
      typeof at === "string"
        ? at
        : desk.followUp.stepAccompaniment({ ...typed, incident: incident.id, at }, person);
    await answer(request, response, {
      part: "step",
      typed: { ...typed, date, time: hour },
      done,
      told: "accompagnement",
      at: "accompagnement",
    });
  });

  router.post("/incidents/:id/suivi/prevenus", async (request, response) => {
    const person = personWho(response, "exchange");
    const { date, time: hour, item, partner, form, ...typed } = readForm(request, PartnerForm);
    const { incident } = await followed(request.params.id);
    const at = typedInstant({ date, time: hour }, time, clock.now());
    const line = item !== "" ? { item } : partner !== "" ? { partner } : { form, label: typed.label };
    const done =
      typeof at === "string"
        ? at
        : desk.followUp.tellPartner({ ...typed, ...line, incident: incident.id, at }, person);
    await answer(request, response, {
      part: "partner",
      typed: { ...typed, item, partner, date, time: hour },
      done,
      told: "prevenu",
      at: "prevenus",
    });
  });

  router.post("/incidents/:id/suivi/objet", async (request, response) => {
    const person = personWho(response, "follow_up");
    const typed = readForm(request, PurposeForm);
    const { incident } = await followed(request.params.id);
    const done = desk.followUp.settlePurpose({ incident: incident.id, ...typed }, person);
    await answer(request, response, { part: "purpose", typed, done, told: "objet", at: "resolution" });
  });

  return router;
}

/** The line that a refused form is about, of those that stand once a line. */
function lineOf({ typed }: Rejected): unknown {
  return (
    typed.exchange ??
    typed.request ??
    typed.recommendation ??
    typed.accompaniment ??
    (typed.item || typed.partner)
  );
}

/** What a person wrote in a form that is no longer on the page: someone else was faster. */
function lostOf({ part, typed }: Rejected, rows: ReturnType<typeof followUpRows>): string {
  const { exchange, accompaniment, text, reason, because } = typed as Record<string, string | undefined>;
  if (part === "cancel" && !rows.exchanges.some(({ id, state }) => id === exchange && state !== "cancelled"))
    return reason ?? "";
  if (part === "step" && !rows.accompaniments.some(({ id, next }) => id === accompaniment && next.length > 0))
    return text ?? "";
  // Whoever closes an advice that someone settled meanwhile does not mean to open it again.
  const asked = (state: string) => (state === "open") === (typed.state !== "open");
  if (part === "settle" && !rows.advice.some(({ id, state }) => id === typed.recommendation && asked(state)))
    return because ?? "";
  const { declared, filed, settled } = rows.notice;
  const taking = typed.kind === "reinstated";
  const gone = taking ? settled?.kind !== "withdrawal" : settled?.kind === "withdrawal";
  const over = rows.closed || !declared || (filed !== null && !taking) || gone;
  return part === "purpose" && over ? (reason ?? "") : "";
}
