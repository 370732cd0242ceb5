import { underDefenceSecret } from "../../core/fact.ts";
import type { Regrouping } from "../../core/grouping.ts";
import { INCIDENT_STATES, type Incident } from "../../core/incident.ts";
import { mayAct } from "../../core/person.ts";
import type { Store } from "../../store/store.ts";
import { breather } from "../breather.ts";
import { areApart } from "../correlate.ts";
import { divideWork } from "../grouping/divide-work.ts";
import { isDecided } from "../grouping/grouping.ts";
import { mergeWorks, record } from "../grouping/merge-works.ts";
import { type Arrival, readTraits } from "../grouping/read-traits.ts";
import { unionOf } from "../grouping/state-facts.ts";
import { MOST_REREAD } from "../grouping/take-apart.ts";
import { undoMerge, undoSplit } from "../grouping/undo-regrouping.ts";
import { type Actor, badReason, type Refused, refuse } from "../person-act.ts";
import type { Pipeline, Regrouper } from "../pipeline.ts";
import type { Setup, Work } from "../work.ts";
import type { RegroupDesk } from "./desk.ts";
import { NOT_ALLOWED } from "./facts-desk.ts";

/** What may change two incidents that a person brings together or takes apart. */
const RIGHT = "edit";

/** Builds the part of the desk where people bring incidents together and take them apart. */
export function regroupDesk(parts: {
  store: Store;
  pipeline: Pipeline;
  setup: Setup;
  planned: () => void;
}): RegroupDesk {
  const { store, pipeline, setup } = parts;

  /** Id of an incident that a person names by its reference or its id. */
  async function named(text: string): Promise<string> {
    const reference = text.trim();
    return (await store.reads.incidentNamed(setup.facility.id, reference)) ?? reference;
  }

  async function regroup<T extends { outcome: string }>(
    incidents: readonly string[],
    { reason, actor }: { reason: string; actor: Actor },
    act: (works: Work[], tools: Regrouper) => Promise<T | Refused> | T | Refused,
  ): Promise<T | Refused> {
    if (!mayAct(actor, RIGHT)) return NOT_ALLOWED;
    const wrong = badReason(reason);
    if (wrong !== undefined) return wrong;
    const done = await pipeline.regroup<T | Refused>(
      incidents,
      async (works, tools) => {
        if (works.some(({ facts }) => underDefenceSecret(facts)))
          return refuse(
            "defence_secret",
            "Un de ces dossiers est couvert par le secret de la défense nationale.",
          );
        const result = await act(works, tools);
        if (result.outcome !== "refused")
          for (const work of works)
            work.incident = { ...work.incident, found: work.incident.found ?? tools.now };
        return result;
      },
      ({ outcome }) => outcome !== "refused",
    );
    parts.planned();
    return done ?? refuse("unknown_incident", "Aucun incident ne porte cette référence.");
  }

  const signed = (reason: string, actor: Actor, { now, seq }: Regrouper) => ({
    id: setup.newId(),
    by: { account: actor.id, name: actor.name },
    because: reason,
    now,
    seq,
  });

  return {
    async merge({ incident, other, reason: given }, actor) {
      const reason = given.trim();
      const ids = [incident, await named(other)];
      return regroup(ids, { reason, actor }, ([into, from], tools) => {
        if (into === undefined || from === undefined)
          return refuse("same_incident", "C'est le même incident.");
        const wrong = unfitMerge(into, from);
        if (wrong !== undefined) return wrong;
        into.incident = without(into.incident, from.incident.id);
        from.incident = without(from.incident, into.incident.id);
        mergeWorks(into, from, signed(reason, actor, tools));
        // It was not decided on what came with the other.
        if (into.incident.state === "set_aside")
          into.incident = {
            ...into.incident,
            state: "open",
            because: `${from.incident.reference} lui est réuni.`,
          };
        tools.merged(from, into);
        return { outcome: "merged" as const, incident: into.incident.id };
      });
    },

    async keepApart({ incident, other, reason: given }, actor) {
      const reason = given.trim();
      const ids = [incident, await named(other)];
      return regroup(ids, { reason, actor }, (works, { now }) => {
        const [one, two] = works;
        if (one === undefined || two === undefined) return refuse("same_incident", "C'est le même incident.");
        if (areApart(one, two)) return refuse("already_apart", "C'est déjà dit.");
        putApart(works);
        const content = { others: [two.incident.id], account: actor.id, name: actor.name, reason, at: now };
        one.beside.push({ write: "note", what: "kept_apart", incident: one.incident.id, content });
        return { outcome: "apart" as const };
      });
    },

    split({ incident, picks, reason: given }, actor) {
      const reason = given.trim();
      return regroup([incident], { reason, actor }, async (works, tools) => {
        const [work] = works;
        if (work === undefined || work.incident.state === "merged" || work.incident.state === "closed")
          return refuse("not_running", "Cet incident est clos ou réuni à un autre : il ne se sépare pas.");
        const arrivals = await tools.arrivals(work.incident.id);
        if (arrivals === undefined) return refuse("too_many", TOO_LARGE);
        const chosen = new Set(picks);
        const [kept, taken]: [Arrival[], Arrival[]] = [[], []];
        const breathe = breather();
        for (const each of arrivals) {
          (picked(each, chosen, setup) ? taken : kept).push(each);
          await breathe();
        }
        if (kept.length === 0 || taken.length === 0)
          return refuse(
            "nothing_to_split",
            taken.length === 0
              ? "Rien de cet incident ne correspond à ce choix."
              : "Il ne resterait rien dans cet incident : choisissez moins.",
          );
        const before = { ...work, facts: [...work.facts] };
        const because = `Séparé de ${work.incident.reference} par ${actor.name} : ${reason}`;
        const made = await divideWork(work, [kept, taken], { setup, reference: tools.reference, because });
        record(work, [before], {
          ...signed(reason, actor, tools),
          kind: "split",
          made: made.slice(1).map((each) => each.incident.id),
        });
        putApart(made);
        works.push(...made.slice(1));
        await tools.retied(work, kept);
        for (const other of made.slice(1)) await tools.retied(other, taken);
        return { outcome: "split" as const, incident: made[1]?.incident.id ?? "" };
      });
    },

    async undoRegrouping({ incident, reason: given }, actor) {
      const reason = given.trim();
      if (!mayAct(actor, RIGHT)) return NOT_ALLOWED;
      const work = await pipeline.view(incident);
      const last = work && lastRegrouping(work);
      if (last === undefined) return refuse("nothing_to_undo", "Il n'y a rien à annuler.");
      const others = last.kind === "merge" ? last.before.slice(1).map((each) => each.incident.id) : last.made;
      return regroup([incident, ...others], { reason, actor }, async (works, tools) => {
        const [stays, ...rest] = works;
        if (stays === undefined || lastRegrouping(stays)?.id !== last.id)
          return refuse("nothing_to_undo", "Il n'y a rien à annuler.");
        const wrong = unfitUndo(last, works);
        if (wrong !== undefined) return wrong;
        const arrivals = await tools.arrivals(...works.map((each) => each.incident.id));
        if (arrivals === undefined) return refuse("too_many", TOO_LARGE);
        const undone = { at: tools.now, name: actor.name, reason };
        if (last.kind === "merge") await takeBack(stays, rest, { last, arrivals, tools });
        else {
          const since = new Map([[stays.incident.id, arrivals.filter(later(last.seq))]]);
          undoSplit(stays, rest, last, { since, setup });
          for (const other of rest) tools.merged(other, stays);
          await tools.retied(stays, arrivals);
        }
        stays.regroupings = stays.regroupings.map((each) =>
          each.id === last.id ? { ...each, state: "undone", undone } : each,
        );
        return { outcome: "undone" as const };
      });
    },
  };

  /** Gives each its detections back; what came since goes where it has most in common. */
  async function takeBack(
    stays: Work,
    others: readonly Work[],
    {
      last,
      arrivals,
      tools,
    }: { last: ReturnType<typeof lastRegrouping> & object; arrivals: readonly Arrival[]; tools: Regrouper },
  ): Promise<void> {
    const owner = new Map<number, Work>();
    for (const other of others)
      for (const seq of await tools.cameFrom(stays.incident.id, other.incident.id)) owner.set(seq, other);
    const names = new Map(
      last.before.map(({ incident }) => [
        incident.id,
        new Set(incident.entities.map(({ kind, value }) => `${kind}:${value}`)),
      ]),
    );
    const nearness = (work: Work, arrival: Arrival) =>
      readTraits(arrival, setup).entities.filter(({ kind, value }) =>
        names.get(work.incident.id)?.has(`${kind}:${value}`),
      ).length;
    const nearest = (arrival: Arrival) =>
      others.reduce(
        (best, other) => (nearness(other, arrival) > nearness(best, arrival) ? other : best),
        stays,
      );
    const own = Map.groupBy(
      arrivals,
      (each) => owner.get(each.detection.seq) ?? (later(last.seq)(each) ? nearest(each) : stays),
    );
    const since = new Map(
      [...own].map(([work, list]) => [
        work.incident.id,
        list.filter((each) => later(last.seq)(each) && !owner.has(each.detection.seq)),
      ]),
    );
    undoMerge(stays, others, last, { since, setup });
    await tools.retied(stays, own.get(stays) ?? []);
    for (const other of others) {
      const list = own.get(other) ?? [];
      const detections = list
        .flatMap((each) => [each, ...(each.base ?? [])])
        .map(({ detection }) => detection.seq);
      other.beside.push({ write: "join", incident: other.incident.id, detections });
      await tools.retied(other, list);
    }
  }
}

