import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { loadConfig } from "../../config/load.ts";
import { assetsCommand } from "./assets.ts";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tocsin-assets-"));
  writeFileSync(
    join(folder, "tocsin.yml"),
    `facility: { id: ch-x, name: CH X, kind: autre }
mode: observe
systems:
  - { id: pacs, name: PACS, kind: imaging, cidrs: [192.0.2.0/24], degraded_after_minutes: 0 }
  - { id: ad, name: AD, kind: directory, hosts: ["dc*", srv-main] }
assets:
  rules:
    - { system: pacs, groups: ["imagerie*"] }
    - { system: ad, names: ["adm-*"], locations: ["*> salle 1"] }
    - { system: ad, names: ["img-ad*"] }
    - { system: ad, cidrs: [198.51.100.0/24] }
`,
  );
});
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
  rmSync(folder, { recursive: true, force: true });
});

async function assets(...args: string[]) {
  const said: Record<"stdout" | "stderr", string> = { stdout: "", stderr: "" };
  for (const stream of ["stdout", "stderr"] as const)
    vi.spyOn(process[stream], "write").mockImplementation((text) => {
      said[stream] += String(text);
      return true;
    });
  const program = new Command("tocsin").exitOverride();
  assetsCommand(program);
  await program.parseAsync(["node", "tocsin", "assets", ...args, "--config", join(folder, "tocsin.yml")]);
  vi.restoreAllMocks();
  return { code: process.exitCode, ...said };
}

/** Imports rows of the table `name;groups;addresses;location;system`. */
async function importRows(rows: readonly string[], ...options: string[]) {
  const file = join(folder, "export.csv");
  writeFileSync(file, `name;groups;addresses;location;system\n${rows.map((row) => `${row}\n`).join("")}`);
  const { code, stdout, stderr } = await assets("import", file, "--from", "csv", "--json", ...options);
  return { code, stderr, report: stdout === "" ? undefined : JSON.parse(stdout) };
}
const written = () => join(folder, "assets/csv.yml");
const found = (list: { name: string; system: string | null }[]) =>
  list.map(({ name, system }) => `${name} ${system}`);

