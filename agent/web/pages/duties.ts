import { type Request, type Response, Router } from "express";
import { z } from "zod";
import type { DutyRegime } from "../../../rules/regimes/regime.ts";
import type { Clock } from "../../core/clock.ts";
import { DUTY_STATES, type DutyFile, dutyContentOf } from "../../core/duty-file.ts";
import type { Desk, Dossier } from "../../stages/desk/desk.ts";
import { declarationPdf, PAPER_LIMIT } from "../../stages/documents/declaration-pdf.ts";
import type { Refused } from "../../stages/person-act.ts";
import { Line, pickedBy, readForm } from "../form.ts";
import { frenchTime } from "../french-time.ts";
import { type Gate, personWho } from "../gate.ts";
import { PageError } from "../page-error.ts";
import type { ProvePerson } from "../prove-person.ts";
import { FactorFields } from "../second-factor.ts";
import { typedInstant } from "../typed-instant.ts";
import { receivedWith } from "../uploads.ts";
import { touchedFields, typedFields } from "./amendment.ts";
import { dutyList, dutyModel, type Typed } from "./duty-view.ts";
import { dossierOf } from "./incident.ts";
import { verdictOf } from "./verdict.ts";

const SeenFields = {
  version: z.coerce.number().int().min(1),
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
};
const AmendForm = z.looseObject({ ...SeenFields, section: z.string().max(100).default("") });
const DecideForm = z.object({
  ...SeenFields,
  ...FactorFields,
  // What is too long is given back to its writer, not thrown away.
  reason: z.string().trim().max(100_000).default(""),
});
const NotifyForm = z.object({
  version: z.coerce.number().int().min(1),
  form: z.string().max(100).default(""),
  where: Line(100_000).default(""),
  reference: Line(100_000).default(""),
  by: Line(100_000).default(""),
  late: z.string().trim().max(100_000).default(""),
  date: z.string().max(10).default(""),
  time: z.string().max(8).default(""),
});

/** What was just done, shown after the redirect; the address only picks one of these. */
const DONE: Readonly<Record<string, string>> = {
  texte: "Texte enregistré.",
  inchange: "Rien n'a changé.",
  valide: "Texte validé. Il n'est pas encore notifié : faites-le, puis notez-le ici.",
  notifie: "Notification notée.",
  motive: "Décision de ne pas notifier enregistrée, avec ses raisons.",
  complement: "Nouvelle version commencée : complétez-la.",
};

interface Trouble {
  status: number;
  /** Which form it is about. */
  form: "champs" | "valider" | "ne-pas-notifier" | "notifier" | "complement";
  message: string;
  typed?: Typed;
  given?: Record<string, unknown>;
}

