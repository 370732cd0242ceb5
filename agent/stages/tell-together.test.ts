import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Regime } from "../../rules/regimes/regime.ts";
import { NIGHT } from "../../test/support/incident.ts";
import { DELETED, NOTE, openStages, type Stages } from "../../test/support/pipeline.ts";
import { MICROSECONDS } from "../core/clock.ts";
import { openSweeper } from "./effects/sweep.ts";
import { requalify } from "./law/requalify.ts";
import { openPipeline } from "./open-pipeline.ts";
import type { Setup } from "./work.ts";

const MORNING = NIGHT + 6 * MICROSECONDS.hour;
const COUNT = 12;

let stages: Stages;
beforeEach(async () => {
  stages = await openStages();
});
afterEach(() => stages.close());

/** A pack under which a deleted backup is enough, and whose version is another. */
const stricter = (regimes: readonly Regime[], version = "99"): Regime[] =>
  regimes.map((each) =>
    each.id === "sante-2022"
      ? {
          ...each,
          version,
          criteria: each.criteria.map((criterion) =>
            criterion.id === "C3"
              ? { ...criterion, met: { fact: "recovery_destroyed" as const } }
              : criterion,
          ),
        }
      : each,
  );

/** Incidents far enough apart to stay so, told to the IT on call and to nobody else. */
async function open(count = COUNT) {
  for (let i = 0; i < count; i++) {
    stages.clock.pass(5 * 60);
    await stages.take({ ...DELETED, host: `srv-${i}`, minute: (i + 1) * 5 * 60 });
    await sweep(stages.sweeper);
  }
  expect(stages.messages.map(({ event }) => event)).toEqual(Array(count).fill("incident_opened"));
  stages.messages.length = 0;
}
async function sweep(sweeper: Stages["sweeper"]) {
  while ((await sweeper.sweep()) > 0);
}

/** What serves the same record under other packs, and tells through the same channels. */
async function under(regimes: readonly Regime[]) {
  const setup: Setup = { ...stages.setup, regimes };
  const pipeline = await openPipeline({ store: stages.store, setup, clock: stages.clock });
  const channel = {
    repeatable: true,
    send: async (message: Stages["messages"][number]) => {
      stages.messages.push(message);
      return stages.answers.shift() ?? { outcome: "delivered" as const, because: "test" };
    },
  };
  const sweeper = openSweeper({
    store: stages.store,
    pipeline,
    setup,
    clock: stages.clock,
    owner: "other",
    channels: new Map(setup.notify.map(({ id }) => [id, channel])),
    outbounds: new Map(),
    page: (path) => `https://tocsin.example/${path}`,
    random: () => 0.5,
    signal: new AbortController().signal,
  });
  return { pipeline, sweeper };
}
const byNight = (days = 5) => stages.clock.set(NIGHT + days * MICROSECONDS.day);
const effects = async () =>
  (await stages.store.reads.effectsIn("ch-exemple", ["planned", "done"], 1000)).filter(
    ({ payload }) => (payload as { event?: string }).event === "decision_needed",
  );

