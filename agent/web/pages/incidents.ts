import { setImmediate } from "node:timers/promises";
import { type Request, type Response, Router } from "express";
import type { System } from "../../core/asset.ts";
import type { Clock, Instant } from "../../core/clock.ts";
import { INCIDENT_STATES, type Incident } from "../../core/incident.ts";
import { MUTE_KINDS } from "../../core/mute.ts";
import { type Account, mayAct } from "../../core/person.ts";
import { VERDICTS } from "../../core/qualification.ts";
import type { Desk } from "../../stages/desk/desk.ts";
import { monthName } from "../../stages/french.ts";
import { findInTurn, nextDeadline } from "../../stages/register/find-entries.ts";
import type { Register } from "../../stages/register/open-register.ts";
import { frenchTime } from "../french-time.ts";
import type { Gate } from "../gate.ts";
import { personWho } from "../gate.ts";
import { queryOf, SoughtQuery, soughtOf } from "./sought.ts";
import { headAndRest, headlineOf, stateBeside, toneOf } from "./verdict.ts";

type State = Incident["state"];
type Listed = Awaited<ReturnType<Desk["incidents"]>>[number];

const PAGE = 50;

/** What the list shows without a filter: first what waits for a person, then what runs, then what is only watched. */
const GROUPS: readonly { title: string; states: readonly State[]; first: boolean }[] = [
  { title: "À faire maintenant", states: ["in_review", "approved"], first: true },
  { title: "En cours", states: ["open", "declared", "facts_ended"], first: false },
  { title: "À surveiller", states: ["candidate"], first: false },
];

/** States in which a clock that runs is still somebody's task. */
const TIMED: ReadonlySet<State> = new Set(["open", "in_review", "approved", "declared", "facts_ended"]);

