import type { Guide } from "../../connectors/contract.ts";
import type { Regime } from "../../rules/regimes/regime.ts";
import type { Accompaniment } from "../core/accompaniment.ts";
import type { System } from "../core/asset.ts";
import type { Closing } from "../core/closing.ts";
import type { Deadline } from "../core/deadline.ts";
import type { Decision, DecisionStep } from "../core/decision.ts";
import { type Declaration, declarationKey } from "../core/declaration.ts";
import type { Delivery, DeliveryKind } from "../core/delivery.ts";
import { type DutyFile, dutyKey } from "../core/duty-file.ts";
import type { Effect } from "../core/effect.ts";
import { TocsinError } from "../core/errors.ts";
import type { Exchange } from "../core/exchange.ts";
import type { Fact } from "../core/fact.ts";
import type { Links, Regrouping } from "../core/grouping.ts";
import type { NewId } from "../core/id.ts";
import type { Incident } from "../core/incident.ts";
import type { Masks } from "../core/masked.ts";
import type { Partner } from "../core/partner.ts";
import type { Account } from "../core/person.ts";
import type { Qualification } from "../core/qualification.ts";
import type { Recommendation } from "../core/recommendation.ts";
import type { Calls, Dependency } from "../core/roster.ts";
import type { HeldOf, Reads, RecordKind, Records, Stored, TouchedRecord, Write } from "../store/store.ts";
import type { Locate } from "./locate.ts";
import type { Mutes } from "./mute/mutes.ts";
import type { Outages } from "./mute/outages.ts";

/** A way out, as the stages know it. */
export interface WayOut {
  id: string;
  reach: "assisted" | "exercise" | "authority";
  /** (Default: `declaration`.) */
  kind?: DeliveryKind | undefined;
  /** Only once electronic declaration was found impossible. */
  fallback?: boolean | undefined;
  /** Duties whose declaration it carries. (Default: the one that leads.) */
  duties?: readonly string[] | undefined;
  guide?: Guide | undefined;
}

/** What does not change from one incident to the next. */
export interface Setup {
  facility: {
    id: string;
    name: string;
    kind: string;
    finess_site?: string | undefined;
    finess_legal?: string | undefined;
    address: string;
    ars: string;
    time_zone: string;
    designations?: readonly ("ose" | "oiv")[] | undefined;
    cyber_insurance?: boolean | undefined;
    /** Contact point that the CNIL is given (RGPD, article 33). */
    dpo?: { name: string; email?: string | undefined; phone?: string | undefined } | undefined;
  };
  mode: "observe" | "exercise" | "live";
  systems: ReadonlyMap<string, System>;
  locate: Locate;
  /** Law packs enabled; `regimesOf` says which of them an incident falls under. */
  regimes: readonly Regime[];
  /** Ways to tell people, by the roles they are for. */
  notify: readonly {
    id: string;
    for: readonly ("on_call" | "delegate" | "director" | "rssi" | "dpo")[];
    /** What it cannot do without. */
    depends_on?: readonly Dependency[] | undefined;
    /** The contact of a person that it reaches; absent for a channel with a target of its own. */
    reaches?: "email" | "phone" | undefined;
    /** True when a voice says what it tells: it can give nobody a link. */
    speaks?: boolean | undefined;
  }[];
  /** When the morning's summary is sent, in the facility's zone; absent for none. */
  handover?: { at: string } | undefined;
  /** How people on call are called; absent without a roster. */
  calls?: Calls | undefined;
  /** Ways out, in order: rungs of one ladder for each kind. */
  outbound: readonly WayOut[];
  newId: NewId;
  /** Takes patients out of every text that leaves. */
  masks: Masks;
  /** Silences and windows of works; the pipeline that works with this keeps them, and `outages`, up to date. */
  mutes: Mutes;
  outages: Outages;
}

/** The records of one incident, being worked on; records are replaced, never changed in place. */
export interface Work {
  incident: Incident;
  facts: Fact[];
  /** Under the pack that leads state, draft and verdict. */
  qualification: Qualification | undefined;
  /** Under the other packs, in the order of the configuration. */
  others: Qualification[];
  declarations: Declaration[];
  decisions: Decision[];
  /** What people did on the way to decisions, oldest first. */
  steps: DecisionStep[];
  deliveries: Delivery[];
  deadlines: Deadline[];
  /** Each time that it was closed as a candidate, without a declaration. */
  closings: Closing[];
  /** By which keys detections join it; undefined until one did. */
  links: Links | undefined;
  /** How it was made of others, or others of it, oldest first. */
  regroupings: Regrouping[];
  /** What was received and sent about it since it was declared, oldest first. */
  exchanges: Exchange[];
  recommendations: Recommendation[];
  accompaniments: Accompaniment[];
  /** Who else was told, as far as people said. */
  partners: Partner[];
  /** What the other duties ask for, every version of every text, oldest first within a duty. */
  duties: DutyFile[];
  /** Who declares: the incident's declarant, else the first delegate there is. */
  declarant: Account | undefined;
  /** Writes beside the records: joins, effects, notes. */
  beside: Write[];
  /** Keys of the effects planned so far. */
  planned: Set<string>;
  /** What the store holds of it: the base that a commit is compared with. */
  base: ReadonlyMap<string, Stored<unknown>>;
}

