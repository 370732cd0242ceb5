import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { openStages, type Stages } from "../test/support/pipeline.ts";
import { requalifyWhenDue } from "./requalify-when-due.ts";

describe("an evaluation under other law packs", () => {
  let stages: Stages;
  beforeEach(async () => {
    stages = await openStages({});
  });
  afterEach(() => stages.close());

  async function run(fails: boolean) {
    const said: string[] = [];
    const say = (message: string) => void said.push(message);
    const log = { debug: say, info: say, warn: say, error: say } as never;
    const { store, setup, clock, pipeline } = stages;
    const commit: typeof store.commit = async (unit) => {
      if (fails && unit.writes.some(({ write }) => write === "bookmark") && said.length > 0)
        throw new Error("disk full");
      return store.commit(unit);
    };
    const parts = { store: { ...store, commit }, setup, clock, log, woken: () => say("woken") };
    const { stop } = await requalifyWhenDue(pipeline, parts);
    await expect.poll(() => said.length).toBeGreaterThan(1);
    await stop();
    return said;
  }

  it("is said to be done, once it is, and done once", async () => {
    expect(await run(false)).toEqual([
      "other law packs in force",
      "every dossier evaluated under the law packs in force",
      "woken",
    ]);
  });

  it("is said to be tried again when what was done cannot be noted, and ends nothing else", async () => {
    expect(await run(true)).toEqual([
      "other law packs in force",
      "dossiers not all evaluated anew; tried again at the next start",
    ]);
  });
});
