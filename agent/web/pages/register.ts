import { setImmediate } from "node:timers/promises";
import { type Request, Router } from "express";
import type { System } from "../../core/asset.ts";
import { type Clock, MICROSECONDS } from "../../core/clock.ts";
import { INCIDENT_STATES } from "../../core/incident.ts";
import type { Masks } from "../../core/masked.ts";
import { type Account, mayAct } from "../../core/person.ts";
import { VERDICTS } from "../../core/qualification.ts";
import type { Desk } from "../../stages/desk/desk.ts";
import { duration } from "../../stages/french.ts";
import { type Year, yearIn } from "../../stages/register/calendar.ts";
import {
  asExercise,
  eachRegisterLine,
  type RegisterLine,
  registerCsv,
  registerJson,
} from "../../stages/register/export-register.ts";
import { DELAYS, type DelayKind, figuresInTurn, inYear } from "../../stages/register/figures.ts";
import { findInTurn } from "../../stages/register/find-entries.ts";
import type { Register } from "../../stages/register/open-register.ts";
import { outsideLines } from "../../stages/register/outside-lines.ts";
import type { Store } from "../../store/store.ts";
import { frenchTime } from "../french-time.ts";
import { type Gate, personWho } from "../gate.ts";
import { PageError } from "../page-error.ts";
import { sendRows } from "../send-rows.ts";
import { drawFigures, drawKey, MONTHS, SERIES } from "./draw-figures.ts";
import { dutiesOf } from "./incidents.ts";
import { pageOf } from "./page-of.ts";
import { queryOf, SoughtQuery, soughtOf } from "./sought.ts";

const PAGE = 100;

/** What the pages of the register are made with. */
export interface RegisterPageParts {
  desk: Desk;
  store: Store;
  clock: Clock;
  gate: Gate;
  register: Register;
  systems: readonly Pick<System, "id" | "name">[];
  masks: Masks;
}

/** The year that an address names, else the one that runs in the facility's zone. */
export function yearAsked(
  request: Request,
  { desk, clock }: Pick<RegisterPageParts, "desk" | "clock">,
): Year {
  const zone = desk.facility.timeZone;
  const running = Number(frenchTime(zone).date(clock.now()).slice(0, 4));
  const { annee } = request.query;
  const asked = typeof annee === "string" && /^\d{4}$/.test(annee) ? Number(annee) : running;
  const year = yearIn(asked, zone) ?? yearIn(running, zone);
  if (year === undefined) throw new PageError(404);
  return year;
}

/** Waits for nothing: while the register is first read, the person is told to come back in a moment. */
export async function freshRegister(register: Register): Promise<void> {
  const { behind, done } = await register.refresh();
  if (!behind) return;
  throw new PageError(503, {
    title: `Tocsin relit ses dossiers (${Math.floor(done * 100)} %)`,
    message: "Il vient de démarrer : le registre sera là dans quelques secondes.",
    remedy: "Rechargez la page. Ce qui attend une décision est déjà dans la liste des incidents.",
  });
}

/** What a file of a register is called: one of an exercise says so before it is opened. */
export function downloadNamed(name: string, { mode }: Pick<Desk, "mode">): string {
  return `attachment; filename="${mode === "exercise" ? "EXERCICE-" : ""}${name}"`;
}

/** Who took a register away is in the journal before it leaves. */
export async function noteExport(
  { desk, store, clock }: Pick<RegisterPageParts, "desk" | "store" | "clock">,
  person: Account,
  content: object,
): Promise<void> {
  const note = { account: person.id, name: person.name, ...content };
  const writes = [{ write: "note", what: "register_exported", incident: null, content: note } as const];
  await store.commit({ facility: desk.facility.id, at: clock.now(), writes });
}

