import { type Request, type Response, Router } from "express";
import { z } from "zod";
import type { OutsideDeclaration, OutsideStatement } from "../../core/outside-declaration.ts";
import { mayAct } from "../../core/person.ts";
import type { OutsideDesk } from "../../stages/register/outside-desk.ts";
import { Line, readForm } from "../form.ts";
import { frenchTime } from "../french-time.ts";
import { personWho } from "../gate.ts";
import { PageError } from "../page-error.ts";
import { dutiesOf } from "./incidents.ts";
import type { RegisterPageParts } from "./register.ts";

/** To whom a facility declares most often; anything else is written as it is. */
const WHERE = [
  "CERT Santé, portail des signalements",
  "CERT Santé, par téléphone",
  "CNIL, téléservice",
  "ANSSI",
  "ARS, point focal régional",
  "Plainte (police ou gendarmerie)",
] as const;

const OutsideForm = z.object({
  form: Line(40).default(""),
  revision: z.coerce.number().int().min(1).catch(1),
  declared_date: Line(10).default(""),
  declared_time: Line(5).default(""),
  occurred_date: Line(10).default(""),
  occurred_time: Line(5).default(""),
  systems: z
    .union([z.string(), z.array(z.string())])
    .transform((given) => [given].flat().slice(0, 50))
    .default([]),
  what: Line(4000).default(""),
  where: Line(200).default(""),
  reference: Line(100).default(""),
  by: Line(200).default(""),
  incident: Line(100).default(""),
  regime: Line(60).default(""),
  void: z.literal("oui").optional(),
  reason: Line(500).default(""),
});
type OutsideForm = z.infer<typeof OutsideForm>;
type Revision = OutsideDeclaration["revisions"][number];

const BAD_TIME = "Une date ou une heure n'est pas lisible, ou n'existe pas ce jour-là (changement d'heure).";
const NOTHING = "Rien n’est enregistré ; votre saisie est gardée ci-dessous.";