describe("assets import", () => {
  it.each([
    ["that the export names", "x;;;;ad", "ad"],
    ["of a group", "x;Imagerie Nord;;;", "pacs"],
    ["of a name and a place together", "adm-1;;;Bât A > Salle 1;", "ad"],
    ["of a network of a rule", "x;;198.51.100.7;;", "ad"],
    ["that claims the name in the configuration", "DC01;;;;", "ad"],
    ["that claims the address in the configuration", "x;;192.0.2.7;;", "pacs"],
    ["of the rule rather than of the network that the address is in", "adm-1;;192.0.2.7;A > Salle 1;", "ad"],
  ])("finds the system %s", async (_, row, system) => {
    const { report, code } = await importRows([row]);
    expect(report.added).toMatchObject([{ system }]);
    expect(code).toBe(0);
  });

  it.each([
    ["half of a rule", "adm-1;;;Bât B;"],
    ["no rule", "x;Bureautique;203.0.113.1;;"],
  ])("keeps a machine that satisfies %s, without a system", async (_, row) => {
    const { report, code } = await importRows([row]);
    expect(report.unplaced).toHaveLength(1);
    expect([code, report.conflicts, report.refused]).toEqual([0, [], []]);
  });

  it("tells the groups that no rule names, the largest first", async () => {
    const { report } = await importRows(["a;Bureau;;;", "b;Bureau|Accueil;;;", "c;Imagerie;;;"]);
    expect(report.unknown_groups).toEqual([
      { group: "Bureau", hosts: 2 },
      { group: "Accueil", hosts: 1 },
    ]);
  });

  it("writes nothing unless it is told to, and then what the configuration reads", async () => {
    const rows = ["srv-1;Imagerie;192.0.2.1;;", "pc-1;Bureau;;Accueil;"];
    expect((await importRows(rows)).report.written).toBe(false);
    expect(existsSync(join(folder, "assets"))).toBe(false);
    expect((await importRows(rows, "--write")).report).toMatchObject({ written: true, file: written() });
    expect(loadConfig(join(folder, "tocsin.yml"), null).loaded?.assets).toMatchObject([
      { name: "pc-1", system: null, groups: ["Bureau"], location: "Accueil" },
      { name: "srv-1", system: "pacs", addresses: ["192.0.2.1"] },
    ]);
  });

  it("changes nothing when the same is imported twice, in whatever order", async () => {
    await importRows(["a;Imagerie;;;", "b;;;;ad"], "--write");
    const before = readFileSync(written(), "utf8");
    const { report } = await importRows(["b;;;;ad", "a;Imagerie;;;"], "--write");
    expect(report).toMatchObject({ added: [], changed: [], gone: [], same: 2 });
    expect(readFileSync(written(), "utf8")).toBe(before);
  });

  it("says what was added, what changed and what is gone since the last one", async () => {
    await importRows(["a;Imagerie;;;", "b;;192.0.2.2;;", "c;;;;ad"], "--write");
    const { report } = await importRows(["A;;;;ad", "b;;192.0.2.2;;", "d;;;;"]);
    expect(found(report.added)).toEqual(["d null"]);
    expect(report.changed).toMatchObject([
      { before: { system: "pacs" }, after: { name: "A", system: "ad" } },
    ]);
    expect(report.changed[0].what).toEqual(["name", "system", "groups"]);
    expect(found(report.gone)).toEqual(["c ad"]);
    expect(report.same).toBe(1);
  });

  it.each<[string, string[], string]>([
    [
      "two rules",
      ["img-ad-1;Imagerie;;;"],
      'assets.rules.0 gives it to "pacs", assets.rules.2 gives it to "ad"',
    ],
    [
      "the configuration and the export",
      ["SRV-MAIN;;;;pacs"],
      '"SRV-MAIN" would go to "pacs", and "ad" claims it at',
    ],
    [
      "two machines of one address",
      ["a;;203.0.113.1;;ad", "b;;203.0.113.1;;pacs"],
      '"203.0.113.1" would go to "pacs", and "ad" claims it at',
    ],
  ])("leaves a machine without a system when %s disagree, and tells both", async (_, rows, message) => {
    const { report, code } = await importRows(rows, "--write");
    expect(report.conflicts).toEqual([
      expect.objectContaining({ message: expect.stringContaining(message) }),
    ]);
    expect(report.unplaced).toHaveLength(1);
    expect(code).toBe(1);
    expect(loadConfig(join(folder, "tocsin.yml"), null).problems).toBeUndefined();
  });

  it("sees what another inventory says of the same machine", async () => {
    await importRows(["a;;203.0.113.1;;ad"], "--write", "--name", "autre");
    const { report } = await importRows(["A;;;;pacs"], "--write");
    expect(report.conflicts).toHaveLength(1);
    expect(report.conflicts[0].message).toMatch(/"ad" claims it at .*autre\.yml:4:5$/);
  });

  it("refuses lines one by one, and keeps the others", async () => {
    const long = "h".repeat(60_000);
    const { report, code } = await importRows([
      "a;;;;nope",
      `${long};;;;`,
      "b;;10.300.1.1;;",
      "c;;;;",
      "C;;;;",
    ]);
    expect(report.refused.map(({ where }: { where: string }) => where.replace(/^.*csv:/, ""))).toEqual([
      "3:1",
      "4:1",
      "6:1",
      "2:1",
    ]);
    expect(found(report.added)).toEqual(["c null"]);
    expect(code).toBe(1);
  });

  it.each<[string, string[], string]>([
    [
      "a format it does not know",
      ["--from", "ocs"],
      "--from ocs: one of glpi, centreon, wazuh, netbox, csv, json",
    ],
    ["a name that is a path", ["--from", "csv", "--name", "../x"], "--name ../x: lower-case letters"],
    ["an export of another tool", ["--from", "wazuh"], "no machine was read; nothing was compared"],
  ])("does not try %s", async (_, options, said) => {
    const file = join(folder, "export.csv");
    writeFileSync(file, "name\na\n");
    const { code, stderr } = await assets("import", file, ...options);
    expect([code, stderr]).toEqual([2, expect.stringContaining(said)]);
  });

  it("takes no page of an export for the whole: machines would be gone", async () => {
    const file = join(folder, "netbox.json");
    writeFileSync(file, JSON.stringify({ count: 9, results: [{ name: "a" }] }));
    const { code, stderr } = await assets("import", file, "--from", "netbox", "--write");
    expect([code, stderr]).toEqual([2, expect.stringContaining("1 machines of 9")]);
    expect(existsSync(join(folder, "assets"))).toBe(false);
  });

  it("shows the beginning of each part to people", async () => {
    const file = join(folder, "export.csv");
    writeFileSync(file, `name\n${Array.from({ length: 30 }, (_, i) => `pc-${i}\n`).join("")}`);
    const { stdout } = await assets("import", file, "--from", "csv");
    expect(stdout).toContain("added: 30\n  + pc-0 → (no system)\n");
    expect(stdout).toContain("  … and 10 more (--json has them all)\n");
    expect(stdout).toMatch(/nothing was written; --write would write .*csv\.yml\n$/);
  });

  it("takes 5,000 machines in", async () => {
    const rows = Array.from({ length: 5000 }, (_, i) => `pc-${i};Imagerie;10.1.${i >> 8}.${i & 255};;`);
    const { report } = await importRows(rows, "--write");
    expect(report.added).toHaveLength(5000);
    expect(loadConfig(join(folder, "tocsin.yml"), null).loaded?.assets).toHaveLength(5000);
  });
});

it("assets list marks what only the kind of a system says of it", async () => {
  await importRows(["a;Imagerie;;;", "b;;;;"], "--write");
  const { stdout } = await assets("list");
  expect(stdout).toContain(
    "pacs  PACS [imaging]: care-critical (by default), health data (by default), never to paper, restored within 240 min (by default); 1 name(s) or network(s), 1 machine(s) imported\n",
  );
  expect(stdout).toContain("1 machine(s) imported without a system");
});
