import { INCIDENT_STATES, type Incident, type IncidentState } from "../../agent/core/incident.ts";
import type { Proof } from "../../agent/stages/desk/desk.ts";
import { loadWork, type Work } from "../../agent/stages/work.ts";
import { DELETED, down, type Line, NOTE, type Stages, up } from "./pipeline.ts";
import { fc } from "./property.ts";
import { setAsideByTwo } from "./set-aside.ts";

export const FACILITY = "ch-exemple";
export const PROOF: Proof = { channel: "web", second_factor: "totp" };
export const REASON = "Vu avec le RSSI cette nuit.";

const one = <T>(...values: T[]) => fc.constantFrom(...values);
const HOST = one("pacs-01", "pacs-02", "dpi-01", "samu-01", "dc01", "poste-1", "poste-2", "clim-1");

/** What may happen in a night, each line numbered: `more.ticket` finds its alert again. */
export const HAPPENING: fc.Arbitrary<Line> = fc
  .record({
    minute: fc.integer({ min: 0, max: 36 }).map((step) => step * 15),
    host: HOST,
    user: one("presta", "a.martin", undefined),
    what: one("deleted", "note", "down", "down", "up", "abroad", "phishing", "cooling", "leak"),
  })
  .map(({ minute, host, user, what }) => {
    const by = user === undefined ? {} : { user };
    switch (what) {
      case "deleted":
        return { ...DELETED, host, minute, more: by };
      case "note":
        return { ...NOTE, host, minute, more: { ...NOTE.more, ...by } };
      case "down":
        return down(host, minute);
      case "up":
        return up(host, minute);
      case "abroad":
        return { host, minute, message: "connexion VPN depuis un pays inhabituel", more: by };
      case "phishing":
        return { host: "passerelle", minute, message: "Hameçonnage remis : 12 boîtes", more: by };
      case "cooling":
        return { host: "clim-1", minute, message: "Climatisation en défaut, salle serveurs 1" };
      default:
        return { host, minute, message: "Exfiltration de données vers un hébergeur inconnu", more: by };
    }
  });

export const numbered = (lines: readonly Line[], from = 0): Line[] =>
  lines.map((line, i) => ({ ...line, more: { ...line.more, ticket: `ligne-${from + i}` } }));

/** Every incident there is, oldest first. */
export async function incidentsOf({ store }: Stages): Promise<Incident[]> {
  const all = await store.reads.byState(
    FACILITY,
    "incident",
    Object.keys(INCIDENT_STATES) as IncidentState[],
    {
      limit: 500,
    },
  );
  return all.map(({ content }) => content).reverse();
}

export async function workOf({ store }: Stages, id: string): Promise<Work> {
  const work = await loadWork(store.reads, FACILITY, id);
  if (work === undefined) throw new Error(`no incident ${id}`);
  return work;
}

/** Numbers of the lines that an incident holds. */
export async function linesOf({ store }: Stages, incident: string): Promise<string[]> {
  const found = await store.reads.detectionsOf(FACILITY, incident, 1000);
  return [...new Set(found.map(({ alert }) => String(alert.alert.fields?.ticket)))].sort();
}

/** Which lines stand together, by their numbers. */
export async function partitionOf(
  stages: Stages,
  counts: (ticket: string) => boolean = () => true,
): Promise<string[][]> {
  const parts: string[][] = [];
  for (const { id, state } of await incidentsOf(stages))
    if (state !== "merged") parts.push((await linesOf(stages, id)).filter(counts));
  return parts.filter((part) => part.length > 0).sort((a, b) => ((a[0] ?? "") < (b[0] ?? "") ? -1 : 1));
}

/** All that stands, as a person would find it: incidents with their lines, facts, values with why, and running clocks. */
export async function pictureOf(stages: Stages) {
  const picture = [];
  for (const { id, state } of await incidentsOf(stages)) {
    if (state === "merged") continue;
    const { incident, facts, qualification, others, deadlines } = await workOf(stages, id);
    const { apart: _, linked: __, declarant: ___, ...standing } = incident;
    picture.push({
      incident: standing,
      lines: await linesOf(stages, id),
      facts: [...facts].sort((a, b) => (a.id < b.id ? -1 : 1)),
      values: [qualification, ...others].map((each) => each && [each.regime, each.criteria, each.met_at]),
      clocks: deadlines.filter((each) => each.void !== true).sort((a, b) => (a.id < b.id ? -1 : 1)),
    });
  }
  return picture;
}

/** The incident that each went into, itself when it stands. */
export async function standingOf(stages: Stages): Promise<(id: string) => string> {
  const into = new Map(
    (await incidentsOf(stages)).map(({ id, state, merged_into }) => [
      id,
      state === "merged" ? merged_into : undefined,
    ]),
  );
  const standing = (id: string): string => {
    const next = into.get(id);
    return next === undefined ? id : standing(next);
  };
  return standing;
}

/** Decides on the text that stands, if there is one; returns what became of it. */
export async function decide(stages: Stages, incident: string, decision: "approve" | "set_aside") {
  const { desk, delegate } = stages;
  const current = (await desk.dossier(incident))?.current?.declaration;
  if (current === undefined) return undefined;
  const { id, version, sha256 } = current;
  const text = { incident, declaration: id, version, sha256 };
  return decision === "approve"
    ? desk.approve(text, PROOF, delegate)
    : setAsideByTwo(stages, text, "Exercice interne de l'astreinte.");
}
