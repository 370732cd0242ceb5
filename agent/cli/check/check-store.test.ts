import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { parseConfig } from "../../../config/load.ts";
import { securedDatabase } from "../../../test/support/facility-roles.ts";
import { type PostgresServer, postgresPrograms, startPostgres } from "../../../test/support/postgres.ts";
import { MICROSECONDS, systemClock } from "../../core/clock.ts";
import { SCHEMA_VERSION } from "../../store/migrations.ts";
import type { PostgresPlace } from "../../store/postgres/connection.ts";
import { migratePostgres } from "../../store/postgres/schema.ts";
import { checkStore, type ServerState, storeFindings } from "./check-store.ts";
import { lookLive } from "./look-live.ts";

const SOUND: ServerState = {
  version: 150_018,
  encoding: "UTF8",
  standby: false,
  fsync: "on",
  fullPageWrites: "on",
  synchronousCommit: "on",
  free: 90,
  schema: SCHEMA_VERSION,
  mayCreate: false,
  missing: [],
  bypasses: null,
  facilityRights: null,
  allowed: 97,
  allowedRole: null,
  facilities: 1,
};

describe("what a server says", () => {
  it.each<[string, Partial<ServerState>, string]>([
    ["is sound", {}, ""],
    ["is too old", { version: 140_011 }, "problem store_version: this is PostgreSQL 14, "],
    ["is a newer version", { version: 180_001 }, ""],
    ["is of another encoding", { encoding: "SQL_ASCII" }, "problem store_encoding: "],
    ["is a standby", { standby: true }, "problem store_standby: "],
    ["does not sync", { fsync: "off" }, "problem store_not_durable: fsync is off"],
    ["tears pages", { fullPageWrites: "off" }, "problem store_not_durable: full_page_writes is off"],
    [
      "is behind what drops our options",
      { synchronousCommit: "off" },
      "problem store_not_durable: our session has synchronous_commit = off",
    ],
    ["is nearly full of connections", { free: 14 }, "advice store_connections: 14 more connections"],
    ["has more than enough by one", { free: 15 }, ""],
    ["has no connection left", { free: -1 }, "advice store_connections: 0 more connections"],
    [
      "has no record",
      { schema: 0, mayCreate: true },
      "problem no_store: there is no record and so no account",
    ],
    [
      "allows fewer connections than the processes of a facility hold",
      { allowedRole: 8 },
      "advice store_connection_limit: 8 connections are allowed in all; a facility holds 9 at rest",
    ],
    ["allows as many as they hold", { allowedRole: 9 }, ""],
    [
      "allows fewer than all facilities hold",
      { facilities: 11 },
      "advice store_connection_limit: 97 connections are allowed in all; 11 facilities hold 99 at rest",
    ],
    [
      "gives one role too few for all facilities",
      { facilities: 4, allowedRole: 35 },
      "advice store_connection_limit: 35 connections",
    ],
    [
      "gives each facility a role with enough",
      { facilities: 4, allowedRole: 9, facilityRights: "writes" },
      "",
    ],
    [
      "lets the program do all",
      { bypasses: "superuser" },
      "advice store_bypasses: the role is a superuser: it may alter the journal",
    ],
    ["lets the program pass by row security", { bypasses: "BYPASSRLS" }, "advice store_bypasses: "],
    [
      "has a role for each facility, and we come by another",
      { bypasses: "BYPASSRLS", facilityRights: "none" },
      "problem store_bypasses: the role has BYPASSRLS: the row security",
    ],
    [
      "lets our role only read our facility",
      { facilityRights: "reads" },
      "problem store_facility: row security lets the role only read this facility",
    ],
    [
      "lets our role do nothing with our facility",
      { facilityRights: "none" },
      "problem store_facility: row security lets the role neither read nor write this facility",
    ],
    ["has no record and lets none be made", { schema: 0 }, "problem no_store: "],
    ["has an older schema that it brings up to date", { schema: 1, mayCreate: true }, ""],
    ["has an older schema that we may not change", { schema: 1 }, "problem store_older: schema 1, "],
    ["has a newer schema", { schema: SCHEMA_VERSION + 1 }, "problem store_newer: "],
    [
      "lacks rights",
      { missing: ["INSERT on journal", "SELECT on alerts"] },
      "problem store_rights: the role may not INSERT on journal, SELECT on alerts",
    ],
  ])("%s", (_what, over, said) => {
    const told = storeFindings({ ...SOUND, ...over }).map(
      ({ level, code, message }) => `${level} ${code}: ${message}`,
    );
    expect(told).toEqual(said === "" ? [] : [expect.stringContaining(said)]);
  });
});

