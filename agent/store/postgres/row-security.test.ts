import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { storeContract } from "../../../test/contract/store.contract.ts";
import { fencesOf } from "../../../test/support/documents.ts";
import { type SecuredDatabase, securedDatabase } from "../../../test/support/facility-roles.ts";
import { describePeer } from "../../../test/support/peer.ts";
import { type PostgresServer, postgresServer, startPostgres } from "../../../test/support/postgres.ts";
import { NIGHT, samples, steppingClock } from "../../../test/support/store-samples.ts";
import { makeSigningKey } from "../keys.ts";
import { openPostgres } from "../postgres.ts";
import type { Store } from "../store.ts";
import { clientOf, type PostgresPlace } from "./connection.ts";
import { migratePostgres } from "./schema.ts";

/** CH X, which may read CH Y of its group; CH Z is of another one. */
const RIGHTS = {
  role_x: { chx: "writes", chy: "reads" },
  role_y: { chy: "writes" },
  role_z: { chz: "writes" },
} as const;
const FACILITIES = ["chx", "chy", "chz"] as const;
/** Tables whose rows are of no facility. */
const OF_NO_FACILITY = ["data_keys", "schema_version"];

describePeer(postgresServer, "row security in a real PostgreSQL", () => {
  let server: PostgresServer;
  let folder: string;
  beforeAll(async () => {
    server = await startPostgres();
    folder = mkdtempSync(join(tmpdir(), "tocsin-roles-"));
  });
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true });
  });
  let stores = 0;
  const open = (place: PostgresPlace): Promise<Store> => {
    stores += 1;
    return openPostgres({
      place,
      signingKey: makeSigningKey(join(folder, `key-${stores}.pem`)),
      clock: steppingClock(),
      checkpointsFile: join(folder, `checkpoints-${stores}.jsonl`),
    });
  };

  // All that the program asks of a record, under a role that owns nothing.
  storeContract("PostgreSQL, under a role of its own", async () => {
    const tests = Array.from({ length: 400 }, (_, n) => [`ght-nord-${n}`, `ght-sud-${n}`]).flat();
    const writes = Object.fromEntries(tests.map((each) => [each, "writes"] as const));
    const database = await securedDatabase(server, { role_of_tests: writes });
    const store = await open(database.as("role_of_tests"));
    return { store, dispose: store.close };
  });

  describe("where each facility has a role of its own", () => {
    let database: SecuredDatabase;
    let tables: string[];
    beforeAll(async () => {
      database = await securedDatabase(server, RIGHTS);
      const found = await server.ask(
        `SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid
         WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND a.attname = 'facility' ORDER BY 1`,
        database.name,
      );
      tables = found.map(({ relname }) => String(relname)).filter((each) => each !== "facility_roles");
      const make = samples();
      for (const facility of FACILITIES) {
        const store = await open(database.as(facility.replace("ch", "role_")));
        const incident = make.incident({ facility, reference: "2026-0001" });
        const writes = [make.incidentPut(incident), make.alert()];
        expect(await store.commit({ facility, at: NIGHT, writes })).toMatchObject({ outcome: "committed" });
        await store.close();
      }
    });

    /** Asks as a role, by SQL of its own. */
    async function ask(role: string, sql: string): Promise<pg.QueryResult> {
      const client = new pg.Client(clientOf(database.as(role), "test"));
      await client.connect();
      try {
        return await client.query(sql);
      } finally {
        await client.end();
      }
    }
    const refused = (role: string, sql: string) =>
      ask(role, sql).then(
        ({ rowCount }) => rowCount,
        (error: pg.DatabaseError) => error.code,
      );

    it("every table with a facility has a policy for each act, and no other table is without a reason", async () => {
      const found = await server.ask(
        `SELECT c.relname AS name, c.relrowsecurity AND c.relforcerowsecurity AS forced,
           (SELECT string_agg(p.cmd, ' ' ORDER BY p.cmd) FROM pg_policies p WHERE p.tablename = c.relname) AS acts
         FROM pg_class c WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace ORDER BY 1`,
        database.name,
      );
      const others = found.filter(({ name }) => !tables.includes(String(name)));
      expect(others.map(({ name }) => name)).toEqual([...OF_NO_FACILITY, "facility_roles"].sort());
      expect(tables.length).toBeGreaterThan(15);
      for (const { name, forced, acts } of found.filter((each) => tables.includes(String(each.name))))
        expect([name, forced, acts]).toEqual([name, true, "DELETE INSERT SELECT UPDATE"]);
    });

    it.each([
      ["role_x", ["chx", "chy"]],
      ["role_y", ["chy"]],
      ["role_z", ["chz"]],
    ])("%s reads the rows of its facilities and of no other, in every table", async (role, expected) => {
      for (const table of tables) {
        const { rows } = await ask(role, `SELECT DISTINCT facility FROM ${table} ORDER BY 1`);
        const seen = rows.map(({ facility }) => facility);
        expect([table, expected]).toEqual([table, expect.arrayContaining(seen)]);
        if (table === "journal") expect(seen).toEqual(expected);
      }
    });

    it.each(["chy", "chz"])("role_x writes nothing of %s, in any table", async (facility) => {
      for (const table of tables) {
        const row = `jsonb_populate_record(NULL::${table}, to_jsonb(t) || '{"facility": "${facility}"}')`;
        // What there is of its own, moved over; and what is there already.
        const moved = await refused(
          "role_x",
          `UPDATE ${table} SET facility = '${facility}' WHERE facility = 'chx'`,
        );
        expect([table, moved]).toEqual([table, expect.toSatisfy((each) => each === 0 || each === "42501")]);
        const added = await refused(
          "role_x",
          `INSERT INTO ${table} SELECT (${row}).* FROM ${table} t WHERE facility = 'chx'`,
        );
        expect([table, added]).toEqual([table, expect.toSatisfy((each) => each === 0 || each === "42501")]);
        for (const act of [`UPDATE ${table} SET facility = facility`, `DELETE FROM ${table}`])
          expect([act, await refused("role_x", `${act} WHERE facility = '${facility}'`)]).toEqual([
            act,
            expect.toSatisfy((each) => each === 0 || each === "42501"),
          ]);
      }
      const left = await server.ask(
        `SELECT COUNT(*) FROM records WHERE facility = '${facility}'`,
        database.name,
      );
      expect(left).toEqual([{ count: "1" }]);
      const inserted = `INSERT INTO records SELECT (r).* FROM (SELECT jsonb_populate_record(NULL::records,
        to_jsonb(t) || '{"facility": "${facility}", "id": "other", "name": null}') AS r FROM records t WHERE facility = 'chx') s`;
      expect(await refused("role_x", inserted)).toBe("42501");
    });

    it.each([
      ["lets itself in", "INSERT INTO facility_roles VALUES ('role_x', 'chz', true)"],
      ["makes its reading a writing", "UPDATE facility_roles SET writes = true"],
      ["takes the policies away", "DROP POLICY of_facility_select ON records"],
      ["puts row security off", "ALTER TABLE records DISABLE ROW LEVEL SECURITY"],
      ["goes by as the owner", "SET ROLE owner"],
      ["goes by as another facility", "SET ROLE role_z"],
      ["rewrites the journal", "UPDATE journal SET at = 0 WHERE facility = 'chx'"],
      ["takes the journal away", "DELETE FROM journal WHERE facility = 'chx'"],
      ["empties a table", "TRUNCATE records"],
      ["sets the walls up anew", "SELECT protect_facilities()"],
      ["asks to see it all", "SET row_security = off; SELECT * FROM records"],
    ])("no role %s", async (_what, sql) => {
      expect(await refused("role_x", sql)).toBe("42501");
    });

    it("a role has the statistics refreshed that plans are made by, and of no table of its own", async () => {
      await server.ask(`GRANT TEMPORARY ON DATABASE ${database.name} TO role_x`);
      const own =
        "CREATE TEMPORARY TABLE journal (facility TEXT); INSERT INTO pg_temp.journal VALUES ('chx')";
      const analyzed = `SELECT relname, relnamespace = 'public'::regnamespace AS ours, reltuples >= 0 AS analyzed
        FROM pg_class WHERE relname = 'journal' ORDER BY ours`;
      const found = await ask("role_x", `${own}; SELECT refresh_statistics(); ${analyzed}`);
      expect((found as unknown as pg.QueryResult[]).at(-1)?.rows).toEqual([
        { relname: "journal", ours: false, analyzed: false },
        { relname: "journal", ours: true, analyzed: true },
      ]);
    });

    it("a role sees its own rights, and of others none", async () => {
      const { rows } = await ask("role_x", "SELECT * FROM facility_roles ORDER BY facility");
      expect(rows).toEqual([
        { role: "role_x", facility: "chx", writes: true },
        { role: "role_x", facility: "chy", writes: false },
      ]);
    });

    it("the program writes nothing for a facility that is not its role's, and says why", async () => {
      const store = await open(database.as("role_x"));
      const unit = { facility: "chz", at: NIGHT, writes: [samples().alert()] };
      await expect(store.commit(unit)).rejects.toMatchObject({
        code: "store_failed",
        message: expect.stringMatching(/row-level security policy.*42501/),
      });
      expect(await store.reads.facilities()).toEqual(["chx", "chy"]);
      await store.close();
    });

    it.each([
      [
        "a record by its id",
        "SELECT content FROM records WHERE facility = $1 AND kind = 'fact' AND id = 'x'",
      ],
      [
        "a list by state",
        "SELECT content FROM records WHERE facility = $1 AND kind = 'fact' AND state = 'x' AND created < 9 ORDER BY created DESC LIMIT 5",
      ],
      [
        "the journal in order",
        "SELECT seq FROM journal WHERE facility = $1 AND seq >= 1 ORDER BY seq LIMIT 5",
      ],
      [
        "what is due",
        "SELECT due FROM effects WHERE facility = $1 AND state = 'planned' AND due <= 9 ORDER BY due LIMIT 5",
      ],
      ["an alert", "SELECT content FROM alerts WHERE facility = $1 AND id = 'x'"],
    ])("%s is still found by its facility in an index, without sorting", async (_what, sql) => {
      const client = new pg.Client(clientOf(database.as("role_x"), "test"));
      await client.connect();
      await client.query("SET plan_cache_mode = force_generic_plan");
      await client.query(`PREPARE asked(text) AS ${sql}`);
      const { rows } = await client.query("EXPLAIN EXECUTE asked('chx')");
      await client.end();
      const plan = rows.map((row) => row["QUERY PLAN"]).join("\n");
      expect(plan).toMatch(/Index (Only )?Scan .*\n\s*Index Cond: \(*facility = \$1/);
      expect(plan).not.toMatch(/Seq Scan|Sort/);
    });
  });

  it("is set up by what docs/row-security.md says, in its order", async () => {
    const [roles = "", rights = "", back = ""] = fencesOf("docs/row-security.md")
      .filter(({ language }) => language === "sql")
      .map(({ lines }) => lines.join("\n"));
    const place = await server.database();
    // Databases are made outside of transactions.
    for (const statement of roles.split(";\n").filter((each) => each.trim() !== ""))
      await server.ask(statement);
    const as = (user: string) => ({ ...place, database: "tocsin", user });
    await migratePostgres(as("tocsin_owner"));
    await server.ask(`SET ROLE tocsin_owner; ${rights}`, "tocsin");
    const y = await open(as("tocsin_chy"));
    await y.commit({ facility: "ch-y", at: NIGHT, writes: [samples().alert()] });
    const x = await open(as("tocsin_chx"));
    expect(await x.reads.countAlerts("ch-y")).toBe(1);
    const unit = { facility: "ch-y", at: NIGHT, writes: [samples().alert()] };
    await expect(x.commit(unit)).rejects.toMatchObject({ code: "store_failed" });
    await server.ask(`SET ROLE tocsin_owner; ${back}`, "tocsin");
    expect(await x.reads.countAlerts("ch-y")).toBe(0);
    await Promise.all([x.close(), y.close()]);
  });

  describe("the owner of the tables", () => {
    let place: PostgresPlace;
    const owner = () => ({ ...place, user: "owner" });
    const asOwner = (sql: string) => server.ask(`SET ROLE owner; ${sql}`, place.database);
    beforeEach(async () => {
      place = await server.database();
      await server.ask(`ALTER DATABASE ${place.database} OWNER TO owner`);
      await migratePostgres(owner());
    });

    it("runs a single facility as before, with nothing to set up", async () => {
      const store = await open(owner());
      const unit = { facility: "chx", at: NIGHT, writes: [samples().alert()] };
      expect(await store.commit(unit)).toMatchObject({ outcome: "committed" });
      await store.close();
      const protectedTables = "SELECT protect_facilities() AS tables";
      expect(await server.ask(protectedTables, place.database)).toEqual([{ tables: 0 }]);
    });

    it.each([
      ["there is none of", "nobody", "there is no role nobody"],
      ["is a superuser", "tocsin", "passes by row security"],
      ["owns the tables", "owner", "passes by row security"],
      ["sees all rows", "sees_all", "passes by row security"],
      ["is a member of the owner", "member", "passes by row security"],
    ])("is told of a role that %s", async (_what, role, said) => {
      for (const make of ["CREATE ROLE sees_all BYPASSRLS", "CREATE ROLE member IN ROLE owner"])
        await server.ask(make).catch(() => undefined);
      await asOwner(`INSERT INTO facility_roles VALUES ('${role}', 'chx', true)`);
      await expect(asOwner("SELECT protect_facilities()")).rejects.toThrow(said);
    });

    it("puts a wall around a table that an upgrade adds", async () => {
      await server.ask("CREATE ROLE role_n LOGIN").catch(() => undefined);
      await asOwner("INSERT INTO facility_roles VALUES ('role_n', 'chn', true); SELECT protect_facilities()");
      // As every upgrade ends.
      await asOwner("CREATE TABLE added (facility TEXT PRIMARY KEY); SELECT protect_facilities()");
      const client = new pg.Client(clientOf({ ...place, user: "role_n" }, "test"));
      await client.connect();
      await client.query("INSERT INTO added VALUES ('chn')");
      const other = client.query("INSERT INTO added VALUES ('other')");
      await expect(other).rejects.toMatchObject({ code: "42501" });
      await client.end();
    });

    it("has to bring the tables up to date: another role is told so, and one that is current needs nothing", async () => {
      await server.ask("CREATE ROLE role_n LOGIN").catch(() => undefined);
      await asOwner("INSERT INTO facility_roles VALUES ('role_n', 'chn', true); SELECT protect_facilities()");
      const program = { ...place, user: "role_n" };
      await migratePostgres(program);
      await asOwner("DELETE FROM schema_version WHERE version = 14");
      await expect(migratePostgres(program)).rejects.toMatchObject({
        code: "store_older",
        remedy: "run migrate --tables as the role that owns them",
      });
    });
  });
});