export function newWork(incident: Incident): Work {
  return {
    incident,
    facts: [],
    qualification: undefined,
    others: [],
    declarations: [],
    decisions: [],
    steps: [],
    deliveries: [],
    deadlines: [],
    closings: [],
    links: undefined,
    regroupings: [],
    exchanges: [],
    recommendations: [],
    accompaniments: [],
    partners: [],
    duties: [],
    declarant: undefined,
    beside: [],
    planned: new Set(),
    base: new Map(),
  };
}

/** A copy to work on, so that a refused commit leaves the original as it was. */
export function copyWork(work: Work): Work {
  return {
    ...work,
    facts: [...work.facts],
    others: [...work.others],
    declarations: [...work.declarations],
    decisions: [...work.decisions],
    steps: [...work.steps],
    deliveries: [...work.deliveries],
    deadlines: [...work.deadlines],
    closings: [...work.closings],
    regroupings: [...work.regroupings],
    duties: [...work.duties],
    exchanges: [...work.exchanges],
    recommendations: [...work.recommendations],
    accompaniments: [...work.accompaniments],
    partners: [...work.partners],
    beside: [],
    planned: new Set(work.planned),
  };
}

/** Reads an incident's records; undefined when there is no such incident. Throws `value_damaged` when one cannot be read. */
export async function loadWork(reads: Reads, facility: string, id: string): Promise<Work | undefined> {
  const [work] = await loadWorks(reads, facility, [id]);
  if (work === undefined && damagedIncidents(reads).has(id))
    throw new TocsinError({
      code: "value_damaged",
      where: `incident ${id}`,
      message: "a record of it cannot be read: it is left as it is",
      remedy: "run `tocsin verify`, which tells all that is damaged; put back a copy of before",
    });
  return work;
}

/** The incidents of which a record cannot be read: as long as that is so, nothing is done about them. */
export function damagedIncidents(reads: Pick<Reads, "damaged">): Set<string> {
  return new Set(
    reads
      .damaged()
      .flatMap(({ table, incident }) => (table === "records" && incident !== null ? [incident] : [])),
  );
}

/** Reads the records of incidents, in the order asked for; those that are none, or cannot be read whole, are left out. */
export async function loadWorks(reads: Reads, facility: string, ids: readonly string[]): Promise<Work[]> {
  const held = await reads.ofIncidents(facility, ids);
  const works = ids.flatMap((id) => (held.get(id)?.damaged ? [] : (workOf(id, held.get(id)) ?? [])));
  const others = works.flatMap(({ incident }) => (incident.told_with ?? []).map((each) => each.incident));
  const toldWith = others.length === 0 ? held : await reads.ofIncidents(facility, [...new Set(others)]);
  for (const { incident, planned } of works)
    for (const { incident: other, messages } of incident.told_with ?? []) {
      const keys = (toldWith.get(other)?.effects ?? []).map((effect) => effect.key);
      for (const key of toldKeys(keys, { from: other, into: incident.id, messages })) planned.add(key);
    }
  return works;
}

/** The kinds of record that a work is read from. */
const MADE_OF: ReadonlySet<RecordKind> = new Set<RecordKind>([
  "incident",
  "fact",
  "qualification",
  "declaration",
  "decision",
  "decision_step",
  "delivery",
  "deadline",
  "closing",
  "links",
  "regrouping",
  "duty_file",
  "exchange",
  "recommendation",
  "accompaniment",
  "partner",
]);

