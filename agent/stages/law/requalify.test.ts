import { afterEach, describe, expect, it } from "vitest";
import { loadRegime } from "../../../rules/regimes/load-regime.ts";
import type { Regime } from "../../../rules/regimes/regime.ts";
import { DELETED, down, NOTE, openStages, type Stages } from "../../../test/support/pipeline.ts";
import { openDesk } from "../desk/open-desk.ts";
import { openPipeline } from "../open-pipeline.ts";
import { currentDeclaration, type Setup } from "../work.ts";
import { notePacks, packsChange, packsDone, settingsMark } from "./packs-in-force.ts";
import { requalify } from "./requalify.ts";

const VERSION = loadRegime("sante-2022").version;

let stages: Stages;
afterEach(() => stages.close());

/** Another version of a pack, with what is said changed. */
const other = (
  regimes: readonly Regime[],
  id: string,
  change: (regime: Regime) => Partial<Regime>,
): Regime[] => regimes.map((each) => (each.id === id ? { ...each, version: "99", ...change(each) } : each));

const withoutC1 = (regimes: readonly Regime[]) =>
  other(regimes, "sante-2022", ({ criteria, questions }) => ({
    criteria: criteria.filter(({ id }) => id !== "C1"),
    questions: questions.filter((question) => !question.criteria.includes("C1")),
  }));

const under = (regimes: readonly Regime[]) => {
  const setup: Setup = { ...stages.setup, regimes };
  return openPipeline({ store: stages.store, setup, clock: stages.clock });
};
const revisions = async (incident: string) =>
  (await stages.store.reads.journalOf("ch-exemple", incident))
    .filter(({ type }) => type === "qualification.put")
    .map(({ content }) => JSON.parse(content ?? "{}").content)
    .filter(({ regime }) => regime === "sante-2022");

describe("dossiers under another pack", () => {
  it("are evaluated anew, say what differs, and the journal keeps both answers", async () => {
    stages = await openStages();
    await stages.take(DELETED, NOTE);
    const [{ incident } = { incident: { id: "", reference: "" } }] = await stages.desk.incidents({
      limit: 1,
    });
    const before = await revisions(incident.id);
    const seen: number[] = [];
    const found = await requalify(await under(withoutC1(stages.setup.regimes)), {
      progress: (done, total) => seen.push(done / total),
    });
    expect(found).toMatchObject({ total: 1, stopped: false });
    expect(found.differing).toMatchObject([
      {
        incident: incident.id,
        reference: incident.reference,
        regimes: [
          {
            regime: "sante-2022",
            version: { before: VERSION, after: "99" },
            criteria: [{ id: "C1", before: expect.any(String), after: null }],
          },
        ],
      },
    ]);
    expect(seen.at(-1)).toBe(1);
    const after = await revisions(incident.id);
    expect(after.length).toBe(before.length + 1);
    expect(after.slice(-2).map(({ regime_version }) => regime_version)).toEqual([VERSION, "99"]);
    expect(after.at(-1).criteria.map(({ id }: { id: string }) => id)).not.toContain("C1");
  });

  it("have the text that waits for a decision written before anyone decides on it", async () => {
    stages = await openStages();
    await stages.take(DELETED, NOTE);
    const [{ incident } = { incident: { id: "" } }] = await stages.desk.incidents({ limit: 1 });
    const setup: Setup = { ...stages.setup, regimes: withoutC1(stages.setup.regimes) };
    const { store, clock } = stages;
    const pipeline = await openPipeline({ store, setup, clock });
    const desk = openDesk({
      store,
      pipeline,
      setup,
      clock,
      decided: () => undefined,
      planned: () => undefined,
    });
    const text = async () => currentDeclaration((await pipeline.view(incident.id)) ?? { declarations: [] });
    const before = await text();
    await pipeline.revise([incident.id]);
    expect((await text())?.canonical).toBe(before?.canonical);
    if (before === undefined) throw new Error("no text");
    const { id: declaration, version, sha256 } = before;
    const seen = { incident: incident.id, declaration, version, sha256 };
    const proof = { channel: "web", second_factor: "totp" } as const;
    const decided = await desk.approve(seen, proof, stages.delegate);
    const now = await text();
    expect(decided).toMatchObject({ outcome: "stale", current: { sha256: now?.sha256 } });
    expect(JSON.parse(now?.canonical ?? "{}").pack.version).toBe("99");
  });

  it("have their texts written anew, those that wait for a decision alone", async () => {
    stages = await openStages();
    await stages.take(DELETED, NOTE);
    const pipeline = await under(withoutC1(stages.setup.regimes));
    const [id = ""] = pipeline.incidents();
    const written: number[] = [];
    await requalify(pipeline, { written: (done) => written.push(done) });
    const text = currentDeclaration((await pipeline.view(id)) ?? { declarations: [] });
    expect(JSON.parse(text?.canonical ?? "{}").pack.version).toBe("99");
    expect(written).toEqual([1]);
  });

  it("under the same packs are left as they are, without a word in the journal", async () => {
    stages = await openStages();
    await stages.take(DELETED, NOTE);
    const count = async () => (await stages.store.reads.journal("ch-exemple", 1, 10_000)).length;
    const before = await count();
    expect(await requalify(await under(stages.setup.regimes))).toMatchObject({ differing: [] });
    expect(await count()).toBe(before);
  });

  it("are a few at a time, so that others have their turn, and can be stopped in between", async () => {
    stages = await openStages();
    for (let i = 0; i < 60; i++) {
      stages.clock.pass(60);
      await stages.take(down(`srv-${i}`, i * 60));
    }
    const pipeline = await under(withoutC1(stages.setup.regimes));
    const total = pipeline.incidents().length;
    expect(total).toBeGreaterThan(50);
    const stop = new AbortController();
    const first = await requalify(pipeline, {
      progress: () => stop.abort(),
      signal: stop.signal,
    });
    expect(first.stopped).toBe(true);
    expect(await requalify(pipeline)).toMatchObject({ total, stopped: false });
  });
});

