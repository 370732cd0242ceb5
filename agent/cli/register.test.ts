import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { anIncident, NIGHT } from "../../test/support/incident.ts";
import { makeSigningKey } from "../store/keys.ts";
import { openSqlite } from "../store/sqlite.ts";
import type { Store } from "../store/store.ts";
import { run } from "./program.ts";

let folder: string;
let store: Store;
let config: string;
let out: string;
let errors: string;

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "tocsin-register-"));
  config = join(folder, "tocsin.yml");
  writeFileSync(
    config,
    "facility: { id: chv, name: CH du Val, kind: etablissement_de_sante, time_zone: Europe/Paris }\nmode: exercise\nstate_directory: state\n",
  );
  mkdirSync(join(folder, "state"));
  const signingKey = makeSigningKey(join(folder, "key.pem"));
  // Open all along, as a daemon beside has it.
  store = openSqlite({
    file: join(folder, "state", "tocsin.sqlite"),
    signingKey,
    clock: { now: () => NIGHT },
  });
  const content = anIncident({ facility: "chv", because: "=1+1", state: "closed" });
  const record = {
    write: "record",
    kind: "incident",
    revision: 1,
    incident: content.id,
    state: "closed",
  } as const;
  await store.commit({ facility: "chv", at: NIGHT, writes: [{ ...record, id: content.id, content }] });
  out = "";
  errors = "";
  vi.spyOn(process.stdout, "write").mockImplementation((text) => {
    out += String(text);
    return true;
  });
  vi.spyOn(process.stderr, "write").mockImplementation((text) => {
    errors += String(text);
    return true;
  });
});
afterEach(async () => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

const register = (...args: string[]) => run(["node", "tocsin", "register", ...args, "--config", config]);

describe("register export", () => {
  it("writes CSV without formulas beside a daemon that runs, and nothing into its store", async () => {
    const before = await store.reads.journalEnd("chv");
    await register("export", "--year", "2026");
    expect(errors).toBe("");
    expect(out).toMatch(/^Nature,Référence/);
    expect(out).toContain(`"'=1+1"`);
    expect(await store.reads.journalEnd("chv")).toEqual(before);
  });

  it.each([
    { year: "2026", count: 1 },
    { year: "2025", count: 0 },
  ])("of $year as JSON holds $count line(s)", async ({ year, count }) => {
    await register("export", "--year", year, "--format", "json");
    expect(JSON.parse(out).lines).toHaveLength(count);
  });

  it("writes a file with a byte order mark when asked", async () => {
    const file = join(folder, "registre.csv");
    await register("export", "--year", "2026", "--bom", "--output", file);
    expect(out).toBe("");
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
    expect(errors).toBe("");
    expect(out).toMatch(/^Rapport de l'auditeur 2026, .* journal lu jusqu'au n° 1\./);
    expect(out).toContain("Surveillés, clos sans suite : 1");
  });

  it("is data with --json", async () => {
    await register("report", "--year", "2026", "--json");
    expect(JSON.parse(out)).toMatchObject({ year: 2026, head: 1, figures: { total: { watched: 1 } } });
  });
});
