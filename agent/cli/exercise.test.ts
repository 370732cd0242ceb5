import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { loadConfig } from "../../config/load.ts";
import { eventually } from "../../test/support/daemon.ts";
import { command, type ExerciseHouse, startExerciseHouse } from "../../test/support/exercise-house.ts";
import { stateFiles } from "../setup.ts";
import type { Debrief } from "../stages/debrief/debrief.ts";
import { openSqliteReads } from "../store/sqlite/reads.ts";
import { findScenario, scenarioNames } from "./exercise/find-scenario.ts";

let scene: ExerciseHouse | undefined;
afterEach(async () => {
  await scene?.stop();
  scene = undefined;
});

const play = (name: string, ...more: string[]) => ["exercise", "play", name, "--yes", ...more];

/** What of each scenario that comes with the program machines alone bring about; the rest waits for people. */
const BY_MACHINE: Readonly<Record<string, readonly string[]>> = {
  "deluge-de-bruit": ["Aucun incident", "astreinte informatique", "personne déléguée"],
  "fuite-chez-un-prestataire": ["Données divulguées", "Astreinte informatique prévenue", "1 incident"],
  "messagerie-compromise": [
    "Compte compromis",
    "Action malveillante suspectée",
    "Astreinte informatique prévenue",
    "1 incident",
  ],
  "nuit-de-rancongiciel": [
    "Moyens de restauration supprimés",
    "Astreinte informatique prévenue",
    "Personne déléguée prévenue",
    "(D6)",
    "(C2)",
    "(C1)",
    "(C5)",
    "1 incident",
  ],
  "panne-du-pacs": ["Système indisponible", "1 incident"],
};

describe("a scenario that comes with the program", () => {
  it("has its expectations of machines here, each of them", () => {
    expect(scenarioNames()).toEqual(Object.keys(BY_MACHINE).sort());
  });

  it.each(Object.entries(BY_MACHINE))(
    "%s brings about through the daemon's sockets what it expects of machines, and nothing of people",
    async (name, expected) => {
      scene = await startExerciseHouse();
      const { code, said } = await scene.command(...play(name, "--at-once"));
      expect({ code, said }).toMatchObject({ code: 0, said: expect.stringContaining("Joué jusqu’au bout") });
      const debrief = await eventually("all that machines bring about", async () => {
        const now = await scene?.debrief();
        const met = now?.expectations.filter(({ outcome }) => outcome === "met").length;
        return met === expected.length ? now : undefined;
      });
      const told = debrief.expectations.filter(({ outcome }) => outcome === "met").map(({ text }) => text);
      for (const words of expected) expect(told).toContainEqual(expect.stringContaining(words));
      const rest = debrief.expectations.filter(({ outcome }) => outcome !== "met");
      expect(new Set(rest.map(({ outcome }) => outcome))).toEqual(
        new Set(rest.length > 0 ? ["waiting"] : []),
      );
      const { scenario } = findScenario(name);
      const injects = scenario?.steps.filter(({ inject }) => inject !== undefined).length;
      expect(debrief.lines.filter(({ kind }) => kind === "told")).toHaveLength(injects ?? -1);
      for (const { body } of scene.told()) expect(body).toContain("EXERCICE");
    },
  );
});