/** The duties beside the declaration: side by side, and each with its text, its approval and its notification. */
export function dutiesPages(parts: {
  desk: Desk;
  clock: Clock;
  gate: Gate;
  prove: ProvePerson;
  publicUrl: string;
}): Router {
  const { desk, clock, gate, prove, publicUrl } = parts;
  const base = `/${desk.facility.id}`;
  const time = frenchTime(desk.facility.timeZone);
  const router = Router({ mergeParams: true });
  const hereOf = ({ incident }: Dossier) => `${base}/incidents/${encodeURIComponent(incident.id)}`;

  const packOf = (regime: string | undefined) => {
    const pack = desk.dutyPacks.get(regime ?? "");
    if (pack !== undefined) return pack;
    throw new PageError(404, { message: "Tocsin ne prépare aucun texte pour cette obligation." });
  };
  type Asked = Request<{ id: string; regime: string }>;

  const show = async (request: Asked, response: Response, dossier: Dossier, trouble?: Trouble) => {
    const person = personWho(response, "read");
    const pack = packOf(request.params.regime);
    const now = clock.now();
    const shown = dutyModel(dossier, desk, { pack, person, now, typed: trouble?.typed ?? new Map() });
    gate.render(request, response, {
      view: "duty-file",
      title: `${pack.title}, incident ${dossier.incident.reference}`,
      status: trouble?.status ?? 200,
      model: {
        ...shown,
        verdict: verdictOf(dossier),
        here: hereOf(dossier),
        at: `${hereOf(dossier)}/obligations/${pack.id}`,
        done: trouble === undefined ? pickedBy(request.query.fait, DONE) : null,
        trouble: trouble ?? null,
        given: trouble?.given ?? {},
        kept: trouble === undefined ? "" : lostOf(trouble, shown),
        newForm: desk.newForm(),
        me: person.name,
        today: time.date(now),
      },
    });
  };
  const refused = async (
    request: Asked,
    response: Response,
    { form, result, ...rest }: { form: Trouble["form"]; result: Refused; given?: object; typed?: Typed },
  ) => {
    const dossier = await dossierOf(desk, request.params.id);
    const status = result.code === "not_allowed" ? 403 : 409;
    const message = `Rien n'est enregistré : ${result.because}`;
    await show(request, response, dossier, { status, form, message, ...rest } as Trouble);
  };
  const done = (response: Response, dossier: Dossier, regime: string, what: string, place = "") =>
    response.redirect(303, `${hereOf(dossier)}/obligations/${regime}?fait=${what}${place}`);

  router.get("/incidents/:id/obligations", async (request, response) => {
    personWho(response, "read");
    const dossier = await dossierOf(desk, request.params.id);
    gate.render(request, response, {
      view: "duties",
      title: `Autres obligations, incident ${dossier.incident.reference}`,
      model: {
        verdict: verdictOf(dossier),
        here: hereOf(dossier),
        duties: dutyList(dossier, desk, clock.now()),
      },
    });
  });

  router.get("/incidents/:id/obligations/:regime", async (request: Asked, response) => {
    personWho(response, "read");
    await show(request, response, await dossierOf(desk, request.params.id));
  });

  router.post("/incidents/:id/obligations/:regime/champs", async (request: Asked, response) => {
    const person = personWho(response, "prepare_duty");
    const { regime } = request.params;
    const { version, sha256, section } = readForm(request, AmendForm);
    const typed = typedFields(bodyOf(request.body, packOf(regime)));
    const fields = touchedFields(typed);
    const dossier = await dossierOf(desk, request.params.id);
    const place = section === "" ? "" : `#sec-${encodeURIComponent(section)}`;
    if (fields.length === 0) return done(response, dossier, regime, "inchange", place);
    const text = { incident: dossier.incident.id, regime, version, sha256 };
    const result = await desk.amendDuty({ text, fields }, person);
    if (result.outcome === "refused") {
      const kept = new Map(
        fields.map(({ id, value, unknown }) => [id, { value: value ?? "", unknown }] as const),
      );
      return refused(request, response, { form: "champs", result, typed: kept });
    }
    done(response, dossier, regime, "texte", place);
  });

  for (const act of ["valider", "ne-pas-notifier"] as const)
    router.post(`/incidents/:id/obligations/:regime/${act}`, async (request: Asked, response) => {
      const person = personWho(response, "approve_duty");
      const { regime } = request.params;
      packOf(regime);
      if (!desk.mayApproveDuty(person, regime, clock.now())) throw new PageError(403);
      const form = readForm(request, DecideForm);
      const dossier = await dossierOf(desk, request.params.id);
      const { version, sha256, reason } = form;
      const text = { incident: dossier.incident.id, regime, version, sha256 };
      const proven = await prove(request, person, form, `obligation ${sha256}`);
      if (proven.outcome === "unproven") {
        const { message } = proven;
        return show(request, response, dossier, { status: 403, form: act, message, given: { reason } });
      }
      const result =
        act === "valider"
          ? await desk.approveDuty(text, proven.proof, person)
          : await desk.leaveUnnotified({ text, reason }, proven.proof, person);
      if (result.outcome === "refused")
        return refused(request, response, { form: act, result, given: { reason } });
      done(response, dossier, regime, act === "valider" ? "valide" : "motive");
    });

  router.post("/incidents/:id/obligations/:regime/notifier", async (request: Asked, response) => {
    const person = personWho(response, "prepare_duty");
    const { regime } = request.params;
    packOf(regime);
    const { form, version, date, time: hour, ...given } = readForm(request, NotifyForm);
    const dossier = await dossierOf(desk, request.params.id);
    const typed = { ...given, date, time: hour };
    const again = (message: string) =>
      show(request, response, dossier, { status: 422, form: "notifier", message, given: typed });
    const { files, trouble } = receivedWith(response);
    if (trouble !== null) return again(trouble);
    const at = typedInstant({ date, time: hour }, time, clock.now());
    if (typeof at === "string") return again(at);
    const told = { incident: dossier.incident.id, regime, version, ...given, at: at ?? clock.now() };
    const result = await desk.notifyDuty(told, files.length > 0 ? { form, files } : undefined, person);
    if (result.outcome === "refused")
      return refused(request, response, { form: "notifier", result, given: typed });
    done(response, dossier, regime, "notifie");
  });

  router.post("/incidents/:id/obligations/:regime/complement", async (request: Asked, response) => {
    const person = personWho(response, "prepare_duty");
    const { regime } = request.params;
    packOf(regime);
    const dossier = await dossierOf(desk, request.params.id);
    const result = await desk.nextDuty({ incident: dossier.incident.id, regime }, person);
    if (result.outcome === "refused") return refused(request, response, { form: "complement", result });
    done(response, dossier, regime, "complement");
  });

  /** The current version, or the one that an address names: `?version=2`. */
  const versionOf = async (request: Asked) => {
    const dossier = await dossierOf(desk, request.params.id);
    const pack = packOf(request.params.regime);
    const files = dossier.duties.filter(({ regime }) => regime === pack.id);
    const { version } = request.query;
    const file =
      version === undefined ? files.at(-1) : files.find((each) => String(each.version) === version);
    if (file === undefined)
      throw new PageError(404, { message: "Cette version du texte n'existe pas pour cet incident." });
    return { dossier, pack, file, content: dutyContentOf(file) };
  };
  const fileName = (content: { exercise: boolean; reference: string }, regime: string, file: DutyFile) =>
    `${content.exercise ? "EXERCICE-" : ""}${content.reference}-${regime}-v${file.version}`.replace(
      /[^A-Za-z0-9.-]/g,
      "_",
    );

  router.get("/incidents/:id/obligations/:regime/texte.pdf", async (request: Asked, response) => {
    personWho(response, "read");
    const { dossier, pack, file, content } = await versionOf(request);
    if (content.text.length > PAPER_LIMIT)
      throw new PageError(413, {
        message: "Ce texte est trop long pour être mis en PDF.",
        remedy: "Prenez-le en JSON.",
      });
    const now = clock.now();
    const { decision } = file;
    const state = file.state === "draft" ? "PROJET" : DUTY_STATES[file.state].toUpperCase();
    const pdf = await declarationPdf({
      declaration: file,
      content,
      title: `${pack.title} ${content.reference}, version ${content.version}`,
      notice: pack.form.notice,
      state: content.exercise ? `EXERCICE : ${state}` : state,
      decision:
        decision === undefined
          ? null
          : `${decision.reason === null ? "validé" : "non notifié"} par ${decision.by.name}, ${time.when(decision.at, now)}`,
      address: new URL(`${hereOf(dossier)}/obligations/${pack.id}`, publicUrl).href,
      made: now,
      time: (instant) => time.when(instant),
    });
    response
      .type("application/pdf")
      .setHeader("Content-Disposition", `inline; filename="${fileName(content, pack.id, file)}.pdf"`)
      .setHeader("X-Content-Type-Options", "nosniff")
      .send(pdf);
  });

  router.get("/incidents/:id/obligations/:regime/texte.json", async (request: Asked, response) => {
    personWho(response, "read");
    const { pack, file, content } = await versionOf(request);
    const { canonical: _, ...life } = file;
    response
      .type("application/json")
      .setHeader("Content-Disposition", `attachment; filename="${fileName(content, pack.id, file)}.json"`)
      .setHeader("X-Content-Type-Options", "nosniff")
      .send(`${JSON.stringify({ file: life, content }, null, 2)}\n`);
  });

  return router;
}

