import { Router } from "express";
import { z } from "zod";
import { mayAct } from "../../core/person.ts";
import type { Desk } from "../../stages/desk/desk.ts";
import { monthName, shiftMonth } from "../../stages/french.ts";
import { readForm } from "../form.ts";
import { type Gate, personWho } from "../gate.ts";
import { PageError } from "../page-error.ts";

const Month = z.string().regex(/^(19|20)\d\d-(0[1-9]|1[0-2])$/);
const SignForm = z.object({ month: Month, sha256: z.string().regex(/^[0-9a-f]{64}$/) });

/** "Clôtures automatiques": what was closed without a declaration, month by month, and who signed it. */
export function closingsPage(parts: { desk: Desk; gate: Gate }): Router {
  const { desk, gate } = parts;
  const base = `/${desk.facility.id}`;
  const router = Router({ mergeParams: true });

  router.get("/clotures", async (request, response) => {
    const person = personWho(response, "read");
    const asked = Month.safeParse(request.query.mois);
    const month = asked.success ? asked.data : desk.thisMonth();
    const { over, closings, sha256, signed } = await desk.closings(month);
    gate.render(request, response, {
      view: "closings",
      title: "Clôtures automatiques",
      model: {
        month,
        name: monthName(month),
        before: { month: shiftMonth(month, -1), name: monthName(shiftMonth(month, -1)) },
        after:
          month < desk.thisMonth()
            ? { month: shiftMonth(month, 1), name: monthName(shiftMonth(month, 1)) }
            : null,
        over,
        sha256,
        done: request.query.fait === "signe",
        machine: closings.filter(({ by }) => by === "machine"),
        people: closings.filter(({ by }) => by === "person"),
        signed: signed.map((each) => ({ ...each, current: each.sha256 === sha256 })),
        isSigned: signed.some((each) => each.sha256 === sha256),
        maySign: mayAct(person, "sign_off"),
      },
    });
  });

  router.post("/clotures", async (request, response) => {
    const person = personWho(response, "sign_off");
    const list = readForm(request, SignForm);
    const done = await desk.signOff(list, person);
    if (done.outcome === "refused")
      throw new PageError(409, { message: done.because, remedy: "Rouvrez la liste, puis relisez-la." });
    response.redirect(303, `${base}/clotures?mois=${list.month}&fait=signe`);
  });

  return router;
}
