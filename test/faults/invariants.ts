import { DatabaseSync } from "node:sqlite";
import type { Decision } from "../../agent/core/decision.ts";
import type { Delivery } from "../../agent/core/delivery.ts";
import { INCIDENT_STATES, type Incident } from "../../agent/core/incident.ts";
import { stateFiles } from "../../agent/setup.ts";
import { checkpointsFileOf } from "../../agent/store/checkpoints.ts";
import { loadPublicKey } from "../../agent/store/keys.ts";
import type { Reads } from "../../agent/store/store.ts";
import { verifyDatabase } from "../../agent/store/verify.ts";
import type { Called } from "./cluster/hook.ts";

/*
 * What must hold of a record and of what left it, whatever was broken meanwhile: one definition for a daemon by itself and
 * for a cluster.
 */

/** What clients sent, by the names of the events, and what was answered for. */
export interface Sent {
  /** Every event that may have arrived. */
  events: Set<string>;
  acknowledged: Set<string>;
}

/** A declaration that came to a receiver: the key it is known by, and the text. */
export interface Taken {
  key: string;
  sha256: string;
}

/** What all came to once it was mended; every list is of what must not be. */
export interface Findings {
  lost: string[];
  /** Events with an id of their own that stand twice. */
  twice: string[];
  /** Stored, and never sent. */
  strange: string[];
  /** Incidents beyond the one that the storm is. */
  incidents: string[];
  /** Messages for one reason under more than one key. */
  told: string[];
  /** Texts that were decided twice, left twice, or left without a decision. */
  left: string[];
  /** Effects of which nobody knows any more. */
  effects: string[];
  chain: string[];
}

/** The findings that must be empty, when all is well. */
export const faultsOf = (findings: Partial<Findings>): Record<string, string[]> =>
  Object.fromEntries(
    Object.entries(findings).filter(([, found]) => Array.isArray(found) && found.length > 0),
  );

/** Compares what stands in a record with what was sent to it, decided in it and told by it. */
export async function inspectRecord(scene: {
  reads: Reads;
  facility: string;
  /** The events of the record, each as often as it stands there. */
  stored: readonly string[];
  sent: Sent;
  called: readonly Called[];
  /** True for an event with an id of its own, so that a repeat is known as one. (Default: all are.) */
  identified?: (event: string) => boolean;
  /** What receivers of declarations took. */
  taken?: readonly Taken[];
}): Promise<Omit<Findings, "chain">> {
  const { reads, facility, stored, sent, called, identified = () => true, taken = [] } = scene;
  const kept = new Set(stored);
  const known = stored.filter(identified);
  const incidents = (await reads.byState(facility, "incident", [], { limit: 100 })).map(
    ({ content }) => content,
  );
  const dossiers = await Promise.all(incidents.map((each) => dossierOf(reads, facility, each)));
  return {
    lost: [...sent.acknowledged].filter((event) => !kept.has(event)),
    twice: known.filter((event, index) => known.indexOf(event) !== index),
    strange: stored.filter((event) => !sent.events.has(event)),
    incidents: incidents.slice(1).map(({ id, alerts }) => `${id}: ${alerts} alerts`),
    told: dossiers.flatMap((dossier) => toldTwice(dossier, called)),
    left: [...dossiers.flatMap(leftWrongly), ...takenWrongly(dossiers, taken)],
    effects: await openEffects(reads, facility, dossiers),
  };
}

interface Dossier {
  incident: Incident;
  decisions: Decision[];
  deliveries: Delivery[];
}

async function dossierOf(reads: Reads, facility: string, incident: Incident): Promise<Dossier> {
  const decisions = await reads.ofIncident(facility, "decision", incident.id);
  const deliveries = await reads.ofIncident(facility, "delivery", incident.id);
  return {
    incident,
    decisions: decisions.map(({ content }) => content),
    deliveries: deliveries.map(({ content }) => content),
  };
}

