import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Retention } from "../../../config/retention.ts";
import { DELETED, down, NOTE, openStages, type Stages } from "../../../test/support/pipeline.ts";
import { setAsideByTwo } from "../../../test/support/set-aside.ts";
import { MICROSECONDS } from "../../core/clock.ts";
import type { Actor } from "../person-act.ts";
import { openEliminations } from "./eliminations-desk.ts";
import { purge } from "./purge.ts";
import { listCsv } from "./tell-list.ts";

const HERE = "ch-exemple";
const ZONE = "Europe/Paris";
const DAY = MICROSECONDS.day;
const REASON = "Essai du prestataire, rien n'est touché.";
const DIRECTOR = { id: "d-1", name: "Paul Girard", role: "director", active: true } as const;

let stages: Stages;
let id: string;
beforeEach(async () => {
  stages = await openStages({ regimes: ["sante-2022"] });
});
afterEach(() => stages.close());

/** Sets aside the incident that these alerts make. */
async function setAside(...lines: Parameters<Stages["take"]>): Promise<void> {
  await stages.take(...lines);
  const [found] = await stages.desk.incidents({ limit: 1 });
  id = found?.incident.id ?? "";
  const current = (await stages.desk.dossier(id))?.current;
  if (current === undefined) throw new Error("no text");
  const { id: declaration, version, sha256 } = current.declaration;
  const text = { incident: id, declaration, version, sha256 };
  expect((await setAsideByTwo(stages, text, REASON)).outcome).toBe("set_aside");
}
const incidentNow = async () => (await stages.store.reads.record(HERE, "incident", id))?.content;

/** What a purge takes so many days after the night. */
async function purged(days: number, over: object = {}) {
  const { store, clock, begun } = stages;
  clock.set(begun + days * DAY);
  const rules = Retention.parse({ public_archives: false, ...over });
  const parts = { store, facility: HERE, rules, now: clock.now(), zone: ZONE, sorted: 0, apply: true };
  const report = await purge(parts);
  const counts = report.lines.flatMap(({ kind, count }) => (count === 0 ? [] : [[kind, count]]));
  return { ...report, counts: Object.fromEntries(counts) };
}