const TOO_LARGE = `Il y a plus de ${MOST_REREAD.toLocaleString("fr-FR")} alertes : elles ne peuvent être relues d'un coup pour dire lesquelles vont où. Ouvrez un incident à la main pour ce qui est autre, et dites-le distinct de celui-ci.`;

const later = (seq: number) => (arrival: Arrival) => arrival.detection.seq > seq;

function picked(arrival: Arrival, picks: ReadonlySet<string>, setup: Setup): boolean {
  if (picks.has(`alert:${arrival.alert.id}`)) return true;
  return readTraits(arrival, setup).entities.some(({ kind, value }) => picks.has(`${kind}:${value}`));
}

/** A person said that they are others. */
function putApart(works: readonly Work[]): void {
  for (const work of works) {
    const others = works.map((each) => each.incident.id).filter((id) => id !== work.incident.id);
    work.incident = {
      ...work.incident,
      apart: unionOf(work.incident.apart ?? [], others),
      linked: (work.incident.linked ?? []).filter(({ incident }) => !others.includes(incident)),
    };
  }
}

/** An incident that no longer stands apart from another. */
function without(incident: Incident, other: string): Incident {
  const linked = incident.linked?.some((each) => each.incident === other) === true;
  if (!linked && incident.apart?.includes(other) !== true) return incident;
  return {
    ...incident,
    apart: (incident.apart ?? []).filter((id) => id !== other),
    linked: (incident.linked ?? []).filter((each) => each.incident !== other),
  };
}

