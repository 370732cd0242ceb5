import { Router } from "express";
import { INCIDENT_STATES } from "../../core/incident.ts";
import type { Desk } from "../../stages/desk/desk.ts";
import type { OnCall } from "../../stages/roster/open-on-call.ts";
import { type Gate, personWho } from "../gate.ts";

/** Rows of a list: what is more is counted. */
const MOST = 100;

/** "Relève": the last 24 hours, what is left to do, who is on call now and next. */
export function handoverPage(parts: { desk: Desk; onCall: OnCall; gate: Gate }): Router {
  const { desk, onCall, gate } = parts;
  const router = Router({ mergeParams: true });
  router.get("/releve", async (request, response) => {
    personWho(response, "read");
    const [{ since, fresh, unfinished, more }, { rosters, problems }] = await Promise.all([
      onCall.handover(),
      onCall.view(),
    ]);
    const ids = [...new Set([...unfinished, ...fresh].map(({ id }) => id))].slice(0, MOST * 2);
    const told = new Map(
      (await desk.incidents({ ids, limit: ids.length })).map(({ incident, sentence }) => [
        incident.id,
        { incident, sentence },
      ]),
    );
    // The desk says what may be shown of each.
    const row = ({ id }: { id: string }) => {
      const found = told.get(id);
      return found === undefined
        ? []
        : [{ ...found.incident, sentence: found.sentence, label: INCIDENT_STATES[found.incident.state] }];
    };
    const first = new Set(["in_review", "approved"]);
    const left = unfinished.toSorted((a, b) => Number(first.has(b.state)) - Number(first.has(a.state)));
    gate.render(request, response, {
      view: "handover",
      title: "Relève",
      model: {
        begun: since,
        fresh: fresh.slice(0, MOST).flatMap(row),
        unfinished: left.slice(0, MOST).flatMap(row),
        counts: { fresh: fresh.length, unfinished: unfinished.length, more },
        rosters,
        problems,
      },
    });
  });
  return router;
}
