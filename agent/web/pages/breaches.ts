import { setImmediate } from "node:timers/promises";
import { Router } from "express";
import { DUTY_STATES } from "../../core/duty-file.ts";
import { breather } from "../../stages/breather.ts";
import {
  type Breach,
  type BreachLine,
  breachCsv,
  breachesIn,
  breachJson,
  eachBreachLine,
} from "../../stages/duties/breach-register.ts";
import { frenchTime } from "../french-time.ts";
import { personWho } from "../gate.ts";
import { PageError } from "../page-error.ts";
import { sendRows } from "../send-rows.ts";
import { pageOf } from "./page-of.ts";
import { downloadNamed, freshRegister, noteExport, type RegisterPageParts } from "./register.ts";

/** Lines of a page: the text of each is read for it. */
const PAGE = 50;

/** The internal register of personal data breaches (RGPD, article 33 (5)), and its files. */
export function breachesPage(parts: Omit<RegisterPageParts, "systems">): Router {
  const { desk, store, clock, gate, register, masks } = parts;
  const facility = desk.facility.id;
  const time = frenchTime(desk.facility.timeZone);
  const router = Router({ mergeParams: true });
  const registers = new Set(
    [...desk.dutyPacks.values()].flatMap(({ id, register }) => (register ? [id] : [])),
  );
  async function* linesOf(breaches: readonly Breach[]) {
    for await (const line of eachBreachLine(store.reads, facility, breaches))
      yield masks.every(line, { incident: line.incident });
  }

  router.get("/registre/violations", async (request, response) => {
    personWho(response, "read");
    await freshRegister(register);
    const breaches = breachesIn(register.entries(), registers);
    const { page, pages, from, to } = pageOf(request.query.page, breaches.length, PAGE);
    const lines: BreachLine[] = [];
    const breathe = breather();
    for await (const line of linesOf(breaches.slice(from, to))) {
      lines.push(line);
      await breathe();
    }
    await setImmediate();
    gate.render(request, response, {
      view: "breaches",
      title: "Registre interne des violations",
      model: {
        ...{ lines, page, pages },
        found: breaches.length,
        words: DUTY_STATES,
      },
    });
  });

  router.get("/registre/violations.:format", async (request, response) => {
    const person = personWho(response, "read");
    const { format } = request.params;
    if (format !== "csv" && format !== "json") throw new PageError(404);
    await freshRegister(register);
    const breaches = breachesIn(register.entries(), registers);
    await noteExport(parts, person, { register: "violations", format, lines: breaches.length });
    response.setHeader("X-Content-Type-Options", "nosniff");
    const name = `violations-${facility}-${time.date(clock.now())}.${format}`;
    response.setHeader("Content-Disposition", downloadNamed(name, desk));
    response.type(format === "csv" ? "text/csv; charset=utf-8" : "json");
    await sendRows(response, (format === "csv" ? breachCsv : breachJson)(linesOf(breaches)));
  });

  return router;
}