/** Why one incident cannot go into another; undefined when it can. */
export function unfitMerge(into: Work, other: Work): Refused | undefined {
  if (into.incident.id === other.incident.id) return refuse("same_incident", "C'est le même incident.");
  for (const { incident } of [into, other]) {
    if (incident.state === "merged" || incident.state === "closed")
      return refuse(
        "not_running",
        `L'incident ${incident.reference} est dans l'état « ${INCIDENT_STATES[incident.state]} » : il ne se réunit pas.`,
      );
  }
  if (isDecided(other) && other.incident.state !== "set_aside")
    return refuse(
      "decided",
      `Une décision est prise pour ${other.incident.reference} : ouvrez celui-là, et réunissez-lui l'autre.`,
    );
  return undefined;
}

/** The last merge or split that stands; undefined when there is none. */
export function lastRegrouping({ regroupings }: Pick<Work, "regroupings">): Regrouping | undefined {
  return regroupings.findLast(({ state }) => state === "stands");
}

/** Why it cannot be undone any more; undefined when it can. */
export function unfitUndo(regrouping: Regrouping, works: readonly Work[]): Refused | undefined {
  const since = works.find(
    ({ decisions, incident }) =>
      decisions.some(({ at }) => at > regrouping.at) || incident.state === "closed",
  );
  if (since !== undefined)
    return refuse("decided_since", `Depuis, une décision a été prise pour ${since.incident.reference}.`);
  const other = works
    .slice(1)
    .find(
      ({ incident, regroupings }) =>
        (regrouping.kind === "split" && incident.state === "merged") ||
        regroupings.some(({ state, at }) => state === "stands" && at > regrouping.at),
    );
  if (other === undefined) return undefined;
  return refuse(
    "regrouped_since",
    `Annulez d'abord ce qui a été fait depuis de ${other.incident.reference}.`,
  );
}
