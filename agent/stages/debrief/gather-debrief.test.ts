import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Retention } from "../../../config/retention.ts";
import { itPeer, peer } from "../../../test/support/peer.ts";
import { DELETED, NOTE, openStages, type Stages } from "../../../test/support/pipeline.ts";
import { MICROSECONDS } from "../../core/clock.ts";
import type { Incident } from "../../core/incident.ts";
import type { Masked } from "../../core/masked.ts";
import type { ExerciseRun } from "../exercise/exercise-runs.ts";
import { formatInstant } from "../french.ts";
import { costOfRules } from "../observe/cost-of-rules.ts";
import { reportWeek } from "../observe/report-week.ts";
import { lastWeek } from "../observe/weeks.ts";
import { purge } from "../retention/purge.ts";
import type { Debrief } from "./debrief.ts";
import { debriefPdf } from "./debrief-pdf.ts";
import { type DebriefParts, debriefOfIncident, debriefOfRun } from "./gather-debrief.ts";

const poppler = peer("Poppler", "pdftotext", "apt-get install poppler-utils");
const HERE = "ch-exemple";
const ZONE = "Europe/Paris";
const { day, minute } = MICROSECONDS;
const RULES = Retention.parse({ public_archives: false });

let stages: Stages;
let incident: Incident;
/** An incident of a night, with a person's remark, closed at its end as a false alarm. */
beforeEach(async () => {
  stages = await openStages();
  const { store, clock, setup } = stages;
  await stages.take(DELETED, NOTE);
  await stages.sweeper.sweep();
  const [found] = await stages.desk.incidents({ limit: 1 });
  const stored = await store.reads.record(HERE, "incident", found?.incident.id ?? "");
  if (stored === undefined) throw new Error("no incident");
  const remark = {
    ...{ form: "f", run: null, text: "Revoir l’annuaire de garde." },
    author: { account: "a", name: "Dr Remi" },
  };
  const closure = { at: clock.now(), writer: "Dr Remi", reason: "Essai du prestataire.", false_alarm: true };
  const content = {
    ...stored.content,
    ...{ state: "closed", closure: { ...closure, from: "set_aside" } },
  } as Incident;
  const { id } = content;
  const receipt = await store.commit({
    facility: setup.facility.id,
    at: clock.now(),
    writes: [
      { write: "note", what: "debrief", incident: id, content: remark },
      {
        ...{ write: "record", kind: "incident", id, incident: id, state: "closed" },
        ...{ revision: stored.revision + 1, content },
      },
    ],
  });
  expect(receipt.outcome).toBe("committed");
  incident = content;
  // What was written past the pipeline is what another process finds.
  stages = await stages.restart();
});
afterEach(() => stages.close());

/** Purges so many days later. */
async function purgeAfter(days: number): Promise<void> {
  const { store, clock } = stages;
  clock.set(stages.begun + days * day);
  const now = clock.now();
  await purge({ store, facility: HERE, rules: RULES, now, zone: ZONE, sorted: 0, apply: true });
}

const parts = (): DebriefParts => ({
  ...{ reads: stages.store.reads, exercise: false, masks: stages.setup.masks, now: stages.clock.now() },
  facility: { id: HERE, name: "CH Exemple", timeZone: ZONE },
  dossier: (id) => stages.desk.dossier(id),
  systemName: (id) => id,
});
async function ofIncident(): Promise<Masked<Debrief>> {
  const dossier = await stages.desk.dossier(incident.id);
  if (dossier === undefined) throw new Error("no dossier");
  return debriefOfIncident(dossier, parts());
}
const run: ExerciseRun = {
  ...{
    id: "run-1",
    ended: 0,
    whole: true,
    records: 2,
    played: [],
    next: null,
    length: 60 * minute,
    speed: 1,
  },
  scenario: { name: "x", title: "Nuit d’essai", summary: "Une nuit.", sha256: "0".repeat(64) },
  expectations: [{ called: "delegate", by: 10 * minute }, { decided: true }, { incidents: 1 }] as never,
  started: 0,
};
const ofRun = () =>
  debriefOfRun({ ...run, started: stages.begun, ended: stages.begun + 60 * minute }, parts());

/** What stands on the paper of a debrief, its lines joined. */
async function paper(debrief: Masked<Debrief>): Promise<string> {
  const pdf = await debriefPdf({
    ...{ debrief, made: stages.clock.now() },
    when: (instant) => formatInstant(instant, ZONE),
    clock: (instant) => formatInstant(instant, ZONE).split(" ")[1] ?? "",
  });
  const file = join(stages.directory, "x.pdf");
  writeFileSync(file, pdf);
  return execFileSync("pdftotext", ["-layout", file, "-"], { encoding: "utf8" }).replaceAll(/\s+/g, " ");
}

