import { existsSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { sampleRing } from "../../../test/support/key-ring.ts";
import { type PostgresServer, postgresPrograms, startPostgres } from "../../../test/support/postgres.ts";
import { fillRecord } from "../../../test/support/rich-record.ts";
import { NIGHT, samples, steppingClock } from "../../../test/support/store-samples.ts";
import { checkpointsFileOf } from "../checkpoints.ts";
import { makeSigningKey, type SigningKey } from "../keys.ts";
import type { PostgresPlace } from "../postgres/connection.ts";
import { migratePostgres } from "../postgres/schema.ts";
import { openPostgres } from "../postgres.ts";
import { openSqlite } from "../sqlite.ts";
import { verifyDatabase } from "../verify.ts";
import { type Move, moveToPostgres, moveToSqlite } from "./move-record.ts";
import { withRecordFile } from "./record-file.ts";
import { copiedTables } from "./tables.ts";

const HERE = "ght-nord";
const note = { write: "note", what: "told", incident: null, content: 1 } as const;

describe.skipIf(postgresPrograms() === undefined)("a record that moves (needs PostgreSQL)", () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  let folder: string;
  let file: string;
  let key: SigningKey;
  let place: PostgresPlace;
  let steps: string[];
  let move: Move;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "tocsin-move-"));
    file = join(folder, "tocsin.sqlite");
    key = makeSigningKey(join(folder, "key.pem"));
    place = await server.database();
    await migratePostgres(place);
    steps = [];
    const step = (words: string) => {
      steps.push(words);
      return () => undefined;
    };
    move = { file, place, facility: HERE, key, now: NIGHT, step };
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const open = (ring?: ReturnType<typeof sampleRing>) =>
    openSqlite({ file, signingKey: key, clock: steppingClock(), ring });
  const openShared = () =>
    openPostgres({
      place,
      signingKey: key,
      clock: steppingClock(),
      checkpointsFile: checkpointsFileOf(file),
    });
  async function filled(): Promise<void> {
    const store = open();
    await fillRecord(store, HERE);
    await store.close();
  }
  const rowsThere = async () => {
    const counts = copiedTables().map(({ name }) => `(SELECT COUNT(*) FROM ${name})`);
    return Number((await server.ask(`SELECT ${counts.join(" + ")} AS n`, place.database))[0]?.n);
  };
  const inFile = <T>(work: (database: DatabaseSync) => T): T => {
    const database = new DatabaseSync(file, { enableForeignKeyConstraints: false });
    try {
      return work(database);
    } finally {
      database.close();
    }
  };
  const verified = () =>
    withRecordFile(
      { place, facility: HERE, signer: key.fingerprint, checkpointsFile: checkpointsFileOf(file), folder },
      () => undefined,
      (copy, checkpoints) => ({
        mode: statSync(copy).mode & 0o777,
        report: verifyDatabase(copy, key.publicKey, checkpoints),
      }),
    );

  it("is the same there and back, every table of it, and verifies on both sides", async () => {
    await filled();
    const there = await moveToPostgres(move);
    expect(there.digests.filter(({ rows }) => rows === 0)).toEqual([]);
    expect(there.report).toMatchObject({ ok: true, facilities: [{ facility: HERE, alertsGone: 1 }] });
    expect(existsSync(file)).toBe(false);
    const aside = there.aside ?? "";
    expect(verifyDatabase(aside, key.publicKey, checkpointsFileOf(aside)).ok).toBe(true);
    expect(steps).toEqual(["verifying the database", "rows written", "rows read back"]);

    const back = await moveToSqlite(move);
    expect(back.digests).toEqual(there.digests);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(folder).filter((name) => name.endsWith(".partial"))).toEqual([]);
    const [former, now] = [aside, file].map((path) => {
      const database = new DatabaseSync(path, { readOnly: true });
      const schema = database.prepare("SELECT name, sql FROM sqlite_schema ORDER BY name").all();
      database.close();
      return schema;
    });
    expect(now).toEqual(former);
  });

  it("goes on where it stood, on either side", async () => {
    await filled();
    await moveToPostgres(move);
    const alert = samples(steppingClock(NIGHT * 2)).alert({ eventId: "after" });
    const shared = await openShared();
    await shared.commit({ facility: HERE, at: NIGHT, writes: [alert] });
    const repeat = await shared.commit({ facility: HERE, at: NIGHT, writes: [alert] });
    expect(repeat).toMatchObject({ alerts: ["duplicate"] });
    await shared.close();
    expect((await verified()).report.ok).toBe(true);
    const { report } = await moveToSqlite(move);
    expect(report).toMatchObject({
      ok: true,
      facilities: [{ checkpoint: { seq: report.facilities[0]?.entries } }],
    });
    const store = open();
    expect(await store.reads.countAlerts(HERE)).toBe(3);
    await store.commit({
      facility: HERE,
      at: NIGHT,
      writes: [{ write: "note", what: "told", incident: null, content: 1 }],
    });
    await store.close();
    expect(verifyDatabase(file, key.publicKey, checkpointsFileOf(file)).ok).toBe(true);
  });

  it("leaves what others keep in the same database alone", async () => {
    const other = await openShared();
    await fillRecord(other, "ch-voisin");
    await other.close();
    rmSync(checkpointsFileOf(file));
    const before = await rowsThere();
    key = makeSigningKey(join(folder, "own.pem"));
    move = { ...move, key };
    await filled();
    await moveToPostgres(move);
    expect((await verified()).report).toMatchObject({ ok: true, facilities: [{ facility: HERE }] });
    expect((await moveToSqlite(move)).report.facilities).toHaveLength(1);
    expect(await rowsThere()).toBeGreaterThan(before);
  });

  describe("verified in PostgreSQL", () => {
    it.each([
      [
        "an alert",
        "UPDATE alerts SET content = replace(content, 'pacs', 'paccs') WHERE position = 0",
        "alert_differs",
      ],
      ["a record", "UPDATE records SET state = 'closed' WHERE kind = 'incident'", "record_differs"],
      ["an entry", "UPDATE journal_contents SET content = content || ' ' WHERE seq = 2", "entry_content"],
      ["a join taken away", "DELETE FROM joined WHERE detection = 1", "joined_differs"],
      [
        "bytes of an attachment",
        "UPDATE attachment_pieces SET bytes = '\\x00' WHERE position = 1",
        "attachment_differs",
      ],
      [
        "a row added",
        "INSERT INTO alerts SELECT facility, 'x', 'x', 90, 1, 1, 9, content FROM alerts LIMIT 1",
        "alert_extra",
      ],
    ])("finds what was altered: %s", async (_what, sql, code) => {
      await filled();
      await moveToPostgres(move);
      expect(await verified()).toMatchObject({ mode: 0o600, report: { ok: true } });
      await server.ask(sql, place.database);
      const { report } = await verified();
      expect(report.ok).toBe(false);
      expect(report.facilities[0]?.firstBroken?.code).toBe(code);
      expect(readdirSync(folder).filter((name) => name.endsWith(".partial"))).toEqual([]);
      await expect(moveToSqlite(move)).rejects.toMatchObject({ code: "record_altered" });
      expect(existsSync(file)).toBe(false);
    });

    it("is so as it stood at one instant, whatever is written and signed meanwhile", async () => {
      await filled();
      await moveToPostgres(move);
      const shared = await openShared();
      const live = checkpointsFileOf(file);
      const record = { place, facility: HERE, signer: key.fingerprint, checkpointsFile: live, folder };
      const [then, now] = await withRecordFile(
        record,
        () => undefined,
        async (copy, kept) => {
          await shared.commit({ facility: HERE, at: NIGHT, writes: [note] });
          await shared.checkpoint(HERE);
          return [kept, live].map((checkpoints) => verifyDatabase(copy, key.publicKey, checkpoints));
        },
      );
      await shared.close();
      expect([then?.ok, now?.ok]).toEqual([true, false]);
    });

    it("finds the end that was cut off, by the checkpoints that this machine kept", async () => {
      await filled();
      await moveToPostgres(move);
      await server.ask(
        "DELETE FROM checkpoints; DELETE FROM journal_contents WHERE seq > 5; DELETE FROM journal WHERE seq > 5",
        place.database,
      );
      const { report } = await verified();
      expect(report.facilities[0]?.faults).toBeGreaterThan(0);
    });
  });

  describe("is refused, nothing being moved", () => {
    it.each([
      ["without a database", () => undefined, "store_missing"],
      [
        "when it is encrypted",
        async () => {
          const store = open(sampleRing());
          await fillRecord(store, HERE);
          await store.close();
        },
        "store_sealed",
      ],
      [
        "when it was altered",
        async () => {
          await filled();
          inFile((database) => database.exec("UPDATE records SET state = 'closed' WHERE kind = 'incident'"));
        },
        "record_altered",
      ],
      [
        "when bytes are where a text should be",
        async () => {
          await filled();
          inFile((database) => database.exec("UPDATE bookmarks SET content = x'00ff'"));
        },
        "row_unfit",
      ],
    ])("%s", async (_when, prepare, code) => {
      await prepare();
      await expect(moveToPostgres(move)).rejects.toMatchObject({ code });
      expect(await rowsThere()).toBe(0);
    });

    it("when texts have NUL characters, and names the rows", async () => {
      await filled();
      inFile((database) => {
        database.prepare("UPDATE unsent SET content = ?").run("a\0b");
        database.prepare("UPDATE bookmarks SET name = ?").run("si\0em");
      });
      await expect(moveToPostgres(move)).rejects.toThrow(
        /bookmarks \("ght-nord", "si\\u0000em"\); unsent \("ght-nord", "a1", .*: 2 row\(s\) hold a NUL/,
      );
      expect(await rowsThere()).toBe(0);
    });

    it("when something of the facility is there already", async () => {
      await filled();
      await server.ask(`INSERT INTO bookmarks VALUES ('${HERE}', 'siem', '{}')`, place.database);
      await expect(moveToPostgres(move)).rejects.toMatchObject({ code: "target_not_empty" });
      expect(await rowsThere()).toBe(1);
      expect(existsSync(file)).toBe(true);
    });

    it("back over a database that is there, or from where there is nothing", async () => {
      await expect(moveToSqlite(move)).rejects.toMatchObject({ code: "store_missing" });
      await filled();
      const before = statSync(file);
      await expect(moveToSqlite(move)).rejects.toMatchObject({ code: "target_not_empty" });
      expect(statSync(file).mtimeMs).toBe(before.mtimeMs);
    });

    it("when what comes back is not what was sent", async () => {
      await filled();
      await server.ask(
        `CREATE FUNCTION alter_it() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.content := NEW.content || ' '; RETURN NEW; END $$;
         CREATE TRIGGER altering BEFORE INSERT ON bookmarks FOR EACH ROW EXECUTE FUNCTION alter_it()`,
        place.database,
      );
      await expect(moveToPostgres(move)).rejects.toMatchObject({
        code: "copy_differs",
        where: `bookmarks of ${HERE}`,
      });
      expect(await rowsThere()).toBe(0);
    });

    it("when the connection breaks in the middle, and is done when tried again", async () => {
      await filled();
      // The server ends the connection that writes this row itself: always at the same place, whatever the machine is doing.
      await server.ask(
        `CREATE FUNCTION cut_it() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NEW; END $$;
         CREATE TRIGGER cutting BEFORE INSERT ON bookmarks FOR EACH ROW EXECUTE FUNCTION cut_it()`,
        place.database,
      );
      await expect(moveToPostgres(move)).rejects.toMatchObject({ code: "store_failed" });
      await server.ask("DROP TRIGGER cutting ON bookmarks", place.database);
      expect(await rowsThere()).toBe(0);
      expect((await moveToPostgres(move)).report.ok).toBe(true);
    });
  });

  it("keeps writers of the facility out while it moves, and lets them in afterwards", async () => {
    await filled();
    await moveToPostgres(move);
    const shared = await openShared();
    let late: Promise<unknown> | undefined;
    const step = () => () => {
      late ??= shared.commit({ facility: HERE, at: NIGHT, writes: [note] });
    };
    const entries = (await shared.reads.journal(HERE, 1, 100)).length;
    const { report } = await moveToSqlite({ ...move, step });
    expect(report.facilities[0]?.entries).toBe(entries);
    expect(await late).toMatchObject({ outcome: "committed" });
    await shared.close();
  });
});