describe("a dossier that was set aside and never closed", () => {
  it("stays while its time runs, counted from the decision", async () => {
    stages.clock.pass(3 * 24 * 60);
    await setAside(DELETED, NOTE);
    expect(await purged(1097)).toMatchObject({ counts: {}, running: 1, setAside: 0 });
    expect(await purged(1098)).toMatchObject({ counts: { evidence: 1 }, running: 0, setAside: 1 });
    expect(await incidentNow()).toMatchObject({
      state: "set_aside",
      evidence_erased: { policy: "alertes des dossiers non déclarés, 1095 jours" },
    });
  });

  it("loses its texts when their time is over too, is over from then on, and says why", async () => {
    await setAside(DELETED, NOTE);
    await purged(1100);
    expect(await purged(1824)).toMatchObject({ counts: {} });
    expect(await purged(1826)).toMatchObject({ counts: { dossiers: 1 }, setAside: 1 });
    const policy = "dossiers non déclarés, 1825 jours";
    expect(await incidentNow()).toMatchObject({
      state: "closed",
      because: expect.stringContaining(`selon la règle « ${policy} »`),
      erased: { policy, closed: stages.begun, set_aside: true },
    });
    expect(await stages.store.reads.ofIncident(HERE, "decision", id)).toEqual([]);
    expect((await purged(4000)).counts).toEqual({});
  });

  it("takes no alert in any more once it is erased, even where it was still held in memory", async () => {
    await setAside(DELETED, NOTE);
    await purged(1826);
    await stages.take({ ...DELETED, minute: 1826 * 24 * 60 });
    const incidents = await stages.desk.incidents({ limit: 5 });
    expect(incidents.map(({ incident }) => [incident.id === id, incident.alerts])).toEqual([
      [false, 1],
      [true, 2],
    ]);
    expect(await incidentNow()).toMatchObject({ state: "closed", alerts: 2 });
  });

  it("is shown as erased once what was held of it is read again", async () => {
    await setAside(DELETED, NOTE);
    await purged(1826);
    await stages.pipeline.reread();
    expect((await stages.desk.dossier(id))?.incident.erased).toBeDefined();
  });

  it("waits again from whatever comes to it", async () => {
    await setAside(DELETED, NOTE);
    const { clock, begun, desk, delegate } = stages;
    clock.set(begun + 1000 * DAY);
    const note = {
      incident: id,
      about: clock.now(),
      text: "Le prestataire a répondu.",
      form: desk.newForm(),
    };
    expect(await desk.writeNote(note, delegate)).toMatchObject({
      outcome: "noted",
    });
    expect(await purged(1826)).toMatchObject({ counts: {}, running: 1 });
    expect(await purged(1000 + 1096)).toMatchObject({ counts: { evidence: 1 } });
  });

  it("stays while something of it still lasts, which no clock ends", async () => {
    await setAside(DELETED, NOTE, down("pacs-01", 1));
    expect(await purged(4000)).toMatchObject({ counts: {}, running: 1 });
  });

  it("stays while another duty of it waits for a decision", async () => {
    await stages.close();
    stages = await openStages({ regimes: ["sante-2022", "rgpd-33"] });
    await setAside(DELETED, NOTE);
    expect((await stages.desk.dossier(id))?.duties).toMatchObject([{ regime: "rgpd-33", state: "draft" }]);
    expect(await purged(4000)).toMatchObject({ counts: {}, running: 1 });
  });

  it("stays while its conservation is suspended, and says so", async () => {
    await setAside(DELETED, NOTE);
    await stages.desk.hold({ incident: id, reason: "Contentieux en cours." }, DIRECTOR as Actor);
    const report = await purged(4000);
    expect([report.counts, report.held.map((each) => each.id)]).toEqual([{}, [id]]);
  });

  it("changed between the look and the erasure, stays", async () => {
    await setAside(DELETED, NOTE);
    const { store, clock, begun } = stages;
    clock.set(begun + 1826 * DAY);
    const now = clock.now();
    const note = { at: now, text: "Le procès commence.", author: { account: "a", name: "Dr Remi" } };
    const content = { id: "note-1", incident: id, about: now, attachments: [], ...note };
    const write = { write: "record", kind: "logbook", id: "note-1", revision: 1, state: null } as const;
    const archive = async () => {
      const writes = [{ ...write, incident: id, content }] as never;
      await store.commit({ facility: HERE, at: now, writes });
    };
    const rules = Retention.parse({ public_archives: false });
    const parts = { store, facility: HERE, rules, now, zone: ZONE, sorted: 0, apply: true };
    const report = await purge({ ...parts, archive });
    expect([report.changed, report.setAside]).toEqual([["2026-0001"], 0]);
    expect((await incidentNow())?.erased).toBeUndefined();
  });

  it("of public archives is proposed, listed as never closed, and goes with its visa", async () => {
    await setAside(DELETED, NOTE);
    const { store, clock, setup } = stages;
    const rules = Retention.parse({});
    expect(await purged(4000, { public_archives: true })).toMatchObject({ counts: {}, running: 0 });
    const lists = openEliminations({ store, facility: HERE, rules, clock, newId: setup.newId });
    const made = await lists.propose(DIRECTOR as Actor);
    if (made.outcome !== "proposed") throw new Error(made.because);
    const list = await lists.list(made.id);
    if (list === undefined) throw new Error("no list");
    expect(list.dossiers).toMatchObject([{ incident: id, closed: stages.begun, set_aside: true }]);
    expect([...listCsv(list, ZONE)].join("")).toContain("non déclaré, sans suite depuis 15/11/2026");
    const visa = { id: list.id, sha256: list.sha256, by: "Archives", date: "2037-11-30", reference: "V-12" };
    expect((await lists.authorise(visa, DIRECTOR as Actor)).outcome).toBe("authorised");
    expect(await purged(4001, { public_archives: true })).toMatchObject({ counts: { dossiers: 1 } });
    expect((await incidentNow())?.erased?.policy).toBe("dossiers non déclarés, 1825 jours, visa V-12");
  });
});
