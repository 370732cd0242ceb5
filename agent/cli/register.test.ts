import { readFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { commandScene, openHouse } from "../../test/support/command-scene.ts";
import { anIncident, NIGHT } from "../../test/support/incident.ts";
import type { Store } from "../store/store.ts";
import { run } from "./program.ts";

const scene = commandScene("register");
let store: Store;

beforeEach(async () => {
  store = openHouse(scene);
  const content = anIncident({ facility: "chv", because: "=1+1", state: "closed" });
  const record = {
    write: "record",
    kind: "incident",
    revision: 1,
    incident: content.id,
    state: "closed",
  } as const;
  await store.commit({ facility: "chv", at: NIGHT, writes: [{ ...record, id: content.id, content }] });
});
afterEach(() => store.close());

const printed = () => String(Buffer.concat(scene.out));
const register = (...args: string[]) =>
  run(["node", "tocsin", "register", ...args, "--config", scene.config]);

describe("register export", () => {
  it("writes CSV without formulas beside a daemon that runs, and nothing into its store", async () => {
    const before = await store.reads.journalEnd("chv");
    await register("export", "--year", "2026");
    expect(scene.errors).toBe("");
    expect(printed()).toMatch(/^Nature,Référence/);
    expect(printed()).toContain(`"'=1+1"`);
    expect(await store.reads.journalEnd("chv")).toEqual(before);
  });

  it.each([
    { year: "2026", count: 1 },
    { year: "2025", count: 0 },
  ])("of $year as JSON holds $count line(s)", async ({ year, count }) => {
    await register("export", "--year", year, "--format", "json");
    expect(JSON.parse(printed()).lines).toHaveLength(count);
  });

  it("writes a file with a byte order mark when asked", async () => {
    const file = join(scene.folder, "registre.csv");
    await register("export", "--year", "2026", "--bom", "--output", file);
    expect(printed()).toBe("");
    expect(readFileSync(file, "utf8").startsWith("\uFEFFNature")).toBe(true);
  });

  it.each([
    ["--year", "20xx"],
    ["--format", "xml"],
  ])("refuses %s %s as a wrong use", async (option, value) => {
    await register("export", option, value);
    expect(process.exitCode).toBe(2);
  });
});

describe("register report", () => {
  it("tells the year in French, with entries of the journal", async () => {
    await register("report", "--year", "2026");
    expect(scene.errors).toBe("");
    expect(printed()).toMatch(/^Rapport de l'auditeur 2026, .* journal lu jusqu'au n° 1\./);
    expect(printed()).toContain("Surveillés, clos sans suite : 1");
  });

  it("is data with --json", async () => {
    await register("report", "--year", "2026", "--json");
    expect(JSON.parse(printed())).toMatchObject({ year: 2026, head: 1, figures: { total: { watched: 1 } } });
  });
});
