import { Router } from "express";
import type { System } from "../../core/asset.ts";
import { MICROSECONDS } from "../../core/clock.ts";
import { DUTY_STATES } from "../../core/duty-file.ts";
import { INCIDENT_STATES } from "../../core/incident.ts";
import { duration, monthName } from "../../stages/french.ts";
import { DELAYS, type DelayKind } from "../../stages/register/figures.ts";
import { gatherReport } from "../../stages/register/gather-report.ts";
import type { YearReport } from "../../stages/register/year-report.ts";
import { personWho } from "../gate.ts";
import { drawFigures, drawKey, MONTHS, SERIES } from "./draw-figures.ts";
import { freshRegister, type RegisterPageParts, yearAsked } from "./register.ts";

/** Lines of a list on the page; the command line gives them all. */
const LISTED = 200;
/** How long a report is shown again while nothing changed. */
const KEPT = 10 * MICROSECONDS.second;

/** "Rapport de l'auditeur": what is to be verified of a year, each line with its entry in the journal. */
export function registerReportPage(parts: RegisterPageParts & { whole: readonly System[] }): Router {
  const { desk, store, clock, gate, register, masks } = parts;
  const router = Router({ mergeParams: true });
  /** The report made last: it says itself when it was made and how far the journal was read. */
  let last: { key: string; report: YearReport } | undefined;

  router.get("/registre/rapport", async (request, response) => {
    personWho(response, "read");
    await freshRegister(register);
    const year = yearAsked(request, parts);
    const key = `${year.year}/${register.version()}`;
    if (last?.key !== key || last.report.made < clock.now() - KEPT) {
      const report = await gatherReport({
        reads: store.reads,
        register,
        facility: desk.facility.id,
        systems: parts.whole,
        year,
        now: clock.now(),
      });
      last = { key, report };
    }
    const made = last.report;
    const { closings, changes, mutes, duties, ...told } = made;
    const cut = <T>(list: readonly T[]) => ({ count: list.length, rows: list.slice(0, LISTED) });
    // Texts of incidents came masked; what stands beside them did not.
    const beside = masks.every(
      {
        changes: cut(changes.toReversed()),
        mutes: cut(mutes),
        duties: duties.map(({ lines, ...duty }) => ({ ...duty, ...cut(lines) })),
      },
      { incident: null },
    );
    gate.render(request, response, {
      view: "register-report",
      title: `Rapport de l’auditeur ${year.year}`,
      model: {
        year: year.year,
        made: made.made,
        head: made.head,
        figure: drawFigures(made.figures),
        series: SERIES.map(({ id, label }) => ({
          label,
          key: drawKey(id),
          months: made.figures.months.map((month) => month[id]),
          total: made.figures.total[id],
        })),
        months: MONTHS,
        delayFigures: (Object.keys(DELAYS) as DelayKind[]).map((kind) => ({
          label: DELAYS[kind],
          ...made.figures.delays[kind],
        })),
        states: INCIDENT_STATES,
        dutyStates: DUTY_STATES,
        lasting: (delay: number | null) => (delay === null ? "–" : duration(delay)),
        setAside: cut(told.setAside),
        pending: cut(told.pending),
        otherDuties: cut(told.otherDuties),
        delays: cut(told.delays),
        noResolution: cut(told.noResolution),
        unreviewed: cut(told.unreviewed),
        lapsing: cut(told.lapsing),
        closings: closings.map((month) => ({ ...month, name: monthName(month.month), ...cut(month.lines) })),
        ...beside,
      },
    });
  });

  return router;
}
