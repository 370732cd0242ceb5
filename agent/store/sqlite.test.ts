import { copyFileSync, mkdtempSync, renameSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { storeContract } from "../../test/contract/store.contract.ts";
import { sampleRing } from "../../test/support/key-ring.ts";
import { NIGHT, samples, steppingClock } from "../../test/support/store-samples.ts";
import { storeClient } from "./client.ts";
import { loadSigningKey, makeSigningKey } from "./keys.ts";
import { openReading, openWriting } from "./sqlite/connection.ts";
import { openSqliteReads } from "./sqlite/reads.ts";
import { openSqliteWriter } from "./sqlite/writer.ts";
import { openSqlite } from "./sqlite.ts";
import { startStoreThread } from "./thread.ts";

const threadIn = ({ file, keyFile }: { file: string; keyFile: string }) => ({
  record: { engine: "sqlite" as const, file },
  keyFile,
});

function newFolder(): { file: string; keyFile: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), "tocsin-store-"));
  return {
    file: join(folder, "tocsin.db"),
    keyFile: join(folder, "key.pem"),
    remove: () => rmSync(folder, { recursive: true }),
  };
}

storeContract("SQLite in this process", async () => {
  const { file, keyFile, remove } = newFolder();
  const store = openSqlite({ file, signingKey: makeSigningKey(keyFile), clock: steppingClock() });
  return { store, dispose: () => store.close().then(remove) };
});

storeContract("SQLite that encrypts", async () => {
  const { file, keyFile, remove } = newFolder();
  const ring = sampleRing();
  const store = openSqlite({ file, signingKey: makeSigningKey(keyFile), clock: steppingClock(), ring });
  return { store, dispose: () => store.close().then(remove) };
});

storeContract("SQLite in the store thread", async () => {
  const { file, keyFile, remove } = newFolder();
  makeSigningKey(keyFile);
  const thread = await startStoreThread({ record: { engine: "sqlite", file }, keyFile });
  const store = storeClient(thread.connect(), openSqliteReads(file));
  return {
    store,
    async dispose() {
      await store.close();
      await thread.stop();
      remove();
    },
  };
});

storeContract("SQLite in the store thread, encrypting", async () => {
  const { file, keyFile, remove } = newFolder();
  makeSigningKey(keyFile);
  const ring = sampleRing();
  const thread = await startStoreThread({ record: { engine: "sqlite", file, ring }, keyFile });
  const store = storeClient(thread.connect(), openSqliteReads(file, ring));
  return {
    store,
    async dispose() {
      await store.close();
      await thread.stop();
      remove();
    },
  };
});