describe("tocsin exercise play", () => {
  it("plays at the speed asked for, and the record has what was sent before what came of it", async () => {
    scene = await startExerciseHouse();
    const file = join(scene.house.directory, "court.yml");
    const lines = `["<130>1 \${rfc5424} siem CEF - - - CEF:0|Exemple|EDR|4.2|vss_delete|Volume shadow copies deleted|9|shost=\${host.pacs} cs1Label=commandline cs1=vssadmin.exe delete shadows /all /quiet"]`;
    writeFileSync(
      file,
      `title: Court\nsummary: Une minute\nhosts: { pacs: { kind: imaging, otherwise: pacs-9 } }\nsteps:
  - { at: 0m, say: Bruit, noise: { lines_per_second: 10, for: 30s } }
  - { at: 30s, say: Suppression, source: syslog, lines: ${lines} }
  - { at: 1m, inject: { to: Tous, text: Que faites-vous ? } }
expectations: [{ fact: recovery_destroyed, by: 50s }, { called: delegate, by: 1s }]
`,
    );
    const { code, said } = await scene.command(...play(file, "--speed", "60"));
    expect({ code, said }).toMatchObject({
      code: 0,
      said: expect.stringContaining("301 lignes et messages"),
    });
    const debrief: Debrief = await eventually("the fact", async () => {
      const now = await scene?.debrief();
      return now?.expectations[0]?.at === null ? undefined : now;
    });
    expect(debrief.run).toMatchObject({ speed: 60, whole: true, records: 301 });
    const [fact] = debrief.expectations;
    expect((fact?.due ?? 0) - (debrief.run?.started ?? 0)).toBe(Math.round(50_000_000 / 60));
    const order = debrief.lines.map(({ kind }) => kind);
    expect(order.indexOf("played")).toBeLessThan(order.indexOf("recognised"));
  });

  it.each([
    ["a name that is none", play("nulle-part"), 2, /no such file, and no scenario of this name/],
    ["a speed that is none", play("panne-du-pacs", "--speed", "vite"), 2, /--speed vite/],
    ["nobody to ask", ["exercise", "play", "panne-du-pacs"], 2, /--yes/],
  ] as const)("refuses %s, and says so", async (_, args, code, words) => {
    scene = await startExerciseHouse();
    expect(await scene.command(...args)).toEqual({ code, said: expect.stringMatching(words) });
    await expect(scene.debrief()).rejects.toThrow("nothing was played");
  });

  it("refuses a configuration that is not in exercise mode, before anything is sent", async () => {
    scene = await startExerciseHouse("observe");
    const { code, said } = await scene.command(...play("nuit-de-rancongiciel", "--at-once"));
    expect({ code, said }).toEqual({ code: 2, said: expect.stringContaining("mode observe") });
    expect(await scene.app.desk.incidents({ limit: 10 })).toEqual([]);
  });

  it("refuses a daemon that runs in another mode than its configuration now says", async () => {
    scene = await startExerciseHouse("observe");
    const { config } = scene.house;
    const text = readFileSync(config, "utf8").replace("mode: observe", "mode: exercise");
    writeFileSync(config, text);
    const { code, said } = await scene.command(...play("nuit-de-rancongiciel", "--at-once"));
    expect({ code, said }).toEqual({ code: 2, said: expect.stringContaining("n’est pas en mode exercise") });
    expect(await scene.app.desk.incidents({ limit: 10 })).toEqual([]);
  });

  it("refuses a record that was kept in another mode once", async () => {
    scene = await startExerciseHouse();
    const content = { first: false, change: { facility: { added: [], removed: [], changed: ["mode"] } } };
    await scene.app.store.commit({
      facility: scene.app.desk.facility.id,
      at: 1,
      writes: [{ write: "note", what: "settings", incident: null, content }],
    });
    const { code, said } = await scene.command(...play("nuit-de-rancongiciel", "--at-once"));
    expect({ code, said }).toEqual({ code: 2, said: expect.stringContaining("tenu dans un autre mode") });
  });

  it("refuses when no daemon answers", async () => {
    scene = await startExerciseHouse();
    await scene.app.stop();
    const { code, said } = await scene.command(...play("nuit-de-rancongiciel", "--at-once"));
    expect({ code, said }).toEqual({ code: 2, said: expect.stringContaining("aucun démon ne répond") });
  });
});

describe("tocsin exercise house", () => {
  it("makes a second house of a real one: everything is kept but ports, sources, ways out and record", async () => {
    scene = await startExerciseHouse("observe");
    const { config, directory, accounts } = scene.house;
    const live = readFileSync(config, "utf8").replace("mode: observe", "mode: live");
    writeFileSync(config, live);
    const { code, said } = await command(["exercise", "house", "--config", config]);
    expect({ code, said }).toMatchObject({ code: 0, said: expect.stringContaining("2 compte(s)") });
    const { loaded, problems } = loadConfig(join(directory, "exercice.yml"));
    expect(problems).toBeUndefined();
    const real = loadConfig(config).loaded;
    expect(loaded?.config).toMatchObject({ mode: "exercise", tools: [] });
    expect(loaded?.config.systems).toEqual(real?.config.systems);
    expect(loaded?.config.notify).toEqual(real?.config.notify);
    expect(loaded?.config.outbound.map(({ connector }) => connector)).not.toContain("portal-http");
    expect(loaded?.stateDirectory).not.toBe(real?.stateDirectory);
    const ports = (from: typeof loaded) =>
      Object.values(from?.config.listeners ?? {}).map(({ port }) => port);
    expect(ports(loaded).filter((port) => ports(real).includes(port))).toEqual([]);
    const ids = real?.config.sources.map(({ id }) => id);
    expect(loaded?.config.sources.filter(({ id }) => ids?.includes(id))).toEqual([]);

    const files = stateFiles(loaded?.stateDirectory ?? "");
    const reads = openSqliteReads(files.database);
    const anne = await reads.accountByLogin("ch-exemple", "anne.martin");
    expect(anne?.content.id).toBe(accounts["anne.martin"].id);
    expect((await reads.credentials("ch-exemple", anne?.content.id ?? ""))?.totp).toBe(
      accounts["anne.martin"].totp,
    );
    await reads.close();

    const again = await command(["exercise", "house", "--config", config]);
    expect(again).toEqual({ code: 2, said: expect.stringContaining("exists already") });
  });
});
