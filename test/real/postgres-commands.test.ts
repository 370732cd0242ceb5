import { type SpawnSyncReturns, spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { holdLease } from "../../agent/cli/hold-record.ts";
import { loadSigningKey } from "../../agent/store/keys.ts";
import type { PostgresPlace } from "../../agent/store/postgres/connection.ts";
import { openPostgres } from "../../agent/store/postgres.ts";
import {
  eventually,
  FACILITY,
  type House,
  MAIN,
  makeHouse,
  post,
  relevant,
  startDaemon,
} from "../support/daemon.ts";
import { fencesOf } from "../support/documents.ts";
import { type PostgresServer, postgresPrograms, startPostgres } from "../support/postgres.ts";
import { fillRecord } from "../support/rich-record.ts";
import { steppingClock } from "../support/store-samples.ts";

const NOTE = {
  host: "pacs-01",
  message: "file created: HOW_TO_DECRYPT.txt",
  file: "/srv/HOW_TO_DECRYPT.txt",
};

describe.skipIf(postgresPrograms() === undefined)("commands on a record in PostgreSQL (needs it)", () => {
  let server: PostgresServer;
  let house: House;
  let place: PostgresPlace;
  const file = (name: string) => join(house.directory, name);

  beforeAll(async () => {
    server = await startPostgres();
    house = await makeHouse();
    const daemon = await startDaemon(house);
    await post(daemon, "generic", house.tokens.generic, [relevant("a"), NOTE]);
    const reads = house.reads();
    await eventually("a draft", async () =>
      (await reads.byState(FACILITY, "declaration", ["draft"], { limit: 1 })).at(0),
    );
    reads.close();
    await daemon.end("SIGTERM");
    place = await server.database();
    await shares(place);
  });
  afterAll(async () => {
    house.remove();
    await server.stop();
  });

  /** Writes where PostgreSQL is into the configuration. */
  async function shares(at: PostgresPlace, to = house.config): Promise<void> {
    const text = readFileSync(house.config, "utf8").replace(/^store: .*\n/m, "");
    writeFileSync(to, `${text}store: postgres://${at.user}@${at.host}:${at.port}/${at.database}\n`);
  }
  function tocsin(...words: string[]): SpawnSyncReturns<string> {
    const given = [MAIN, ...words, "--config", house.config];
    return spawnSync(process.execPath, given, { encoding: "utf8", cwd: house.directory });
  }
  const reference = `${new Date().getUTCFullYear()}-0001`;

  it("move the record there", () => {
    const { stdout, stderr, status } = tocsin("migrate", "--from", "sqlite", "--to", "postgres");
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(
      /^\d+ rows moved, the same on both sides .*; the journal verifies: \S+ up to no\. \d+\.\n/,
    );
    expect(stdout).toMatch(/was renamed: \S+\/tocsin\.sqlite\.moved-\d{8}T\d{6}Z\n/);
    expect(existsSync(file("state/tocsin.sqlite"))).toBe(false);
  });

  it.each([
    [["verify"], /^Journal intact : \d+ entrée\(s\), 1 établissement/],
    [["verify", "--json"], /"ok": true/],
    [["account", "list"], /^anne\.martin : Anne Martin[\s\S]*\npaul\.durand/],
    [
      ["account", "make", "--login", "zoe", "--person", "Zoé Petit", "--role", "rssi"],
      /^Compte : zoe\nMot de passe/,
    ],
    [["account", "renew", "zoe"], /^Compte : zoe\n/],
    [
      ["account", "delegation", "anne.martin", "--document", "2026-12", "--by", "Mme Blanc, directrice"],
      /^Anne Martin : 2026-12/,
    ],
    [["explain", reference], new RegExp(`^Incident ${reference}`)],
    [["report"], /^Bilan de la semaine/],
    [["register", "report"], /^Rapport de l'auditeur/],
    [["register", "export"], new RegExp(reference)],
    [["export", reference, "--format", "json"], /"format": "tocsin-declaration\/1"/],
    [["export", reference, "--format", "stix"], /"type": "bundle"/],
    [["requalify", "--dry-run"], /\d+ dossiers, 0 come out otherwise; dry run/],
    [["requalify"], /\d+ dossiers, 0 come out otherwise$/m],
    [["retention", "plan"], /plan only: nothing was changed/],
    [["retention", "apply"], /^erased$/m],
    [["retention", "lists"], /0 dossier\(s\) on no list yet/],
    [["subject", "Anne Martin", "--by", "M. Roux", "--why", "demande 7", "--json"], /"accounts"/],
    [["quarantine", "--json"], /^$/],
    [["assets", "unknown", "--json"], /^$/],
    [["outbound", "test"], /sortie : .*/],
    [["kit", "--to", "."], /kit-\d{8}T\d{6}Z-EXERCICE\.pdf\n/],
    [["migrate", "--tables"], /^The tables are those of schema \d+\.$/m],
  ] as const)("work: %j", (words, said) => {
    const { stdout, stderr, status } = tocsin(...words);
    expect({ status, stderr: status === 0 ? "" : stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toMatch(said);
  });

  it("write a bundle that verifies offline", () => {
    expect(tocsin("bundle", reference, file("dossier.json"))).toMatchObject({ status: 0 });
    const { stdout } = spawnSync(process.execPath, [MAIN, "verify", file("dossier.json")], {
      encoding: "utf8",
    });
    expect(stdout).toMatch(/^Dossier intact \(EXERCICE\)/);
  });

  it("search old records for an incident, and give it what is found", () => {
    writeFileSync(
      file("old.ndjson"),
      `${JSON.stringify({ ...relevant("old"), "@timestamp": new Date().toISOString() })}\n`,
    );
    const { stdout, status } = tocsin("hunt", reference, file("old.ndjson"), "--as", "generic", "--json");
    expect(status).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ state: "settled", dry_run: false });
  });

  it("make a house for exercises with a file of its own, and the people of the shared record", () => {
    const { stdout, status } = tocsin("exercise", "house");
    expect({ status, stdout }).toMatchObject({
      status: 0,
      stdout: expect.stringContaining("avec 3 compte(s)"),
    });
    expect(readFileSync(file("exercice.yml"), "utf8")).not.toMatch(/^store:/m);
    expect(existsSync(file("state-exercice/tocsin.sqlite"))).toBe(true);
  });

  it("find no fault with the server, and say by name what they looked at", () => {
    const { stdout } = tocsin("check", "--json");
    const { problems, looked } = JSON.parse(stdout);
    expect(problems.filter(({ where = "" }) => /^store|state/.test(where))).toEqual([]);
    expect(looked).toContainEqual({ check: "store" });
    expect(JSON.parse(tocsin("check", "--json", "--offline").stdout).problems).toEqual([]);
  });

  it.each([
    [["backup", "--to", "."], "store_not_sqlite", "pg_basebackup"],
    [["keys", "list"], "store_not_sqlite", "encrypt the disk"],
    [["keys", "reencrypt"], "store_not_sqlite", "encrypt the disk"],
    [["migrate", "--from", "sqlite", "--to", "postgres"], "store_missing", "there is no database"],
  ])("are refused, with what to do, where they are of the file: %j", (words, code, remedy) => {
    const { stderr, status } = tocsin(...words);
    expect(status).toBe(1);
    expect(stderr).toMatch(new RegExp(`^${code}: `));
    expect(stderr).toContain(remedy);
  });

  it.each([
    ["two engines alike", ["--from", "sqlite", "--to", "sqlite"]],
    ["one engine", ["--from", "sqlite"]],
    ["tables with engines", ["--tables", "--to", "postgres"]],
    ["an engine that is none", ["--from", "mysql", "--to", "postgres"]],
  ])("migrate nothing of %s", (_what, words) => {
    expect(tocsin("migrate", ...words).status).toBe(2);
  });

  it("wait for no daemon on another machine: what needs the record alone is refused", async () => {
    const daemon = await holdLease(place, FACILITY);
    try {
      for (const words of [["requalify"], ["migrate", "--from", "postgres", "--to", "sqlite"]])
        expect(tocsin(...words)).toMatchObject({
          status: 1,
          stderr: expect.stringMatching(/^state_in_use: /),
        });
    } finally {
      await daemon.release();
    }
  });

  it("move back only while no daemon runs here either", async () => {
    const daemon = await startDaemon(house);
    const refused = tocsin("migrate", "--from", "postgres", "--to", "sqlite");
    expect(refused).toMatchObject({ status: 1, stderr: expect.stringMatching(/^state_in_use: /) });
    await daemon.end("SIGTERM");
  });

  it("compare its journal with heads that third parties hold", async () => {
    const held = file("state/tocsin.sqlite.checkpoints.jsonl");
    expect(tocsin("anchors", held)).toMatchObject({
      status: 0,
      stdout: expect.stringMatching(/^Le journal est celui que des tiers ont reçu, \d+ fois/),
    });
    const altered = "UPDATE journal SET hash = reverse(hash)";
    await server.ask(altered, place.database);
    expect(tocsin("anchors", held)).toMatchObject({ status: 1, stdout: expect.stringMatching(/^ALTÉRÉ/) });
    await server.ask(altered, place.database);
    expect(tocsin("anchors")).toMatchObject({ status: 2, stdout: expect.stringContaining("introuvable") });
  });

  it("tell what was altered in PostgreSQL", async () => {
    const altered = "UPDATE alerts SET content = replace(content, 'pacs', 'paxs')";
    await server.ask(altered, place.database);
    expect(tocsin("verify")).toMatchObject({
      status: 1,
      stdout: expect.stringMatching(/^ALTÉRÉ : .*alert/i),
    });
    await server.ask(altered.replace("'pacs', 'paxs'", "'paxs', 'pacs'"), place.database);
    expect(tocsin("verify").status).toBe(0);
  });

  it("move it back, and go on there", () => {
    const { stdout, status } = tocsin("migrate", "--from", "postgres", "--to", "sqlite");
    expect({ status, stdout }).toMatchObject({
      status: 0,
      stdout: expect.stringContaining("Take `store` out"),
    });
    writeFileSync(house.config, readFileSync(house.config, "utf8").replace(/^store: .*\n/m, ""));
    expect(tocsin("verify").stdout).toMatch(/^Journal intact/);
    expect(tocsin("account", "list").stdout).toContain("zoe");
  });

  it("say that PostgreSQL is not reached", async () => {
    await shares({ ...place, port: 1 });
    const { problems } = JSON.parse(tocsin("check", "--json").stdout);
    expect(problems.find(({ where = "" }) => where === "store")).toMatchObject({ code: "not_reachable" });
    expect(tocsin("verify")).toMatchObject({
      status: 2,
      stdout: expect.stringMatching(/^VÉRIFICATION IMPOSSIBLE/),
    });
    expect(tocsin("account", "list")).toMatchObject({
      status: 1,
      stderr: expect.stringMatching(/^store_failed/),
    });
  });
});

describe.skipIf(postgresPrograms() === undefined)("docs/postgresql.md (needs PostgreSQL)", () => {
  const PAGE = "docs/postgresql.md";
  const fences = (language: string) =>
    fencesOf(PAGE).flatMap((fence) => (fence.language === language ? [fence.lines.join("\n")] : []));
  let server: PostgresServer;
  let house: House;
  beforeAll(async () => {
    server = await startPostgres();
    house = await makeHouse();
  });
  afterAll(async () => {
    house.remove();
    await server.stop();
  });

  it("has statements and commands that do what it says, in their order, with the rights that it gives", async () => {
    const [roles = "", grants = ""] = fences("sql");
    const [{ port = 0 } = {}] = await server.ask("SELECT inet_server_port() AS port");
    const at = (user: string): PostgresPlace => ({
      host: "127.0.0.1",
      port: Number(port),
      user,
      database: "tocsin",
    });
    const own = readFileSync(house.config, "utf8");
    const configOf = (user: string) => `${own}\nstore: postgres://${user}@127.0.0.1:${port}/tocsin\n`;
    writeFileSync(join(house.directory, "owner.yml"), configOf("tocsin_owner"));
    writeFileSync(house.config, configOf("tocsin_program"));
    const said = (command: string) => {
      const words = command.replace("npm run -s tocsin -- ", "").replace("config/", "").split(" ");
      const { stdout, stderr, status } = spawnSync(process.execPath, [MAIN, ...words], {
        encoding: "utf8",
        cwd: house.directory,
      });
      return { command, status, text: stdout + stderr };
    };
    const [tables = "", check = "", there = "", back = "", verify = ""] = fences("sh");

    for (const statement of roles.split(";\n")) await server.ask(statement);
    expect(said(tables)).toMatchObject({ status: 0, text: expect.stringContaining("schema") });
    expect(said(check).text).toMatch(
      /^store: permission denied for table schema_version; grant the user what docs/m,
    );
    await server.ask(`SET ROLE tocsin_owner; ${grants}`, "tocsin");
    expect(said(there)).toMatchObject({ status: 0 });
    expect(said(check).text).not.toMatch(/^store/m);
    expect(said(verify)).toMatchObject({ status: 0, text: expect.stringMatching(/^Journal intact/) });

    const store = await openPostgres({
      place: at("tocsin_program"),
      signingKey: loadSigningKey(join(house.directory, "state/signing-key.pem")),
      clock: steppingClock(),
      checkpointsFile: join(house.directory, "state/tocsin.sqlite.checkpoints.jsonl"),
    });
    await fillRecord(store, FACILITY);
    await store.close();
    for (const sql of [
      "UPDATE journal SET at = 0",
      "DELETE FROM checkpoints",
      "TRUNCATE journal CASCADE",
      "DROP TABLE alerts",
    ])
      await expect(server.ask(`SET ROLE tocsin_program; ${sql}`, "tocsin")).rejects.toMatchObject({
        code: "42501",
      });
    await holdLease(at("tocsin_program"), FACILITY).then((lease) => lease.release());
    expect(said(verify)).toMatchObject({ status: 0 });

    expect(said(back)).toMatchObject({ status: 0 });
    writeFileSync(house.config, own);
    const reads = house.reads();
    expect(await reads.countAlerts(FACILITY)).toBe(2);
    reads.close();
  });
});