function workOf(id: string, held: HeldOf | undefined): Work | undefined {
  const base = new Map<string, Stored<unknown>>();
  const all = <K extends RecordKind>(kind: K): Records[K][] => {
    const found = (held?.records.get(kind) ?? []) as Stored<Records[K]>[];
    for (const each of found) base.set(`${kind}/${keyOf(kind, each.content)}`, each);
    return found.map((each) => each.content);
  };
  const incident = all("incident").find((each) => each.id === id);
  if (incident === undefined) return undefined;
  const qualifications = all("qualification");
  return {
    ...newWork(incident),
    facts: all("fact"),
    qualification: qualifications.findLast(({ leads }) => leads !== false),
    others: qualifications.filter(({ leads }) => leads === false),
    declarations: all("declaration").sort((a, b) => a.version - b.version),
    decisions: all("decision"),
    steps: all("decision_step"),
    deliveries: all("delivery"),
    deadlines: all("deadline"),
    closings: all("closing"),
    links: all("links")[0],
    regroupings: all("regrouping"),
    duties: all("duty_file").sort((a, b) => a.version - b.version),
    exchanges: all("exchange"),
    recommendations: all("recommendation"),
    accompaniments: all("accompaniment"),
    partners: all("partner"),
    planned: new Set(held?.effects.map((effect) => effect.key)),
    base,
  };
}

/** True when a record of an incident stands as this work has it, or is none that it is made of. */
export function standsIn(work: Work, { kind, id, revision }: TouchedRecord): boolean {
  return !MADE_OF.has(kind) || work.base.get(`${kind}/${id}`)?.revision === revision;
}

/** What was planned for one incident, under the keys that another would plan it by. */
export function toldKeys(
  keys: Iterable<string>,
  { from, into, messages }: { from: string; into: string; messages: "all" | "opening" },
): string[] {
  return [...keys]
    .filter((key) => messages === "all" || key.endsWith(":incident_opened"))
    .map((key) => key.replaceAll(`:${from}:`, `:${into}:`));
}

/** Plans an effect of this incident, once for its key. */
export function planEffect(
  work: Work,
  effect: { key: string; kind: Effect["kind"]; due: number; payload: unknown },
): void {
  if (work.planned.has(effect.key)) return;
  work.planned.add(effect.key);
  work.beside.push({ write: "plan", effect: { ...effect, incident: work.incident.id } });
}

function keyOf<K extends RecordKind>(kind: K, content: Records[K]): string {
  switch (kind) {
    case "qualification": {
      const { incident, regime } = content as Qualification;
      return `${incident}/${regime}`;
    }
    case "declaration":
      return declarationKey(content as Declaration);
    case "duty_file":
      return dutyKey(content as DutyFile);
    case "decision": {
      const { declaration, version } = content as Decision;
      // One decision a version: a second one finds its place taken.
      return `${declaration}/${version}`;
    }
    default:
      return (content as { id: string }).id;
  }
}

/** The writes that make the store hold this work, and the base to keep once they are committed. */
export function changesOf(work: Work): { writes: Write[]; base: Map<string, Stored<unknown>> } {
  const writes: Write[] = [];
  const base = new Map(work.base);
  const put = <K extends RecordKind>(kind: K, content: Records[K]) => {
    const id = keyOf(kind, content);
    const before = base.get(`${kind}/${id}`);
    if (before?.content === content) return;
    const revision = (before?.revision ?? 0) + 1;
    base.set(`${kind}/${id}`, { revision, content });
    // Closings are listed by month, whatever became of them.
    const { state: named, month } = content as { state?: string; month?: string };
    const state = named ?? month ?? null;
    writes.push({ write: "record", kind, id, revision, incident: work.incident.id, state, content } as Write);
  };
  put("incident", work.incident);
  for (const each of work.facts) put("fact", each);
  if (work.links !== undefined) put("links", work.links);
  for (const each of work.regroupings) put("regrouping", each);
  if (work.qualification !== undefined) put("qualification", work.qualification);
  for (const each of work.others) put("qualification", each);
  for (const each of work.declarations) put("declaration", each);
  for (const each of work.decisions) put("decision", each);
  for (const each of work.steps) put("decision_step", each);
  for (const each of work.deliveries) put("delivery", each);
  for (const each of work.deadlines) put("deadline", each);
  for (const each of work.closings) put("closing", each);
  for (const each of work.duties) put("duty_file", each);
  for (const each of work.exchanges) put("exchange", each);
  for (const each of work.recommendations) put("recommendation", each);
  for (const each of work.accompaniments) put("accompaniment", each);
  for (const each of work.partners) put("partner", each);
  return { writes: [...writes, ...work.beside], base };
}

/** The declaration that stands for decision or was last decided: the highest version. */
export function currentDeclaration(work: Pick<Work, "declarations">): Declaration | undefined {
  return work.declarations.at(-1);
}

/** The approved text that nobody has filed yet: what must leave, whatever was drafted since. */
export function unfiledDeclaration(work: Pick<Work, "declarations">): Declaration | undefined {
  return work.declarations.find((each) => each.state === "approved");
}