/** The list of incidents: what needs a decision first; filters, a search, pages. */
export function incidentsPage(parts: {
  desk: Desk;
  gate: Gate;
  clock: Clock;
  register: Register;
  systems: readonly Pick<System, "id" | "name">[];
}): Router {
  const { desk, gate, clock, register, systems } = parts;
  const names = new Map(systems.map((each) => [each.id, each.name]));
  const time = frenchTime(desk.facility.timeZone);
  const router = Router({ mergeParams: true });

  const titleOf = (regime: string) =>
    dutiesOf(register).find((each) => each.regime === regime)?.title ?? regime;
  const row = ({ incident, sentence, muted, deadlines }: Listed) => {
    const told = headAndRest(headlineOf(incident, sentence, muted));
    return {
      // Told by the headline when it holds a criterion back.
      muted: muted !== null && muted.otherwise === null ? muted.line : null,
      id: incident.id,
      reference: incident.reference,
      state: incident.state,
      label: stateBeside(incident.state, told.sentence),
      tone: muted?.otherwise != null ? "ask" : toneOf(incident.state, undefined),
      ...told,
      occurred: incident.occurred,
      alerts: incident.alerts,
      systems: incident.systems.map((each) => names.get(each) ?? each),
      clock: TIMED.has(incident.state) ? clockOf(deadlines, clock.now(), titleOf) : null,
    };
  };

  /** The groups without a filter: read straight from the record, however far the register is. */
  async function groupsNow() {
    const groups = [];
    // One after the other: read together, they would hold up all that is asked meanwhile.
    for (const group of GROUPS) {
      const found = await desk.incidents({ states: [...group.states], limit: PAGE + 1 });
      const rows = found.slice(0, PAGE).map(row);
      if (group.first) rows.sort((a, b) => (a.clock?.at ?? Infinity) - (b.clock?.at ?? Infinity));
      const more = found.length > PAGE;
      groups.push({ ...group, rows, tally: tallyOf(rows.length, more), more });
      await setImmediate();
    }
    return groups;
  }

  /** One page of one state, of which the record has an order. */
  async function pageOfState(state: State, after: string | undefined) {
    const page = { states: [state], limit: PAGE + 1 };
    const next = after === undefined ? [] : await desk.incidents({ ...page, after });
    // A place that is on no list is the beginning: "none in this state" would be false.
    const found = next.length > 0 ? next : await desk.incidents(page);
    const rows = found.slice(0, PAGE).map(row);
    const tally = tallyOf(rows.length, found.length > PAGE);
    return { rows, tally, next: found.length > PAGE ? (rows.at(-1)?.id ?? null) : null };
  }

  /** One page of what fits; undefined while the register is still being read. */
  async function pageOfFound(query: SoughtQuery, after: string | undefined, person: Account) {
    const { behind, done } = await register.refresh();
    if (behind) return { behind: Math.floor(done * 100) };
    const found = await findInTurn(register.entries(), soughtOf(query, time, person));
    const from = after === undefined ? 0 : found.findIndex(({ incident }) => incident.id === after) + 1;
    const ids = found.slice(from, from + PAGE).map(({ incident }) => incident.id);
    const rows = (await desk.incidents({ ids, limit: PAGE })).map(row);
    return {
      rows,
      tally: String(found.length),
      next: from + PAGE < found.length ? (ids.at(-1) ?? null) : null,
    };
  }

  router.get("/incidents/version", async (_request: Request, response: Response) => {
    personWho(response, "read");
    await register.refresh();
    response.json({ version: register.version() });
  });

  router.get("/incidents", async (request: Request, response: Response) => {
    const person = personWho(response, "read");
    const query = SoughtQuery.parse(request.query);
    const { apres } = request.query;
    const after = typeof apres === "string" && apres !== "" ? apres : undefined;
    const { etat, ...others } = query;
    const isSought = Object.values(others).some((each) => each !== "");
    const page = isSought
      ? await pageOfFound(query, after, person)
      : etat === ""
        ? undefined
        : await pageOfState(etat, after);
    const groups = page === undefined ? await groupsNow() : [];
    const months = page === undefined && mayAct(person, "sign_off") ? await desk.unsignedMonths() : [];
    await setImmediate();
    const found = page !== undefined && "rows" in page ? page : null;
    const next = found?.next ?? null;
    gate.render(request, response, {
      view: "incidents",
      title: "Incidents",
      model: {
        query,
        isSought,
        found,
        behind: page !== undefined && "behind" in page ? page.behind : null,
        groups: groups.filter((list) => list.rows.length > 0),
        waiting: groups.filter((list) => list.first).reduce((sum, list) => sum + list.rows.length, 0),
        here: queryOf(query, { apres: after ?? "" }),
        next: next === null ? null : queryOf(query, { apres: next }),
        states: INCIDENT_STATES,
        verdicts: VERDICTS,
        systems,
        duties: dutiesOf(register),
        version: register.version(),
        mutes: desk
          .mutes()
          .filter(({ phase }) => phase === "now")
          .map(({ mute, covers, until }) => ({
            label: MUTE_KINDS[mute.kind],
            author: mute.author.name,
            covers,
            until,
          })),
        unsigned: months.map((month) => ({ month, name: monthName(month) })),
        // Whose task it is reads it first; nobody else is kept from what waits for a decision.
        unsignedFirst: person.role === "rssi",
        mayReport: mayAct(person, "answer"),
      },
    });
  });

  return router;
}

function tallyOf(count: number, more: boolean): string {
  return `${count}${more ? "+" : ""}`;
}

/** The clock that runs out next: when, under which duty, and whether it has run out. */
function clockOf(deadlines: Listed["deadlines"], now: Instant, titleOf: (regime: string) => string) {
  const next = nextDeadline(deadlines);
  if (next === undefined) return null;
  const { due, label, regime, started } = next;
  return { at: due ?? started, due, started, label, duty: titleOf(regime), late: due !== null && due < now };
}

/** The duties that were evaluated, by law pack: what the list can be filtered by. */
export function dutiesOf(register: Register): { regime: string; title: string }[] {
  const titles = new Map<string, string>();
  for (const { duties } of register.entries().slice(0, 200))
    for (const { regime, title } of duties) if (!titles.has(regime)) titles.set(regime, title);
  return [...titles]
    .map(([regime, title]) => ({ regime, title }))
    .sort((a, b) => (a.title < b.title ? -1 : 1));
}
