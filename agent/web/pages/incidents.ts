import { type Request, type Response, Router } from "express";
import type { System } from "../../core/asset.ts";
import { INCIDENT_STATES, type Incident, IncidentState } from "../../core/incident.ts";
import { MUTE_KINDS } from "../../core/mute.ts";
import { mayAct } from "../../core/person.ts";
import type { Desk } from "../../stages/desk/desk.ts";
import { monthName } from "../../stages/french.ts";
import type { MutedView } from "../../stages/mute/tell-muted.ts";
import type { Gate } from "../gate.ts";
import { personWho } from "../gate.ts";
import { headAndRest, headlineOf, toneOf } from "./verdict.ts";

type State = Incident["state"];

const PAGE = 50;

/** What the list shows without a filter: first what waits for a person, then what runs, then what is only watched. */
const GROUPS: readonly { title: string; states: readonly State[]; first: boolean }[] = [
  { title: "À faire maintenant", states: ["in_review", "approved"], first: true },
  { title: "En cours", states: ["open", "declared", "facts_ended"], first: false },
  { title: "À surveiller", states: ["candidate"], first: false },
];

/** The list of incidents: what needs a decision first, a filter by state. */
export function incidentsPage(parts: {
  desk: Desk;
  gate: Gate;
  systems: readonly Pick<System, "id" | "name">[];
}): Router {
  const { desk, gate, systems } = parts;
  const names = new Map(systems.map((each) => [each.id, each.name]));
  const router = Router({ mergeParams: true });

  const row = ({
    incident,
    sentence,
    muted,
  }: {
    incident: Incident;
    sentence: string | null;
    muted: Pick<MutedView, "line" | "otherwise"> | null;
  }) => ({
    // Told by the headline when it holds a criterion back.
    muted: muted !== null && muted.otherwise === null ? muted.line : null,
    id: incident.id,
    reference: incident.reference,
    state: incident.state,
    label: INCIDENT_STATES[incident.state],
    tone: muted?.otherwise != null ? "ask" : toneOf(incident.state, undefined),
    ...headAndRest(headlineOf(incident, sentence, muted)),
    occurred: incident.occurred,
    alerts: incident.alerts,
    systems: incident.systems.map((each) => names.get(each) ?? each),
  });

  router.get("/incidents", async (request: Request, response: Response) => {
    const person = personWho(response, "read");
    const filter = IncidentState.safeParse(request.query.etat);
    const after =
      typeof request.query.apres === "string" && request.query.apres !== "" ? request.query.apres : undefined;
    const groups = filter.success
      ? [{ title: INCIDENT_STATES[filter.data], states: [filter.data], first: false }]
      : GROUPS;
    const lists = await Promise.all(
      groups.map(async (group) => {
        const page = { states: [...group.states], limit: PAGE + 1 };
        const next = filter.success && after !== undefined ? await desk.incidents({ ...page, after }) : [];
        // A place that is on no list is the beginning: "none in this state" would be false.
        const found = next.length > 0 ? next : await desk.incidents(page);
        const rows = found.slice(0, PAGE).map(row);
        const more = found.length > PAGE ? (rows.at(-1)?.id ?? null) : null;
        return { title: group.title, first: group.first, rows, more, states: group.states };
      }),
    );
    const months = !filter.success && mayAct(person, "sign_off") ? await desk.unsignedMonths() : [];
    const unsigned = months.map((month) => ({ month, name: monthName(month) }));
    gate.render(request, response, {
      view: "incidents",
      title: "Incidents",
      model: {
        groups: lists.filter((list) => list.rows.length > 0),
        waiting: lists.filter((list) => list.first).reduce((sum, list) => sum + list.rows.length, 0),
        filter: filter.success ? filter.data : null,
        states: INCIDENT_STATES,
        mutes: desk
          .mutes()
          .filter(({ phase }) => phase === "now")
          .map(({ mute, covers, until }) => ({
            label: MUTE_KINDS[mute.kind],
            author: mute.author.name,
            covers,
            until,
          })),
        unsigned,
        // Whose task it is reads it first; nobody else is kept from what waits for a decision.
        unsignedFirst: person.role === "rssi",
        mayReport: mayAct(person, "answer"),
      },
    });
  });

  return router;
}