describe("SQLite store", () => {
  let folder: ReturnType<typeof newFolder>;
  beforeEach(() => {
    folder = newFolder();
  });
  afterEach(() => folder.remove());

  const open = () =>
    openSqlite({ file: folder.file, signingKey: makeSigningKey(folder.keyFile), clock: steppingClock() });
  const reopen = () =>
    openSqlite({ file: folder.file, signingKey: loadSigningKey(folder.keyFile), clock: steppingClock() });

  it("keeps its file to its own account", async () => {
    const store = open();
    await store.commit({ facility: "a", at: NIGHT, writes: [samples().alert()] });
    for (const suffix of ["", "-wal", ".checkpoints.jsonl"]) {
      expect(statSync(`${folder.file}${suffix}`).mode & 0o777).toBe(0o600);
    }
    await store.close();
  });

  it("goes on with numbers and chain after it was closed", async () => {
    const make = samples();
    const store = open();
    await store.commit({ facility: "a", at: NIGHT, writes: [make.alert({}, 2), make.alert({}, 0)] });
    await store.close();
    const again = reopen();
    await again.commit({ facility: "a", at: NIGHT, writes: [make.alert({}, 1)] });
    const seqs = (await again.reads.detectionsAfter("a", 0, 10)).map(({ detection }) => detection.seq);
    const [one, two] = await again.reads.journal("a", 1, 10);
    await again.close();
    expect(seqs).toEqual([1, 2, 3]);
    expect(two?.previous).toBe(one?.hash);
  });

  it("extends the chain where another process left it", async () => {
    const make = samples();
    const daemon = open();
    const command = reopen();
    for (const store of [daemon, command, daemon, command, daemon]) {
      await store.commit({ facility: "a", at: NIGHT, writes: [make.alert()] });
    }
    const entries = await daemon.reads.journal("a", 1, 10);
    await daemon.close();
    await command.close();
    expect(entries.map(({ seq }) => seq)).toEqual([1, 2, 3, 4, 5]);
    expect(entries.slice(1).map(({ previous }) => previous)).toEqual(
      entries.slice(0, -1).map(({ hash }) => hash),
    );
  });

  it("puts the alerts of many units that arrive together behind one entry", async () => {
    const make = samples();
    const store = open();
    await Promise.all(
      Array.from({ length: 50 }, () => store.commit({ facility: "a", at: NIGHT, writes: [make.alert()] })),
    );
    const entries = await store.reads.journal("a", 1, 10);
    await store.close();
    expect(entries).toHaveLength(1);
    expect(JSON.parse(entries[0]?.content ?? "").digests).toHaveLength(50);
  });

  it("fails a malformed unit alone", () => {
    const writer = openSqliteWriter({
      file: folder.file,
      signingKey: makeSigningKey(folder.keyFile),
      clock: steppingClock(),
    });
    const broken = {
      write: "ticket",
      hash: undefined as unknown as string,
      account: "a",
      expires: 1,
    } as const;
    const fine = { write: "note", what: "fine", incident: null, content: "{}" } as const;
    const done = writer.commitGroup([
      { facility: "a", at: NIGHT, writes: [fine, broken] },
      { facility: "a", at: NIGHT, writes: [fine] },
    ]);
    writer.close();
    expect(done.map(({ outcome }) => outcome)).toEqual(["failed", "committed"]);
    const reads = openReading(folder.file);
    expect(reads.prepare("SELECT COUNT(*) AS count FROM journal").get()).toEqual({ count: 1 });
    reads.close();
  });

  it("commits nothing of a group that SQLite fails, and is whole again at the next", () => {
    const writer = openSqliteWriter({
      file: folder.file,
      signingKey: makeSigningKey(folder.keyFile),
      clock: steppingClock(),
    });
    const note = (at: number) => ({
      facility: "a",
      at,
      writes: [{ write: "note" as const, what: "n", incident: null, content: "{}" }],
    });
    writer.commitGroup([note(1)]);
    const other = new DatabaseSync(folder.file);
    other.exec(
      "CREATE TRIGGER broken BEFORE INSERT ON journal WHEN NEW.at = 2 BEGIN SELECT RAISE(FAIL, 'disk') ; END",
    );
    other.exec("ALTER TABLE journal_contents RENAME TO gone");
    expect(() => writer.commitGroup([note(3), note(4)])).toThrow(
      expect.objectContaining({ code: "store_failed" }),
    );
    other.exec("ALTER TABLE gone RENAME TO journal_contents");
    other.exec("DROP TRIGGER broken");
    expect(writer.commitGroup([note(5)])).toEqual([{ outcome: "committed", alerts: [] }]);
    writer.close();
    expect(other.prepare("SELECT seq, at FROM journal ORDER BY seq").all()).toEqual([
      { seq: 1, at: 1 },
      { seq: 2, at: 5 },
    ]);
    other.close();
  });

  it.each([
    ["removed", (file: string) => rmSync(file)],
    ["moved away", (file: string) => renameSync(file, `${file}.old`)],
    [
      "replaced by its copy",
      (file: string) => {
        copyFileSync(file, `${file}.copy`);
        renameSync(`${file}.copy`, file);
      },
    ],
    ["left without its write-ahead log", (file: string) => rmSync(`${file}-wal`)],
  ])("acknowledges nothing once its file is %s, and goes on refusing", async (_what, tamper) => {
    const make = samples();
    const store = open();
    const commit = () => store.commit({ facility: "a", at: NIGHT, writes: [make.alert()] });
    expect(await commit()).toMatchObject({ outcome: "committed" });
    tamper(folder.file);
    const group = await Promise.allSettled([commit(), commit()]);
    expect(group).toMatchObject(
      Array(2).fill({ status: "rejected", reason: { code: "store_gone", remedy: expect.any(String) } }),
    );
    await expect(commit()).rejects.toMatchObject({ code: "store_gone" });
    await expect(store.close()).rejects.toMatchObject({ code: "store_gone" });
  });

  it("refuses a database that a newer program wrote, in both directions of opening", () => {
    const database = openWriting(folder.file);
    database.exec("INSERT INTO schema_version (version, name) VALUES (9999, 'future')");
    database.close();
    const newer = expect.objectContaining({
      code: "store_newer",
      remedy: expect.stringContaining("newer version"),
    });
    expect(() => openWriting(folder.file)).toThrow(newer);
    expect(() => openSqliteReads(folder.file)).toThrow(newer);
  });

  it("says that a file is no database, and that one is missing", () => {
    expect(() => openSqliteReads(folder.file)).toThrow(expect.objectContaining({ code: "store_missing" }));
    makeSigningKey(folder.file);
    expect(() => openWriting(folder.file)).toThrow(expect.objectContaining({ code: "store_unreadable" }));
  });

  it("begins every table, unique key and index with the facility", () => {
    const database = openWriting(folder.file);
    const tables = database
      .prepare(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN ('schema_version', 'data_keys')",
      )
      .all()
      .map(({ name }) => String(name));
    expect(tables.length).toBeGreaterThan(10);
    for (const table of tables) {
      expect(database.prepare(`SELECT name FROM pragma_table_info('${table}')`).get()).toEqual({
        name: "facility",
      });
      for (const { name } of database.prepare(`SELECT name FROM pragma_index_list('${table}')`).all()) {
        const first = database.prepare(`SELECT name FROM pragma_index_info('${name}') WHERE seqno = 0`).get();
        expect([name, first?.name]).toEqual([name, "facility"]);
      }
    }
    database.close();
  });
});

