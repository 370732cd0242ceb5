import { type Response, Router } from "express";
import { z } from "zod";
import { mayAct } from "../../core/person.ts";
import type { Desk } from "../../stages/desk/desk.ts";
import type { OnCall } from "../../stages/roster/open-on-call.ts";
import { TEST_OUTCOMES } from "../../stages/roster/test-channel.ts";
import { readForm } from "../form.ts";
import { type Gate, personWho } from "../gate.ts";
import { PageError } from "../page-error.ts";
import { dossierOf } from "./incident.ts";

const TestForm = z.object({ channel: z.string().min(1).max(100) });
const SeenForm = z.object({});

/** Who a channel is for. */
const AUDIENCES: Readonly<Record<string, string>> = {
  on_call: "astreinte informatique",
  delegate: "personne déléguée",
  director: "direction",
  rssi: "RSSI",
};

/** "Astreinte": who is on call now and next, the ways to reach them with their test; and "J'ai vu". */
export function onCallPages(parts: { desk: Desk; onCall: OnCall; gate: Gate }): Router {
  const { desk, onCall, gate } = parts;
  const base = `/${desk.facility.id}`;
  const router = Router({ mergeParams: true });

  const show = async (
    request: Parameters<Gate["render"]>[0],
    response: Response,
    tested: { channel: string; good: boolean; told: string; status?: number } | null,
  ) => {
    const person = personWho(response, "read");
    const { rosters, channels, problems } = await onCall.view();
    gate.render(request, response, {
      view: "on-call",
      title: "Astreinte",
      status: tested?.status ?? 200,
      model: {
        rosters,
        channels: channels.map((channel) => ({
          ...channel,
          for: channel.for.map((role) => AUDIENCES[role] ?? role).join(", "),
        })),
        problems,
        tested,
        mayTest: mayAct(person, "mute"),
        action: `${base}/astreinte/essai`,
      },
    });
  };

  router.get("/astreinte", (request, response) => show(request, response, null));

  router.post("/astreinte/essai", async (request, response) => {
    const person = personWho(response, "mute");
    const { channel } = readForm(request, TestForm);
    const done = await onCall.test(channel, person);
    if (done.outcome === "refused")
      return show(request, response, { channel, good: false, told: done.because, status: 409 });
    const { outcome, because } = done.attempt;
    const told = `${TEST_OUTCOMES[outcome]} – ${because}`;
    await show(request, response, { channel, good: outcome === "delivered", told });
  });

  router.post("/incidents/:id/vu", async (request, response) => {
    const person = personWho(response, "answer");
    readForm(request, SeenForm);
    const { incident } = await dossierOf(desk, request.params.id);
    const done = await desk.acknowledge(incident.id, person);
    if (done.outcome === "refused") throw new PageError(409, { message: done.because });
    response.redirect(303, `${base}/incidents/${encodeURIComponent(incident.id)}?fait=vu#prevenus-titre`);
  });

  return router;
}
