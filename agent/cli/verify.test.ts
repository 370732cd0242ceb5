import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { Command } from "commander";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { NIGHT, samples, steppingClock } from "../../test/support/store-samples.ts";
import { writeBundle } from "../store/bundle.ts";
import { checkpointsFileOf } from "../store/checkpoints.ts";
import { makeSigningKey } from "../store/keys.ts";
import { openSqlite } from "../store/sqlite.ts";
import { verifyCommand } from "./verify.ts";

const FACILITY = "ght-nord";
let folder: string;
const path = (name: string) => join(folder, name);

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "tocsin-cli-"));
  const key = makeSigningKey(path("key.pem"));
  makeSigningKey(path("other.pem"));
  const store = openSqlite({ file: path("intact.db"), signingKey: key, clock: steppingClock() });
  const make = samples();
  const incident = make.incident();
  await store.commit({ facility: FACILITY, at: NIGHT, writes: [make.alert(), make.incidentPut(incident)] });
  await store.commit({
    facility: FACILITY,
    at: NIGHT,
    writes: [{ write: "join", incident: incident.id, detections: [1] }],
  });
  await store.checkpoint(FACILITY);
  const bytes = await writeBundle({
    reads: store.reads,
    facility: FACILITY,
    incident: incident.id,
    created: NIGHT,
    exercise: false,
    key,
  });
  writeFileSync(path("intact.json"), bytes);
  writeFileSync(path("altered.json"), bytes.toString().replace("PACS", "PACs"));
  writeFileSync(path("cut.json"), bytes.subarray(0, 100));
  writeFileSync(path("text.json"), "{}");
  await store.close();
  copyFileSync(path("intact.db"), path("altered.db"));
  copyFileSync(checkpointsFileOf(path("intact.db")), checkpointsFileOf(path("altered.db")));
  const database = new DatabaseSync(path("altered.db"));
  database.exec("UPDATE records SET content = replace(content, 'PACS', 'PACs')");
  database.close();
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => {
  vi.restoreAllMocks();
  process.exitCode = undefined;
});

/** Runs the command as a person types it. */
async function run(...words: string[]): Promise<{ out: string; exitCode: unknown }> {
  const written: string[] = [];
  vi.spyOn(process.stdout, "write").mockImplementation((chunk) => written.push(String(chunk)) > 0);
  const program = new Command("tocsin");
  verifyCommand(program);
  await program.parseAsync(["verify", ...words.map((word) => (word.includes(".") ? path(word) : word))], {
    from: "user",
  });
  vi.restoreAllMocks();
  return { out: written.join(""), exitCode: process.exitCode };
}

describe("tocsin verify", () => {
  it.each([
    [
      "an intact bundle with its key",
      ["intact.json", "--key", "key.pem"],
      0,
      /^Dossier intact : signé par la clé [0-9a-f]{16}, celle/,
    ],
    [
      "an intact bundle without a key",
      ["intact.json"],
      0,
      /^Dossier intact .* à comparer avec celle de l'établissement\./,
    ],
    ["an altered bundle", ["altered.json"], 1, /^ALTÉRÉ : /],
    ["a cut bundle", ["cut.json"], 1, /^ALTÉRÉ : le dossier est endommagé/],
    [
      "a bundle of another key",
      ["intact.json", "--key", "other.pem"],
      1,
      /^ALTÉRÉ : .* pas par celle de l'établissement/,
    ],
    [
      "a file that is no bundle",
      ["text.json"],
      2,
      /^VÉRIFICATION IMPOSSIBLE : ce fichier n'est pas un dossier/,
    ],
    ["a missing bundle", ["missing.json"], 2, /^VÉRIFICATION IMPOSSIBLE : .*introuvable/],
    ["a missing key", ["intact.json", "--key", "missing.pem"], 2, /^VÉRIFICATION IMPOSSIBLE : /],
    ["nothing", [], 2, /^VÉRIFICATION IMPOSSIBLE : rien à vérifier/],
    [
      "an intact database",
      ["--database", "intact.db", "--key", "key.pem"],
      0,
      /^Journal intact : 3 entrée\(s\), 1 établissement/,
    ],
    [
      "an altered database",
      ["--database", "altered.db", "--key", "key.pem"],
      1,
      /^ALTÉRÉ : première entrée rompue n° 2 : la fiche/,
    ],
    ["a database without a key", ["--database", "intact.db"], 2, /clé de l'établissement manque/],
    [
      "a missing database",
      ["--database", "missing.db", "--key", "key.pem"],
      2,
      /^VÉRIFICATION IMPOSSIBLE : /,
    ],
    [
      "a file that is no database",
      ["--database", "key.pem", "--key", "key.pem"],
      2,
      /^VÉRIFICATION IMPOSSIBLE : /,
    ],
  ] as const)("answers %s", async (_what, words, exitCode, verdict) => {
    const answer = await run(...words);
    expect(answer.out.split("\n")[0]).toMatch(verdict);
    expect(answer.exitCode).toBe(exitCode);
  });

  it("always says what it does not prove", async () => {
    for (const words of [["intact.json"], ["--database", "intact.db", "--key", "key.pem"]]) {
      expect((await run(...words)).out).toMatch(
        /Cette vérification ne prouve pas :\n(- .*\n)*- que les événements rapportés/,
      );
    }
  });

  it("prints data with --json", async () => {
    const { out } = await run("--database", "altered.db", "--key", "key.pem", "--json");
    expect(JSON.parse(out)).toMatchObject({
      ok: false,
      facilities: [{ facility: FACILITY, entries: 3, firstBroken: { seq: 2, code: "record_differs" } }],
    });
  });

  it("leaves what it verifies as it was", async () => {
    const before = readFileSync(path("intact.db"));
    await run("--database", "intact.db", "--key", "key.pem");
    expect(readFileSync(path("intact.db"))).toEqual(before);
  });
});