describe("store thread", () => {
  let folder: ReturnType<typeof newFolder>;
  beforeEach(() => {
    folder = newFolder();
  });
  afterEach(() => folder.remove());

  it("says what prevents it from starting", async () => {
    await expect(startStoreThread(threadIn(folder))).rejects.toMatchObject({ code: "key_missing" });
  });

  it("says over its ports that the database is gone", async () => {
    makeSigningKey(folder.keyFile);
    const make = samples();
    const thread = await startStoreThread(threadIn(folder));
    const client = storeClient(thread.connect(), openSqliteReads(folder.file));
    const commit = () => client.commit({ facility: "a", at: NIGHT, writes: [make.alert()] });
    await commit();
    rmSync(folder.file);
    await expect(commit()).rejects.toMatchObject({ code: "store_gone" });
    await client.close();
    await thread.stop();
    expect(await thread.ended).toBeUndefined();
  });

  it("commits what was asked before it is stopped, from every port, and signs it", async () => {
    makeSigningKey(folder.keyFile);
    const make = samples();
    const thread = await startStoreThread(threadIn(folder));
    const clients = [1, 2, 3].map(() => storeClient(thread.connect(), openSqliteReads(folder.file)));
    const commits = clients.map((client) =>
      client.commit({ facility: "a", at: NIGHT, writes: [make.alert()] }),
    );
    await Promise.resolve();
    await thread.stop();
    expect((await Promise.all(commits)).map(({ outcome }) => outcome)).toEqual(Array(3).fill("committed"));
    const reads = openSqliteReads(folder.file);
    expect(await reads.countAlerts("a")).toBe(3);
    expect(await reads.checkpoints("a")).toHaveLength(1);
    expect(await thread.ended).toBeUndefined();
    await expect(clients[0]?.commit({ facility: "a", at: NIGHT, writes: [] })).rejects.toMatchObject({
      code: "store_closed",
    });
    reads.close();
    for (const client of clients) await client.close();
  });
});
