import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { storeContract } from "../../test/contract/store.contract.ts";
import { type CuttingProxy, startCuttingProxy } from "../../test/support/cutting-proxy.ts";
import { eventually } from "../../test/support/daemon.ts";
import { describePeer } from "../../test/support/peer.ts";
import { type PostgresServer, postgresServer, startPostgres } from "../../test/support/postgres.ts";
import { NIGHT, samples, steppingClock } from "../../test/support/store-samples.ts";
import { messageOf } from "../core/errors.ts";
import { bodyHash, contentHash, entryHash, GENESIS } from "../core/journal.ts";
import { makeSigningKey } from "./keys.ts";
import { SCHEMA_VERSION } from "./migrations.ts";
import type { PostgresPlace } from "./postgres/connection.ts";
import { takeLease } from "./postgres/lease.ts";
import { migratePostgres } from "./postgres/schema.ts";
import { openPostgresWriter } from "./postgres/writer.ts";
import { openPostgres } from "./postgres.ts";
import { sealUnit } from "./seal.ts";
import type { Store, Write } from "./store.ts";

const HERE = "ght-nord";

describePeer(postgresServer, "a record in a real PostgreSQL", () => {
  let server: PostgresServer;
  let folder: string;
  beforeAll(async () => {
    server = await startPostgres();
    folder = mkdtempSync(join(tmpdir(), "tocsin-store-"));
  });
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true });
  });
  let stores = 0;
  const optionsOf = (place: PostgresPlace) => {
    stores += 1;
    return {
      place,
      signingKey: makeSigningKey(join(folder, `key-${stores}.pem`)),
      clock: steppingClock(),
      checkpointsFile: join(folder, `checkpoints-${stores}.jsonl`),
    };
  };

  storeContract("PostgreSQL", async () => {
    const store = await openPostgres(optionsOf(await server.database()));
    return { store, dispose: store.close };
  });

  describe("shared by two processes", () => {
    let place: PostgresPlace;
    let both: [Store, Store];
    let make: ReturnType<typeof samples>;
    beforeEach(async () => {
      place = await server.database();
      both = [await openPostgres(optionsOf(place)), await openPostgres(optionsOf(place))];
      make = samples();
    });
    afterEach(() => Promise.all(both.map((store) => store.close())));

    const commit = (store: Store, writes: Write[], facility = HERE) =>
      store.commit({ facility, at: NIGHT, writes });

    it("has one chain and one order of detections, whoever writes", async () => {
      const note = (): Write => ({ write: "note", what: "told", incident: null, content: { n: 1 } });
      const turns = Array.from({ length: 40 }, (_, turn) =>
        Promise.all(both.map((store) => commit(store, turn % 2 === 0 ? [make.alert({}, 2)] : [note()]))),
      );
      for (const done of await Promise.all(turns))
        for (const { outcome } of done) expect(outcome).toBe("committed");
      const entries = await both[0].reads.journal(HERE, 1, 1000);
      let previous = GENESIS;
      for (const [index, entry] of entries.entries()) {
        const { facility, seq, type, at, incident, salt, content } = entry;
        const contents = contentHash(salt ?? "", content ?? "");
        const body = bodyHash({ facility, seq, type, at, incident, contentHash: contents });
        expect([seq, entry.previous, entry.hash]).toEqual([index + 1, previous, entryHash(previous, body)]);
        previous = entry.hash;
      }
      const detections = await both[1].reads.detectionsAfter(HERE, 0, 1000);
      expect(detections.map(({ detection }) => detection.seq)).toEqual(
        Array.from({ length: 80 }, (_, i) => i + 1),
      );
    });

    it("takes an event that both are given once, and a revision from one of them", async () => {
      const alerts = await Promise.all(
        both.map((store) => commit(store, [make.alert({ eventId: "the same" })])),
      );
      expect(alerts.flatMap((each) => (each.outcome === "committed" ? each.alerts : [])).sort()).toEqual([
        "duplicate",
        "stored",
      ]);
      const incident = make.incident({ id: "i-1", reference: "2026-0001" });
      await commit(both[0], [make.incidentPut(incident)]);
      const second = make.incidentPut({ ...incident, because: "other" }, 2);
      const done = await Promise.all(both.map((store) => commit(store, [second])));
      expect(done.map(({ outcome }) => outcome).sort()).toEqual(["committed", "conflict"]);
    });

    it("keeps facilities from waiting for each other", async () => {
      const other = await server.ask("SELECT 1", place.database);
      expect(other).toHaveLength(1);
      const [here, there] = await Promise.all([
        commit(both[0], [make.alert()]),
        commit(both[1], [make.alert()], "ght-sud"),
      ]);
      expect([here.outcome, there.outcome]).toEqual(["committed", "committed"]);
      expect(await both[0].reads.facilities()).toEqual([HERE, "ght-sud"]);
    });

    it("refuses a unit that PostgreSQL cannot take, and none of those committed with it", async () => {
      const bad: Write = { write: "bookmark", name: "a\0b", content: "" };
      const done = await Promise.allSettled([
        commit(both[0], [make.alert({ id: "a-1" })]),
        commit(both[0], [bad]),
        commit(both[0], [make.alert({ id: "a-2" })]),
      ]);
      expect(
        done.map((each) => (each.status === "fulfilled" ? each.value.outcome : each.reason.code)),
      ).toEqual(["committed", "unit_malformed", "committed"]);
      expect(await both[0].reads.countAlerts(HERE)).toBe(2);
    });

    it("undoes a unit in conflict, whatever was committed with it", async () => {
      const cursor: Write = { write: "cursor", name: "c", from: 7, to: 8 };
      const done = await Promise.all([
        commit(both[0], [make.alert({ id: "a-1" })]),
        commit(both[0], [make.alert({ id: "a-2" }), cursor]),
        commit(both[0], [make.alert({ id: "a-3" })]),
      ]);
      expect(done.map(({ outcome }) => outcome)).toEqual(["committed", "conflict", "committed"]);
      const found = await both[1].reads.detectionsAfter(HERE, 0, 10);
      expect(found.map(({ alert, detection }) => [alert.id, detection.seq])).toEqual([
        ["a-1", 1],
        ["a-3", 2],
      ]);
    });
  });

  describe("whose connection is cut", () => {
    let place: PostgresPlace;
    let proxy: CuttingProxy;
    beforeEach(async () => {
      place = await server.database();
      proxy = await startCuttingProxy(place);
    });
    afterEach(() => proxy.stop());

    it("finds out what became of a commit that was not answered", async () => {
      const store = await openPostgres(optionsOf({ ...place, port: proxy.port }));
      const { alert } = samples();
      await store.commit({ facility: HERE, at: NIGHT, writes: [alert()] });
      proxy.cutAfter("COMMIT");
      const receipt = await store.commit({ facility: HERE, at: NIGHT, writes: [alert()] });
      expect(receipt).toEqual({ outcome: "committed", alerts: ["stored"] });
      expect(await store.reads.countAlerts(HERE)).toBe(2);
      await store.close();
    });

    it("says that nothing stands of a unit that was cut before, and takes it the next time", async () => {
      const store = await openPostgres(optionsOf({ ...place, port: proxy.port }));
      const { alert } = samples();
      const unit = { facility: HERE, at: NIGHT, writes: [alert({ eventId: "e-1" })] };
      proxy.cutAfter("BEGIN");
      await expect(store.commit(unit)).rejects.toMatchObject({ code: "store_failed" });
      expect(await store.commit(unit)).toEqual({ outcome: "committed", alerts: ["stored"] });
      await store.close();
    });
  });

  it("takes nothing from a writer whose lease changed hands", async () => {
    const place = await server.database();
    const first = await openPostgresWriter(optionsOf(place));
    await first.close();
    const lease = await takeLease(place, { facility: HERE, name: "correlator", owner: "one" });
    const writer = await openPostgresWriter({ ...optionsOf(place), lease: lease.held });
    const unit = () => sealUnit({ facility: HERE, at: NIGHT, writes: [samples().alert()] });
    expect(await writer.commitGroup([unit()])).toMatchObject([{ outcome: "committed" }]);
    await server.ask("UPDATE leases SET fence = fence + 1, owner = 'two'", place.database);
    expect(await writer.commitGroup([unit()])).toMatchObject([
      { outcome: "failed", problem: { code: "lease_lost" } },
    ]);
    expect((await lease.lost).code).toBe("lease_lost");
    await lease.release();
    await writer.close();
  });

  it("writes nothing that a newer program's change of the schema has kept waiting, nor anything after it", async () => {
    const place = await server.database();
    const writer = await openPostgresWriter(optionsOf(place));
    const unit = () => sealUnit({ facility: HERE, at: NIGHT, writes: [samples().alert()] });
    expect(await writer.commitGroup([unit()])).toMatchObject([{ outcome: "committed" }]);
    const newer = new pg.Client({ ...place });
    await newer.connect();
    await newer.query("BEGIN; LOCK TABLE schema_version IN ACCESS EXCLUSIVE MODE");
    const waiting = writer.commitGroup([unit()]);
    await eventually("the writer to wait", async () => {
      const sql =
        "SELECT 1 FROM pg_stat_activity WHERE application_name = 'tocsin writer' AND wait_event_type = 'Lock'";
      return (await server.ask(sql)).length > 0 || undefined;
    });
    await newer.query("INSERT INTO schema_version (version, name) VALUES (999, 'later')");
    await newer.query("COMMIT");
    await newer.end();
    const refused = { outcome: "failed", problem: { code: "store_newer" } };
    expect(await waiting).toMatchObject([refused]);
    expect(await writer.commitGroup([unit()])).toMatchObject([refused]);
    expect(await server.ask("SELECT count(*)::int AS n FROM alerts", place.database)).toEqual([{ n: 1 }]);
    await server.ask("DELETE FROM schema_version WHERE version = 999", place.database);
    expect(await writer.commitGroup([unit()])).toMatchObject([{ outcome: "committed" }]);
    await writer.close();
  });

  it("changes the schema once what is being written stands, and not before", async () => {
    const place = await server.database();
    await migratePostgres(place);
    const last = SCHEMA_VERSION;
    await server.ask(`DELETE FROM schema_version WHERE version = ${last}`, place.database);
    const writing = new pg.Client({ ...place });
    await writing.connect();
    await writing.query("BEGIN; SELECT MAX(version) FROM schema_version");
    const migrating = migratePostgres(place).catch((error: unknown) => messageOf(error));
    await eventually("the change to wait", async () => {
      const sql =
        "SELECT 1 FROM pg_stat_activity WHERE application_name = 'tocsin migrate' AND wait_event_type = 'Lock'";
      return (await server.ask(sql)).length > 0 || undefined;
    });
    await writing.query("COMMIT");
    await writing.end();
    // Tried, and found done: it was only its number that had been taken away.
    expect(await migrating).toMatch(/already exists|does not exist/);
  });

  it("refuses a schema that a newer program wrote", async () => {
    const place = await server.database();
    await (await openPostgres(optionsOf(place))).close();
    await server.ask("INSERT INTO schema_version (version, name) VALUES (999, 'later')", place.database);
    await expect(openPostgres(optionsOf(place))).rejects.toMatchObject({ code: "store_newer" });
  });

  it.each([
    ["nobody listens", { port: 1 }, "store_failed", /ECONNREFUSED/],
    ["there is no such database", { database: "absent" }, "store_failed", /3D000/],
  ])("says where and what when %s", async (_what, wrong, code, message) => {
    const place = { ...(await server.database()), ...wrong };
    const refused = openPostgres(optionsOf(place));
    await expect(refused).rejects.toMatchObject({ code });
    await expect(refused).rejects.toThrow(message);
  });
});
