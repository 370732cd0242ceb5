import { mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { NIGHT, samples, steppingClock } from "../../../test/support/store-samples.ts";
import { checkpointsFileOf } from "../checkpoints.ts";
import { loadSigningKey, makeSigningKey } from "../keys.ts";
import { MIGRATIONS, SCHEMA_VERSION } from "../migrations.ts";
import { openSqlite } from "../sqlite.ts";
import { verifyDatabase } from "../verify.ts";
import { openWriting } from "./connection.ts";
import { copiesOf } from "./copy-before-upgrade.ts";

let folder: string;
let file: string;
let keyFile: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tocsin-upgrade-"));
  [file, keyFile] = [join(folder, "tocsin.sqlite"), join(folder, "key.pem")];
  makeSigningKey(keyFile);
});
afterEach(() => rmSync(folder, { recursive: true }));

const open = () => openSqlite({ file, signingKey: loadSigningKey(keyFile), clock: steppingClock() });
const count = (of: string, table: string) => {
  const database = new DatabaseSync(of, { readOnly: true });
  const found = Number(database.prepare(`SELECT COUNT(*) AS found FROM ${table}`).get()?.found);
  database.close();
  return found;
};

/**
 * Makes a database of a former schema, with what this program writes at the present one: the rows of each table that it
 * had, in the columns that it had.
 */
async function former(version: number): Promise<void> {
  const store = open();
  const { alert, incident, incidentPut } = samples();
  for (let i = 0; i < 12; i++) {
    const writes = [alert(), incidentPut(incident())];
    await store.commit({ facility: "ght-nord", at: NIGHT, writes });
  }
  await store.checkpoint("ght-nord");
  await store.close();
  const present = new DatabaseSync(file);
  const older = join(folder, "older.sqlite");
  const made = new DatabaseSync(older);
  made.exec("CREATE TABLE schema_version (version BIGINT PRIMARY KEY, name TEXT NOT NULL)");
  for (const step of MIGRATIONS.filter((each) => each.version <= version)) {
    for (const sql of step.sql) made.exec(sql);
    made.prepare("INSERT INTO schema_version VALUES (?, ?)").run(step.version, step.name);
  }
  const tables = made.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").all();
  const names = tables
    .map(({ name }) => String(name))
    .filter((name) => !/^(sqlite_|schema_version)/.test(name));
  for (const name of names) {
    const had = made
      .prepare(`PRAGMA table_info(${name})`)
      .all()
      .map((column) => String(column.name));
    const has = new Set(
      present
        .prepare(`PRAGMA table_info(${name})`)
        .all()
        .map((column) => String(column.name)),
    );
    const columns = had.filter((column) => has.has(column)).join(", ");
    for (const row of present.prepare(`SELECT ${columns} FROM ${name}`).all()) {
      const values = Object.values(row);
      made
        .prepare(`INSERT INTO ${name} (${columns}) VALUES (${values.map(() => "?").join(", ")})`)
        .run(...values);
    }
  }
  made.close();
  present.close();
  rmSync(file);
  new DatabaseSync(older).close();
  const all = new DatabaseSync(older);
  all.prepare("VACUUM INTO ?").run(file);
  all.close();
  rmSync(older);
}

const FORMER = MIGRATIONS.map(({ version }) => version).filter((version) => version < SCHEMA_VERSION);

describe("a database of a former schema", () => {
  it.each(FORMER)("%i is copied first, brought up to date with its data, and verifies", async (version) => {
    await former(version);
    const entries = count(file, "journal");
    expect(entries).toBeGreaterThan(20);
    const store = open();
    expect(await store.reads.countAlerts("ght-nord")).toBe(12);
    expect(Object.values(await store.reads.countByState("ght-nord", "incident"))).toEqual([12]);
    await store.close();
    expect(count(file, "schema_version")).toBe(SCHEMA_VERSION);
    expect(count(file, "journal")).toBe(entries);
    const { publicKey } = loadSigningKey(keyFile);
    expect(verifyDatabase(file, publicKey, checkpointsFileOf(file))).toMatchObject({ ok: true });

    const [copy = "", ...more] = copiesOf(file);
    expect(more).toEqual([]);
    expect(copy).toMatch(new RegExp(`tocsin\\.sqlite\\.schema-${version}-\\d{8}T\\d{6}Z$`));
    expect(count(copy, "schema_version")).toBe(version);
    expect(count(copy, "journal")).toBe(entries);
    expect(readdirSync(folder).filter((name) => name.includes("partial"))).toEqual([]);
    open().close();
    expect(copiesOf(file)).toEqual([copy]);
  });

  it("keeps the last three copies, and what else stands there", async () => {
    await former(1);
    const stamps = ["20240101T000000Z", "20240201T000000Z", "20240301T000000Z"];
    for (const stamp of stamps) writeFileSync(`${file}.schema-9-${stamp}`, "");
    writeFileSync(`${file}.schema-mine`, "");
    await open().close();
    expect(copiesOf(file).map((copy) => copy.slice(copy.indexOf("schema-")))).toEqual([
      "schema-9-20240201T000000Z",
      "schema-9-20240301T000000Z",
      expect.stringMatching(/^schema-1-/),
    ]);
    expect(readdirSync(folder)).toContain("tocsin.sqlite.schema-mine");
  });
});

it("makes no copy of a database that is new, or of this schema", async () => {
  await open().close();
  await open().close();
  expect(copiesOf(file)).toEqual([]);
});

it("refuses a database of a newer program, saying both schemas and what to do, and changes nothing", async () => {
  await open().close();
  const newer = new DatabaseSync(file);
  newer.prepare("INSERT INTO schema_version VALUES (?, 'to come')").run(SCHEMA_VERSION + 3);
  newer.close();
  const words = new RegExp(
    `schema ${SCHEMA_VERSION + 3} was written by a newer Tocsin; this program knows ${SCHEMA_VERSION}; run the newer version`,
  );
  expect(() => openWriting(file)).toThrow(words);
  writeFileSync(`${file}.schema-2-20240101T000000Z`, "");
  expect(() => openWriting(file)).toThrow(/schema-2-20240101T000000Z\): what was written since is then lost/);
  expect(count(file, "schema_version")).toBe(SCHEMA_VERSION + 1);
});