/** An incident opens once, and a decision is asked for once between two decisions. */
function toldTwice({ incident, decisions }: Dossier, called: readonly Called[]): string[] {
  const most = new Map([
    ["incident_opened", 1],
    ["decision_needed", decisions.length + 1],
  ]);
  return [...most].flatMap(([event, times]) => {
    const of = called.filter((each) => each.incident === incident.id && each.event === event);
    const keys = new Set(of.map(({ key }) => key));
    return keys.size > times ? [`${event} of ${incident.id}: ${[...keys].join(" ")}`] : [];
  });
}

const isApproval = ({ decision }: Decision) => decision === "approved";

function leftWrongly({ decisions, deliveries }: Dossier): string[] {
  const approved = decisions.filter(isApproval).map(({ sha256 }) => sha256);
  const filed = deliveries.filter(({ kind, state }) => kind === "declaration" && state === "delivered");
  const by = ({ sha256, channel }: Delivery) => `${sha256} by ${channel}`;
  return [
    ...repeated(approved).map((sha256) => `approved twice: ${sha256}`),
    ...repeated(filed.map(by)).map((text) => `filed twice: ${text}`),
    ...deliveries
      .filter(({ attempts, sha256 }) => attempts.length > 0 && !approved.includes(sha256))
      .map((each) => `left without its decision: ${by(each)}`),
  ];
}

function takenWrongly(dossiers: readonly Dossier[], taken: readonly Taken[]): string[] {
  const approved = dossiers.flatMap(({ decisions }) => decisions.filter(isApproval));
  const strange = taken.filter(({ sha256 }) => !approved.some((each) => each.sha256 === sha256));
  return [
    ...strange.map(({ key }) => `a receiver has what nobody approved: ${key}`),
    ...repeated(
      [...new Set(taken.map(({ key, sha256 }) => `${key} ${sha256}`))].map(
        (each) => each.split(" ")[0] ?? "",
      ),
    ).map((key) => `two texts under one key: ${key}`),
  ];
}

const repeated = (list: readonly string[]) => list.filter((each, index) => list.indexOf(each) !== index);

/** What is claimed by nobody who lives, and what is uncertain and shown to nobody. */
async function openEffects(reads: Reads, facility: string, dossiers: readonly Dossier[]): Promise<string[]> {
  const open = await reads.effectsIn(facility, ["claimed", "uncertain"], 50);
  const shown = new Set(
    dossiers.flatMap(({ deliveries }) =>
      deliveries.filter(({ state }) => state !== "sending").map(({ id }) => id),
    ),
  );
  return open
    .filter(({ state, payload }) => {
      const { delivery = "" } = (payload ?? {}) as { delivery?: string };
      return state === "claimed" || !shown.has(delivery);
    })
    .map(({ key, state }) => `${key} is ${state}`);
}

/** What `tocsin verify` finds wrong with the record of a state directory. */
export function chainFaultsIn(state: string): string[] {
  const { database, signingKey } = stateFiles(state);
  const { ok, faults, facilities } = verifyDatabase(
    database,
    loadPublicKey(signingKey),
    checkpointsFileOf(database),
  );
  return ok ? [] : [JSON.stringify([facilities.map(({ firstBroken }) => firstBroken), faults.slice(0, 3)])];
}

/** The events of a record in a file by their names, which stand in brackets in their text. */
export function storedIn(state: string): string[] {
  const database = new DatabaseSync(stateFiles(state).database, { readOnly: true });
  try {
    const rows = database.prepare("SELECT content FROM alerts").all();
    return rows.flatMap(({ content }) => /\((s\d+-[a-z0-9]+-\d+)\)/.exec(String(content))?.[1] ?? []);
  } finally {
    database.close();
  }
}

/** What the page of an incident says that is not so: its state is the one thing that everybody acts on. */
export function untrueOn(page: string, { state }: Pick<Incident, "state">): string[] {
  const told = INCIDENT_STATES[state];
  const others = [INCIDENT_STATES.approved].filter((each) => each !== told);
  return [
    ...(page.includes(told) ? [] : [`a page does not say « ${told} »`]),
    ...others
      .filter((each) => page.includes(each))
      .map((each) => `a page says « ${each} », and it is ${state}`),
  ];
}