describe("the debrief of a dossier that stands", () => {
  it("tells all of it, and that nothing is gone", async () => {
    const { incidents, lines, remarks } = await ofIncident();
    expect(incidents).toMatchObject([{ gone: null, alerts: 2 }]);
    expect(lines.filter(({ text }) => text.startsWith("Alerte : ")).length).toBeGreaterThan(0);
    expect(remarks).toHaveLength(1);
  });
});

describe("the debrief of a dossier whose alerts were erased", () => {
  const GONE =
    /^Alertes effacées le \d\d\/\d\d\/20\d\d selon la règle « alertes des dossiers clos, 1095 jours »\.$/;

  it("says so, leaves their lines out, and keeps what people did when they did it", async () => {
    const before = await ofIncident();
    await purgeAfter(1100);
    const { incidents, lines, remarks, from, until } = await ofIncident();
    expect(incidents[0]?.gone).toMatch(GONE);
    expect(lines).toEqual(before.lines.filter(({ text }) => !text.startsWith("Alerte : ")));
    expect([remarks, incidents[0]?.delays]).toEqual([before.remarks, before.incidents[0]?.delays]);
    expect([from, until]).toEqual([before.from, before.until]);
  });

  itPeer(poppler, "is printed with it", async () => {
    await purgeAfter(1100);
    expect(await paper(await ofIncident())).toMatch(/Alertes effacées le [\d/]+ selon la règle « alertes/);
  });
});

describe("the debrief of a dossier that was erased whole", () => {
  const GONE = /^Contenu effacé le \d\d\/\d\d\/20\d\d selon la règle « dossiers clos, 1825 jours »\.$/;

  it("says so and nothing else: no opening, no delay, nothing missed, no remark", async () => {
    await purgeAfter(1900);
    const debrief = await ofIncident();
    expect(debrief.incidents).toMatchObject([
      { reference: incident.reference, sentence: null, delays: [], alerts: 2 },
    ]);
    expect(debrief.incidents[0]?.gone).toMatch(GONE);
    expect([debrief.lines, debrief.missed, debrief.remarks]).toEqual([[], [], []]);
  });

  it("in an exercise leaves what it expected unknown, and counts the incident", async () => {
    expect((await ofRun()).expectations.map(({ outcome }) => outcome)).toEqual(["met", "missed", "met"]);
    await purgeAfter(1900);
    const debrief = await ofRun();
    expect(debrief.expectations.map(({ outcome, at }) => [outcome, at])).toEqual([
      ["erased", null],
      ["erased", null],
      ["met", null],
    ]);
    expect(debrief.lines).toEqual([]);
    expect([debrief.from, debrief.until]).toEqual([stages.begun, stages.begun + 60 * minute]);
  });

  itPeer(poppler, "is printed, as the debrief of its exercise is", async () => {
    await purgeAfter(1900);
    for (const debrief of [await ofIncident(), await ofRun()]) {
      const text = await paper(debrief);
      expect(text).toMatch(/Contenu effacé le [\d/]+ selon la règle « dossiers clos, 1825 jours »/);
      expect(text).not.toMatch(/pas encore, ou jamais|Personne n’a pris note|Incident ouvert/);
    }
  });
});

describe("what rules cost, and the report of a week", () => {
  const AROUND = () => ({ from: stages.begun - day, to: stages.begun + day });
  const cost = () => costOfRules(stages.store.reads, stages.setup.facility, AROUND());

  it("counts the false alarm while it stands, and to no rule once its alerts are erased", async () => {
    expect(await cost()).toMatchObject({
      falseAlarms: 1,
      rules: expect.arrayContaining([expect.anything()]),
    });
    await purgeAfter(1100);
    expect(await cost()).toEqual({ falseAlarms: 1, rules: [] });
    await purgeAfter(1900);
    expect(await cost()).toEqual({ falseAlarms: 0, rules: [] });
  });

  it("tells nothing of an erased dossier in the week of its erasure, as if somebody had been called then", async () => {
    await purgeAfter(1900);
    const { store, setup, clock } = stages;
    const week = lastWeek(clock.now() + 7 * day, ZONE);
    if (week === undefined) throw new Error("no week");
    expect(await reportWeek(store.reads, setup, week)).toMatchObject({
      incidents: [],
      detections: 0,
      costly: [],
    });
  });
});