describe("the packs in force", () => {
  const parts = (regimes: readonly Regime[]) => ({
    store: stages.store,
    facility: "ch-exemple",
    regimes,
    clock: stages.clock,
  });
  const notes = async () =>
    (await stages.store.reads.journal("ch-exemple", 1, 1000))
      .filter(({ type }) => type === "note.law_packs")
      .map(({ content }) => JSON.parse(content ?? "{}"));

  it("are noted in the journal when they change, once, with the difference", async () => {
    stages = await openStages();
    const { regimes } = stages.setup;
    expect(await notePacks(parts(regimes))).toMatchObject({ due: true });
    await packsDone(parts(regimes));
    expect(await notePacks(parts(regimes))).toEqual({ change: undefined, due: false });
    const newer = withoutC1(regimes);
    const change = {
      added: [],
      removed: [],
      changed: [
        { id: "sante-2022", from: VERSION, to: "99", criteria: { added: [], removed: ["C1"], changed: [] } },
      ],
    };
    const { store } = stages;
    expect(await packsChange({ reads: store.reads, facility: "ch-exemple", regimes: newer })).toEqual(change);
    expect(await notePacks(parts(newer))).toEqual({ change, due: true });
    const told = await notes();
    expect(told).toHaveLength(2);
    expect(told[0]?.before).toBeNull();
    expect(told[1]?.change).toEqual(change);
  });

  it("leave dossiers due to be evaluated when the settings they read are others, and say nothing of the law", async () => {
    stages = await openStages();
    const { regimes, facility, systems } = stages.setup;
    const mark = (setup: { facility: typeof facility; systems: typeof systems }) => ({
      ...parts(regimes),
      settings: settingsMark(setup),
    });
    const before = mark({ facility, systems });
    await notePacks(before);
    await packsDone(before);
    const [[id, pacs] = []] = systems;
    if (id === undefined || pacs === undefined) throw new Error("no system");
    const others = [
      mark({ facility, systems: new Map(systems).set(id, { ...pacs, care_critical: !pacs.care_critical }) }),
      mark({ facility: { ...facility, designations: ["ose"] }, systems }),
    ];
    for (const after of others) {
      expect(await notePacks(after)).toEqual({ change: undefined, due: true });
      // Until it is done, across a stop.
      expect(await notePacks(after)).toEqual({ change: undefined, due: true });
      await packsDone(after);
      expect(await notePacks(after)).toEqual({ change: undefined, due: false });
    }
    const sorted = mark({
      facility: { ...facility, designations: ["ose"] },
      systems: new Map([...systems].reverse()),
    });
    expect(await notePacks(sorted)).toEqual({ change: undefined, due: false });
    expect(await notes()).toHaveLength(1);
  });

  it("stay due until every dossier was evaluated, across a stop", async () => {
    stages = await openStages();
    const { regimes } = stages.setup;
    await notePacks(parts(regimes));
    expect(await notePacks(parts(regimes))).toEqual({ change: undefined, due: true });
    expect(await notes()).toHaveLength(1);
  });

  it("count as others when their words change under the same version", async () => {
    stages = await openStages();
    const { regimes } = stages.setup;
    await notePacks(parts(regimes));
    await packsDone(parts(regimes));
    const reworded = regimes.map((each) => ({ ...each, title: `${each.title}.` }));
    expect((await notePacks(parts(reworded))).due).toBe(true);
  });
});