/** "Inscrire une déclaration faite hors de Tocsin", and how it is read and corrected. */
export function outsidePages(parts: RegisterPageParts & { outside: OutsideDesk }): Router {
  const { desk, store, clock, gate, register, systems, masks, outside } = parts;
  const facility = desk.facility.id;
  const base = `/${facility}/registre/hors-tocsin`;
  const time = frenchTime(desk.facility.timeZone);
  const router = Router({ mergeParams: true });

  interface Shown {
    typed: OutsideForm;
    /** What is corrected; undefined for a new one. */
    known?: { id: string; revision: number; revisions: readonly Revision[]; entry: number | null };
    trouble?: string;
    done?: string | undefined;
  }
  function show(request: Request, response: Response, { typed, known, trouble, done }: Shown): void {
    gate.render(request, response, {
      view: "register-outside",
      title: known === undefined ? "Déclaration faite hors de Tocsin" : "Déclaration hors de Tocsin",
      status: trouble === undefined ? 200 : 422,
      model: {
        action: known === undefined ? base : `${base}/${encodeURIComponent(known.id)}`,
        known: known && masks.every(known, { incident: null }),
        last: known === undefined ? null : masks.every(known.revisions.at(-1) ?? null, { incident: null }),
        typed,
        trouble: trouble ?? null,
        done: done ?? null,
        today: time.date(clock.now()),
        where: WHERE,
        systems,
        names: Object.fromEntries(systems.map(({ id, name }) => [id, name])),
        duties: dutiesOf(register),
        mayWrite: mayAct(response.locals.person, "edit"),
      },
    });
  }

  /** What was typed as a statement; a French sentence when it cannot be. */
  async function statementOf(typed: OutsideForm): Promise<OutsideStatement | string> {
    // A day without its hour: noon, or now when that is to come; an incident began with its day.
    const noon = typed.declared_time === "" ? time.instantOf(typed.declared_date, "12:00") : undefined;
    const isToday = typed.declared_date === time.date(clock.now());
    const declared =
      noon === undefined
        ? time.instantOf(typed.declared_date, typed.declared_time)
        : isToday
          ? Math.min(noon, clock.now())
          : noon;
    const occurred =
      typed.occurred_date === "" ? null : time.instantOf(typed.occurred_date, typed.occurred_time || "00:00");
    if (declared === undefined || occurred === undefined) return BAD_TIME;
    let incident: string | null = null;
    if (typed.incident !== "") {
      incident = (await store.reads.incidentNamed(facility, typed.incident)) ?? null;
      if (incident === null) return "Aucun incident ne porte cette référence (par exemple 2026-0007).";
    }
    const { what, where, reference, by, regime } = typed;
    const named = { what, where, reference, by, regime: regime === "" ? null : regime };
    return { ...named, declared, occurred, systems: typed.systems, incident };
  }

  async function known(id: string) {
    const stored = await store.reads.record(facility, "outside_declaration", id);
    if (stored === undefined) throw new PageError(404);
    await register.refresh();
    const entry = register.outside().find((each) => each.id === id)?.entry ?? null;
    return { id, revision: stored.revision, revisions: stored.content.revisions, entry };
  }

  router.get("/registre/hors-tocsin", async (request, response) => {
    const person = personWho(response, "edit");
    await register.refresh();
    const typed = OutsideForm.parse({
      form: desk.newForm(),
      declared_date: time.date(clock.now()),
      by: person.name,
    });
    show(request, response, { typed });
  });

  router.post("/registre/hors-tocsin", async (request, response) => {
    const person = personWho(response, "edit");
    const typed = readForm(request, OutsideForm);
    const statement = await statementOf(typed);
    if (typeof statement === "string")
      return show(request, response, { typed, trouble: `${statement} ${NOTHING}` });
    const done = await outside.record({ form: typed.form, statement }, person);
    if (done.outcome === "refused")
      return show(request, response, { typed, trouble: `${done.because} ${NOTHING}` });
    response.redirect(303, `${base}/${encodeURIComponent(done.id)}?fait=inscrit`);
  });

  router.get("/registre/hors-tocsin/:id", async (request, response) => {
    personWho(response, "read");
    const found = await known(request.params.id);
    const typed = await formOf(found.revisions.at(-1) as Revision);
    const { fait } = request.query;
    show(request, response, { typed, known: found, done: typeof fait === "string" ? fait : undefined });
  });

  router.post("/registre/hors-tocsin/:id", async (request, response) => {
    const person = personWho(response, "edit");
    const typed = readForm(request, OutsideForm);
    const found = await known(request.params.id);
    const statement = await statementOf(typed);
    if (typeof statement === "string")
      return show(request, response, { typed, known: found, trouble: `${statement} ${NOTHING}` });
    const correction = { id: found.id, revision: typed.revision, statement, reason: typed.reason };
    const done = await outside.correct({ ...correction, void: typed.void === "oui" }, person);
    if (done.outcome === "refused")
      return show(request, response, { typed, known: found, trouble: `${done.because} ${NOTHING}` });
    response.redirect(303, `${base}/${encodeURIComponent(found.id)}?fait=corrige`);
  });

  async function formOf(revision: Revision): Promise<OutsideForm> {
    const { declared, occurred, incident, regime, systems, what, where, reference, by } = revision;
    const linked = incident === null ? undefined : await store.reads.record(facility, "incident", incident);
    return OutsideForm.parse({
      ...{ systems, what, where, reference, by },
      declared_date: time.date(declared),
      declared_time: time.time(declared),
      occurred_date: occurred === null ? "" : time.date(occurred),
      occurred_time: occurred === null ? "" : time.time(occurred),
      incident: linked?.content.reference ?? "",
      regime: regime ?? "",
      ...(revision.void ? { void: "oui" } : {}),
    });
  }

  return router;
}
