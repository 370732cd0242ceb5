import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { problemSentence } from "../agent/core/errors.ts";
import { notedSettings } from "../agent/setup.ts";
import { parseConfig } from "./load.ts";
import { databaseOf, Store } from "./store.ts";

const ENVIRONMENT = { PASSWORD: "five5", OUTER: Buffer.alloc(32, 7).toString("base64") };
const AT = "postgres://tocsin@db.example.org/tocsin";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tocsin-store-"));
  writeFileSync(join(folder, "not.pem"), "not PEM");
});
afterAll(() => rmSync(folder, { recursive: true }));

const read = (more: string) =>
  parseConfig(
    `facility: { id: ch-x, name: CH X, kind: etablissement_de_sante }\nmode: observe\n${more}\n`,
    join(folder, "tocsin.yml"),
    ENVIRONMENT,
  );

describe("Store", () => {
  const far = { host: "db.example.org", port: 5432, user: "tocsin", database: "tocsin", encrypted: true };
  const socket = { ...far, host: "/run/postgresql", encrypted: false };
  it.each<[string, unknown, ReturnType<typeof databaseOf>]>([
    ["a name, over TLS", AT, far],
    ["the other name of the scheme", "postgresql://tocsin@db.example.org/tocsin", far],
    ["a port", "postgres://tocsin@db.example.org:6432/tocsin", { ...far, port: 6432 }],
    ["an address", "postgres://tocsin@192.0.2.7/tocsin", { ...far, host: "192.0.2.7" }],
    ["an IPv6 address", "postgres://tocsin@[2001:db8::7]/tocsin", { ...far, host: "2001:db8::7" }],
    ["a role with signs", "postgres://t%40x@db.example.org/tocsin", { ...far, user: "t@x" }],
    [
      "this machine, in the clear",
      "postgres://tocsin@127.0.0.1/tocsin",
      { ...far, host: "127.0.0.1", encrypted: false },
    ],
    [
      "this machine by IPv6, in the clear",
      "postgres://tocsin@[::1]/tocsin",
      { ...far, host: "::1", encrypted: false },
    ],
    [
      "this machine, over TLS as stated",
      { url: "postgres://tocsin@localhost/tocsin", tls: {} },
      { ...far, host: "localhost" },
    ],
    ["a socket", "postgres://tocsin@%2Frun%2Fpostgresql/tocsin", socket],
    ["a password beside", { url: AT, password: { file: "db.password" } }, far],
    ["a certificate of ours", { url: AT, tls: { authority: "a", certificate: "b", key: "c" } }, far],
  ])("accepts %s", (_what, given, expected) => {
    expect(databaseOf(Store.parse(given))).toEqual(expected);
  });

  it.each<[string, unknown, string, string]>([
    ["another database", "mysql://tocsin@db.example.org/tocsin", "", "give the address of the database"],
    ["a word", "sqlite", "", "give the address of the database"],
    ["a password in the address", "postgres://tocsin:five5@db.example.org/tocsin", "", "give store.password"],
    ["several hosts", "postgres://tocsin@a.example.org,b.example.org/tocsin", "", "one host only"],
    ["several hosts and ports", "postgres://tocsin@a.test:5432,b.test:5432/tocsin", "", "one host only"],
    ["parameters", `${AT}?sslmode=disable`, "", "TLS is set by store.tls"],
    ["no role", "postgres://db.example.org/tocsin", "", "it names no role"],
    ["no database", "postgres://tocsin@db.example.org", "", "give the address of the database"],
    ["a % that begins no byte", "postgres://tocsin@db.example.org/a%zz", "", "give the address"],
    ["nothing for an address", { password: { env: "A" } }, "url", ""],
    ["an inline password", { url: AT, password: "five5" }, "password", "never written"],
    ["a certificate without its key", { url: AT, tls: { certificate: "a" } }, "tls", "together"],
    [
      "TLS through a socket",
      { url: "postgres://tocsin@%2Frun%2Fpostgresql/tocsin", tls: {} },
      "tls",
      "carries no TLS",
    ],
    ["a name to check that is not the host's", { url: AT, tls: { server_name: "x" } }, "tls", ""],
    ["a list", [AT], "", "write postgres://ROLE@HOST/DATABASE"],
  ])("refuses %s, saying where and what", (_what, store, path, said) => {
    const { problems = [] } = read(`store: ${JSON.stringify(store)}`);
    const sentences = problems.map(problemSentence).join("\n");
    expect(problems[0]).toMatchObject({ where: expect.stringMatching(/tocsin\.yml:3:\d+$/) });
    expect(sentences).toContain(`: ${["store", path].filter(Boolean).join(".")}`);
    expect(sentences).toContain(said);
    expect(sentences).not.toContain("five5");
  });
});

describe("a record in PostgreSQL", () => {
  it("keeps its password with the secrets, as short as others chose it, and out of what is noted", () => {
    const { loaded, problems } = read(`store: { url: "${AT}", password: { env: PASSWORD } }`);
    expect(problems).toBeUndefined();
    expect(loaded?.secrets.get("store.password")?.reveal()).toBe("five5");
    expect(JSON.stringify(loaded)).not.toContain("five5");
    expect(loaded && notedSettings(loaded.config).facility?.get("base partagée")).toEqual({
      url: AT,
      password: { env: "PASSWORD" },
    });
  });

  it("is a SQLite file where nothing is said", () => {
    const { loaded } = read("");
    expect(loaded?.config.store).toBeUndefined();
    expect(loaded?.config.bus).toBeUndefined();
  });

  it.each([
    ["encryption", "{ keys: [{ id: a, key: { env: OUTER } }] }", "encrypt the disk of the database server"],
    ["backup", "{ folder: /srv/copies }", "pg_basebackup"],
    ["crisis", `{ folder: /mnt/valise, recipients: [age1x] }`, "pg_dump"],
  ])("is refused with %s, which works on the SQLite file", (section, given, said) => {
    const sound = given.replace("age1x", RECIPIENT);
    expect(read(`${section}: ${sound}`).problems).toBeUndefined();
    const { problems } = read(`store: ${AT}\n${section}: ${sound}`);
    expect(problems).toMatchObject([
      { code: "store_not_sqlite", where: expect.stringMatching(/tocsin\.yml:4:\d+$/) },
    ]);
    expect(problems?.map(problemSentence).join()).toContain(said);
  });

  it.each([
    ["a password that is missing", "password: { env: NOWHERE }", "secret_missing", "store.password"],
    ["an authority that is missing", "tls: { authority: no.pem }", "tls_unreadable", "store.tls.authority"],
    ["an authority that is none", "tls: { authority: not.pem }", "tls_invalid", "that of the database"],
    [
      "a key that is missing",
      "tls: { certificate: not.pem, key: no.pem }",
      "tls_unreadable",
      "store.tls.key",
    ],
    ["a certificate that is none", "tls: { certificate: not.pem, key: not.pem }", "tls_invalid", "store.tls"],
  ])("has %s told, at its line", (_what, settings, code, said) => {
    const { problems = [] } = read(`store: { url: "${AT}", ${settings} }`);
    expect(problems).toMatchObject([{ code, where: expect.stringMatching(/tocsin\.yml:3:\d+$/) }]);
    expect(problems.map(problemSentence).join()).toContain(said);
  });
});

const RECIPIENT = "age1zvkyg2lqzraa2lnjvqej32nkuu0ues2s82hzrye869xeexvn73equnujwj";