describe("another law pack that makes several incidents reportable", () => {
  it("is told to the delegate once, by day, with every one of them and the list to open", async () => {
    await open();
    byNight();
    const { pipeline, sweeper } = await under(stricter(stages.setup.regimes));
    const { differing } = await requalify(pipeline);
    expect(differing).toHaveLength(COUNT);
    stages.clock.pass(10);
    await sweep(sweeper);
    expect(stages.messages).toEqual([]);
    stages.clock.set(MORNING + 5 * MICROSECONDS.day);
    await sweep(sweeper);
    expect(stages.messages).toMatchObject([
      {
        event: "decision_needed",
        incident: null,
        subject: `EXERCICE : ${COUNT} incidents : votre décision est attendue`,
        link: "https://tocsin.example/incidents?etat=in_review",
      },
    ]);
    for (let i = 1; i <= COUNT; i++)
      expect(stages.messages[0]?.text).toContain(`2026-${String(i).padStart(4, "0")}`);
    stages.clock.pass(24 * 60);
    await sweep(sweeper);
    expect(stages.messages).toHaveLength(1);
  });

  it("leaves on each incident's page that its delegate was told, and in its journal", async () => {
    await open(2);
    byNight();
    const { pipeline, sweeper } = await under(stricter(stages.setup.regimes));
    await requalify(pipeline);
    stages.clock.set(MORNING + 5 * MICROSECONDS.day);
    await sweep(sweeper);
    expect((await effects()).map(({ state }) => state)).toEqual(["done", "done"]);
    for (const incident of pipeline.incidents()) {
      const entries = await stages.store.reads.journalOf("ch-exemple", incident);
      expect(entries.filter(({ type }) => type === "note.told")).toHaveLength(2);
    }
  });

  it("waits for the last of those that are evaluated by day", async () => {
    await open(3);
    stages.clock.set(MORNING + 5 * MICROSECONDS.day + 2 * MICROSECONDS.hour);
    const { pipeline, sweeper } = await under(stricter(stages.setup.regimes));
    const [first = "", ...others] = pipeline.incidents();
    await pipeline.revise([first]);
    stages.clock.set(stages.clock.now() + 50 * MICROSECONDS.second);
    await pipeline.revise(others);
    stages.clock.set(stages.clock.now() + 20 * MICROSECONDS.second);
    await sweep(sweeper);
    expect(stages.messages).toEqual([]);
    stages.clock.pass(1);
    await sweep(sweeper);
    expect(stages.messages).toHaveLength(1);
    expect(stages.messages[0]?.subject).toContain("3 incidents");
  });

  it("is told in the usual words when it is one incident, and left out when one is decided meanwhile", async () => {
    await open(2);
    byNight();
    const { pipeline, sweeper } = await under(stricter(stages.setup.regimes));
    await requalify(pipeline);
    const [gone = "", stays = ""] = pipeline.incidents();
    await pipeline.act(gone, (work) => {
      work.incident = { ...work.incident, state: "approved" };
    });
    stages.clock.set(MORNING + 5 * MICROSECONDS.day);
    await sweep(sweeper);
    expect(stages.messages).toMatchObject([
      { incident: stays, link: `https://tocsin.example/incidents/${stays}` },
    ]);
  });

  it("does not keep back what happens live meanwhile, which the morning does not repeat", async () => {
    await open(1);
    byNight();
    const { pipeline, sweeper } = await under(stricter(stages.setup.regimes));
    await requalify(pipeline);
    const [incident = ""] = pipeline.incidents();
    // Looked at again without news: the call still waits for the morning.
    await pipeline.act(incident, () => undefined);
    await sweep(sweeper);
    expect(stages.messages).toEqual([]);
    const now = stages.clock.now();
    await pipeline.act(incident, (work) => {
      const [fact] = work.facts;
      if (fact === undefined) throw new Error("no fact");
      work.facts.push({ ...fact, id: "f-live", kind: "data_altered", system: "pacs", stated: now + 1 });
    });
    await sweep(sweeper);
    expect(stages.messages.map(({ event }) => event)).toEqual(["decision_needed"]);
    stages.clock.set(MORNING + 5 * MICROSECONDS.day);
    await sweep(sweeper);
    expect(stages.messages).toHaveLength(1);
  });

  it("tells again of what waits for a decision when its verdict is another, together", async () => {
    for (const host of ["pacs-01", "dpi-01"]) {
      stages.clock.pass(5 * 60);
      const minute = (stages.clock.now() - NIGHT) / MICROSECONDS.minute;
      await stages.take({ ...DELETED, host, minute }, { ...NOTE, host, minute });
    }
    await sweep(stages.sweeper);
    stages.messages.length = 0;
    byNight();
    const advised = stages.setup.regimes.map(
      (each): Regime =>
        each.id === "sante-2022"
          ? { ...each, version: "99", criteria: each.criteria.filter(({ legal }) => !legal) }
          : each,
    );
    const { pipeline, sweeper } = await under(advised);
    await requalify(pipeline);
    stages.clock.set(MORNING + 5 * MICROSECONDS.day);
    await sweep(sweeper);
    expect(stages.messages.map(({ subject }) => subject)).toEqual([
      "EXERCICE : 2 incidents : votre décision est attendue",
    ]);
  });

  it("is told again under the same key when the receiver did not answer", async () => {
    await open(3);
    byNight();
    const { pipeline, sweeper } = await under(stricter(stages.setup.regimes));
    await requalify(pipeline);
    stages.answers.push({ outcome: "unreachable", because: "HTTP 503" });
    stages.clock.set(MORNING + 5 * MICROSECONDS.day);
    await sweep(sweeper);
    stages.clock.pass(5);
    await sweep(sweeper);
    const keys = stages.messages.map(({ key }) => key);
    expect(keys).toHaveLength(2);
    expect(new Set(keys).size).toBe(1);
  });
});