describe.skipIf(postgresPrograms() === undefined)("a real server (needs PostgreSQL)", () => {
  let server: PostgresServer;
  let place: PostgresPlace;
  let folder: string;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "tocsin-check-"));
    server = await startPostgres({ fsync: "off", full_page_writes: "off", max_connections: 20 });
    place = await server.database();
    await server.ask("CREATE ROLE other LOGIN; CREATE ROLE few LOGIN CONNECTION LIMIT 3");
  });
  afterAll(async () => {
    await server.stop();
    rmSync(folder, { recursive: true });
  });

  const load = (user: string, at = place) => {
    const text = `facility: { id: ch-x, name: CH X, kind: autre }\nmode: exercise\nstate_directory: ./state\nlisteners: { people: { port: 0 }, intake: { port: 0 }, operations: { port: 0 } }\nstore: postgres://${user}@${at.host}:${at.port}/${at.database}\n`;
    const { loaded, problems } = parseConfig(text, join(folder, "tocsin.yml"), {});
    if (loaded === undefined) throw new Error(JSON.stringify(problems));
    return loaded;
  };
  const codes = async (user = "tocsin") =>
    (await checkStore(load(user), systemClock.now)).findings.map(
      ({ code, message }) => `${code}: ${message}`,
    );

  it("is told from what it answers, as the rights of the role are", async () => {
    const unsafe = [
      expect.stringContaining("fsync is off"),
      expect.stringContaining("full_page_writes is off"),
    ];
    const all = expect.stringMatching(/^store_bypasses: the role is a superuser/);
    expect(await codes()).toEqual([...unsafe, expect.stringMatching(/^no_store: /), all]);
    await migratePostgres(place);
    expect(await codes()).toEqual([...unsafe, all]);
    expect(await codes("other")).toEqual([expect.stringMatching(/^store_refused: permission denied/)]);
    await server.ask("GRANT SELECT ON ALL TABLES IN SCHEMA public TO other, few", place.database);
    expect(await codes("other")).toEqual([
      ...unsafe,
      expect.stringMatching(
        /^store_rights: the role may not INSERT on journal, INSERT on journal_contents, .* and \d+ more$/,
      ),
    ]);
    // One of the three is the one that asks.
    expect(await codes("few")).toEqual(
      expect.arrayContaining([
        expect.stringMatching(/^store_connections: 2 more connections/),
        expect.stringMatching(/^store_connection_limit: 3 connections/),
      ]),
    );
    await server.ask("UPDATE schema_version SET version = 1000 WHERE version = 1", place.database);
    expect(await codes()).toContainEqual(expect.stringMatching(/^store_newer: schema 1000 /));
  });

  it("is told of a role that row security keeps from its facility, or that passes by it", async () => {
    const secured = await securedDatabase(server, {
      here: { "ch-x": "writes", "ch-y": "reads" },
      there: { "ch-y": "writes", "ch-x": "reads" },
      elsewhere: { "ch-z": "writes" },
    });
    await server.ask("CREATE ROLE passing LOGIN BYPASSRLS");
    await server.ask("GRANT SELECT ON ALL TABLES IN SCHEMA public TO passing", secured.name);
    const told = async (role: string) =>
      (await checkStore(load(role, secured.as(role)), systemClock.now)).findings
        .filter(({ code }) => /facility|bypasses/.test(code))
        .map(({ level, message }) => `${level}: ${message}`);
    expect(await told("here")).toEqual([]);
    expect(await told("there")).toEqual([expect.stringMatching(/^problem: .* only read this facility/)]);
    expect(await told("elsewhere")).toEqual([expect.stringMatching(/^problem: .* neither read nor write/)]);
    expect(await told("owner")).toEqual([expect.stringMatching(/^problem: .* neither read nor write/)]);
    expect(await told("passing")).toEqual([expect.stringMatching(/^problem: the role has BYPASSRLS/)]);
    expect(await told("tocsin")).toEqual([expect.stringMatching(/^problem: the role is a superuser/)]);
  });

  it("is told when it is not there, or lets us not in", async () => {
    const { findings } = await checkStore(load("tocsin", { ...place, port: 1 }), systemClock.now);
    expect(findings).toMatchObject([{ level: "problem", code: "not_reachable", where: "store" }]);
    expect(await codes("nobody")).toEqual([
      expect.stringMatching(/^store_refused: role "nobody" does not exist/),
    ]);
  });

  it("tells the time, so that a clock that is wrong is told of", async () => {
    const clock = { now: () => systemClock.now() + 50 * MICROSECONDS.second };
    const { findings } = await lookLive(load("tocsin"), { clock });
    expect(findings).toContainEqual(
      expect.objectContaining({
        code: "clock_skewed",
        message: expect.stringMatching(/^this machine is (49|50|51) s ahead/),
      }),
    );
    const right = await lookLive(load("tocsin"), { clock: systemClock });
    expect(right.findings.map(({ code }) => code)).not.toContain("clock_skewed");
  });
});