/** What a person typed in a form that is no longer on the page: someone else decided meanwhile. */
function lostOf(
  { form, typed = new Map(), given = {} }: Trouble,
  shown: Pick<ReturnType<typeof dutyModel>, "editable" | "mayApprove" | "toNotify">,
): string {
  const { reason = "", where = "", reference = "", late = "" } = given as Record<string, string>;
  if (form === "champs" && !shown.editable) return [...typed.values()].map(({ value }) => value).join("\n");
  if (form === "ne-pas-notifier" && !shown.mayApprove) return reason;
  if (form === "notifier" && shown.toNotify === null)
    return [where, reference, late].filter(Boolean).join("\n");
  return "";
}

/** What was typed: several boxes of one list as one value, and nothing chosen as "inconnu à ce stade". */
function bodyOf(given: Record<string, unknown>, pack: DutyRegime): Record<string, unknown> {
  const body = { ...given };
  for (const { id, choices } of pack.form.sections.flatMap(({ fields }) => fields)) {
    if (body[`m.${id}`] === undefined) continue;
    const value = body[`v.${id}`];
    const text = Array.isArray(value) ? value.filter((each) => each !== "").join("; ") : value;
    body[`v.${id}`] = text;
    // Whoever writes something knows it: the box that was ticked before counts no more.
    if (typeof text === "string" && text.trim() !== "") delete body[`u.${id}`];
    else if (choices !== undefined) body[`u.${id}`] = "on";
  }
  return body;
}