/** "Registre": every incident and declaration of a year, its figures, and the way out of it all as a file. */
export function registerPage(parts: RegisterPageParts): Router {
  const { desk, clock, gate, register, systems, masks } = parts;
  const facility = desk.facility.id;
  const names = new Map(systems.map(({ id, name }) => [id, name]));
  const time = frenchTime(desk.facility.timeZone);
  const router = Router({ mergeParams: true });

  const marked = (lines: Iterable<RegisterLine>) => (desk.mode === "exercise" ? asExercise(lines) : lines);

  /** What of a year fits what is asked; what was declared outside has no state and no evaluation. */
  async function foundOf(year: Year, query: SoughtQuery, person: Account) {
    const { du: _from, au: _to, ...within } = query;
    const sought = {
      ...soughtOf({ ...within, du: "", au: "" }, time, person),
      from: year.from,
      before: year.to,
    };
    const { etat, avis, declare, qui, obligation, systeme, q } = query;
    const words = q.toLowerCase();
    const withOutside = etat === "" && avis === "" && declare !== "non" && qui === "";
    const outside = register.outside().filter(({ revisions }) => {
      const last = revisions.at(-1);
      if (last === undefined || !withOutside || !inYear(year, last.occurred ?? last.declared)) return false;
      if (obligation !== "" && last.regime !== obligation) return false;
      if (systeme !== "" && !last.systems.includes(systeme)) return false;
      return `${last.what} ${last.where} ${last.reference} ${last.by}`.toLowerCase().includes(words);
    });
    const told = masks.every(outside, { incident: null });
    return { found: await findInTurn(register.entries(), sought), told };
  }

  router.get("/registre", async (request, response) => {
    const person = personWho(response, "read");
    await freshRegister(register);
    const year = yearAsked(request, parts);
    const query = SoughtQuery.parse(request.query);
    const { found, told } = await foundOf(year, query, person);
    await setImmediate();
    const count = found.length + told.length;
    const { page, pages, from, to } = pageOf(request.query.page, count, PAGE);
    const lines = [...marked(eachRegisterLine(found, told, names, { from, to }))];
    await setImmediate();
    const figures = await figuresInTurn({ year, entries: register.entries(), outside: register.outside() });
    await setImmediate();
    const isSought = Object.values(query).some((each) => each !== "");
    gate.render(request, response, {
      view: "register",
      title: `Registre ${year.year}`,
      model: {
        year: year.year,
        thisYear: Number(time.date(clock.now()).slice(0, 4)),
        query,
        isSought,
        asked: queryOf(query, { annee: String(year.year) }),
        pageAt: (each: number) => queryOf(query, { annee: String(year.year), page: String(each) }),
        lines,
        found: count,
        page,
        pages,
        figure: drawFigures(figures),
        series: SERIES.map(({ id, label }) => ({
          label,
          key: drawKey(id),
          months: figures.months.map((month) => month[id]),
          total: figures.total[id],
        })),
        months: MONTHS,
        delays: (Object.keys(DELAYS) as DelayKind[]).map((kind) => {
          const { count, median, longest } = figures.delays[kind];
          const told = (delay: number | null) =>
            delay === null ? "–" : delay < MICROSECONDS.minute ? "moins d’une minute" : duration(delay);
          return { label: DELAYS[kind], count, median: told(median), longest: told(longest) };
        }),
        states: INCIDENT_STATES,
        verdicts: VERDICTS,
        systems,
        duties: dutiesOf(register),
        done: request.query.fait,
        mayWrite: mayAct(person, "edit"),
      },
    });
  });

  router.get("/registre/export.:format", async (request, response) => {
    const person = personWho(response, "read");
    const { format } = request.params;
    if (format !== "csv" && format !== "json") throw new PageError(404);
    await freshRegister(register);
    const year = yearAsked(request, parts);
    const { found, told } = await foundOf(year, SoughtQuery.parse(request.query), person);
    const count = found.length + outsideLines(told).length;
    await noteExport(parts, person, { year: year.year, format, lines: count });
    await setImmediate();
    response.setHeader("X-Content-Type-Options", "nosniff");
    response.setHeader(
      "Content-Disposition",
      downloadNamed(`registre-${facility}-${year.year}.${format}`, desk),
    );
    const lines = marked(eachRegisterLine(found, told, names));
    const bom = request.query.bom !== undefined;
    response.type(format === "json" ? "json" : "text/csv; charset=utf-8");
    const rows = format === "json" ? registerJson(lines) : registerCsv(lines, { bom });
    await sendRows(response, rows);
  });

  return router;
}
