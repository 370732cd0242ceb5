import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { problemSentence } from "../agent/core/errors.ts";
import { DUTIES } from "../agent/roles.ts";
import { intakeData } from "../agent/setup.ts";
import { parseConfig } from "./load.ts";
import { Poll } from "./poll.ts";

const ENVIRONMENT = {
  PASSWORD: "five5",
  KEY: "id:key of the index",
  ENCODED: "aWQ6a2V5",
  PAIR: "id:key",
  LINES: "two\nlines",
};
const AT = "https://siem.example:9200";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tocsin-poll-"));
  writeFileSync(join(folder, "not.pem"), "not PEM");
  writeFileSync(join(folder, "empty.secret"), "\n");
  writeFileSync(join(folder, "short.secret"), "five5\n");
});
afterAll(() => rmSync(folder, { recursive: true }));

function read(poll: string) {
  const text = `facility: { id: ch-x, name: CH X, kind: etablissement_de_sante }
mode: observe
sources:
  - id: siem
    connector: wazuh
    poll: { index: "wazuh-alerts-*", ${poll} }
`;
  return parseConfig(text, join(folder, "tocsin.yml"), ENVIRONMENT);
}

describe("Poll", () => {
  it("has its defaults", () => {
    expect(Poll.parse({ url: AT, index: "logs" })).toEqual({
      url: AT,
      index: "logs",
      time_field: "@timestamp",
      start: "now",
      every_seconds: 15,
      page_size: 500,
      overlap_seconds: 120,
      timeout_seconds: 30,
      response_bytes: 33_554_432,
    });
  });

  it.each([
    ["several indices", { index: "wazuh-alerts-*,remote:logs-*,-logs-old" }],
    ["a data stream", { index: "logs-endpoint.alerts-default" }],
    ["plain HTTP to the loopback", { url: "http://127.0.0.1:9200" }],
    ["plain HTTP to the IPv6 loopback", { url: "http://[::1]:9200" }],
    ["an address with a path", { url: `${AT}/indexer/` }],
    ["a query string", { query: "rule.level:>=7 AND NOT agent.name:test" }],
    ["a query of the DSL", { query: { range: { "rule.level": { gte: 7 } } } }],
    ["a day", { start: "2026-11-15" }],
    ["a date with its offset", { start: "2026-11-15T02:00:00+01:00" }],
    ["a name and its password", { username: "tocsin", password: { env: "PASSWORD" } }],
    ["a certificate of ours", { tls: { certificate: "a.pem", key: "a.key", server_name: "indexer" } }],
  ])("accepts %s", (_what, over) => {
    expect(Poll.safeParse({ url: AT, index: "logs", ...over }).error?.issues).toBeUndefined();
  });

  it.each([
    ["plain HTTP elsewhere", { url: "http://siem.example:9200" }, "url", "loopback only"],
    ["another protocol", { url: "ftp://siem.example" }, "url", "give the address"],
    ["a secret in the address", { url: "https://me:secret@siem.example" }, "url", "never written"],
    ["a query in the address", { url: `${AT}/?pretty` }, "url", "leave out"],
    ["a path for an index", { index: "logs/_search" }, "index", "names or patterns"],
    ["no index", { index: "" }, "index", "names or patterns"],
    ["an empty query", { query: " " }, "query", ""],
    [
      "a query inside a query",
      { query: { query: { match_all: {} } } },
      "query",
      "one query of the query DSL",
    ],
    ["two queries", { query: { term: {}, range: {} } }, "query", "one query of the query DSL"],
    ["a date that is none", { start: "yesterday" }, "start", "write now, or a date"],
    ["pages of more than an index gives", { page_size: 10_001 }, "page_size", ""],
    ["a name without password", { username: "tocsin" }, "username", "together"],
    ["a password without name", { password: { env: "A" } }, "password", "together"],
    ["an inline password", { username: "a", password: "five5" }, "password", "never written"],
    ["two ways to be let in", { api_key: { env: "A" }, token: { env: "B" } }, "", "give one of"],
    ["TLS over plain HTTP", { url: "http://127.0.0.1:9200", tls: {} }, "tls", "plain HTTP"],
    ["a certificate without its key", { tls: { certificate: "a.pem" } }, "tls", "together"],
    ["an unknown key", { indices: "logs" }, "", "Unrecognized"],
  ])("refuses %s, saying where and what", (_what, over, path, said) => {
    const issues = Poll.safeParse({ url: AT, index: "logs", ...over }).error?.issues ?? [];
    expect(issues.map((issue) => issue.path.join("."))).toEqual([path]);
    expect(issues[0]?.message).toContain(said);
  });

  it("says all that is wrong at once", () => {
    const poll = {
      url: "http://siem.example/?a",
      index: "logs",
      username: "a",
      token: { env: "B" },
      tls: {},
    };
    const issues = Poll.safeParse(poll).error?.issues ?? [];
    expect(issues.map((issue) => issue.path.join("."))).toEqual(["url", "url", "username", "", "tls"]);
  });
});

describe("a source that is polled", () => {
  it.each([
    ["anyone is let in", "", undefined],
    [
      "by name and password",
      "username: tocsin, password: { env: PASSWORD }",
      `Basic ${Buffer.from("tocsin:five5").toString("base64")}`,
    ],
    [
      "by a password that others chose as short",
      "username: é, password: { file: short.secret }",
      `Basic ${Buffer.from("é:five5").toString("base64")}`,
    ],
    ["by an encoded key", "api_key: { env: ENCODED }", "ApiKey aWQ6a2V5"],
    ["by a key and its id", "api_key: { env: PAIR }", "ApiKey aWQ6a2V5"],
    ["by a token", "token: { env: ENCODED }", "Bearer aWQ6a2V5"],
  ])("shows what lets it in: %s", (_what, settings, authorization) => {
    const { loaded, problems } = read(`url: "${AT}", ${settings}`);
    expect(problems).toBeUndefined();
    if (loaded === undefined) return;
    expect(JSON.stringify(loaded)).not.toContain("five5");
    expect(intakeData(loaded, DUTIES.all).sources[0]?.poll).toMatchObject({
      authorization,
      settings: { url: AT },
    });
  });

  it.each([
    ["an authority that is missing", "tls: { authority: no.pem }", "tls_unreadable", "poll.tls.authority"],
    ["an authority that is none", "tls: { authority: not.pem }", "tls_invalid", "poll.tls.authority"],
    ["a certificate that is none", "tls: { certificate: not.pem, key: not.pem }", "tls_invalid", "poll.tls"],
    ["a key that is missing", "tls: { certificate: not.pem, key: no.pem }", "tls_unreadable", "poll.tls.key"],
    ["a secret that is missing", "token: { env: NOWHERE }", "secret_missing", "poll.token"],
    ["a secret that is empty", "token: { file: empty.secret }", "secret_missing", "is empty"],
    ["a token with a space", "token: { env: KEY }", "secret_not_header", "poll.token"],
    ["a key of two lines", "api_key: { env: LINES }", "secret_not_header", "poll.api_key"],
    ["what the schema refuses", "page_size: 0", "config_invalid", "sources.0.poll.page_size"],
  ])("has %s told, at its line", (_what, settings, code, said) => {
    const problems = read(`url: "${AT}", ${settings}`).problems ?? [];
    expect(problems).toMatchObject([{ code, where: expect.stringMatching(/tocsin\.yml:6:\d+$/) }]);
    const sentence = problems.map(problemSentence).join();
    expect(sentence).toContain(said);
    for (const secret of Object.values(ENVIRONMENT)) expect(sentence).not.toContain(secret);
  });

  it("finds its files beside the configuration", () => {
    writeFileSync(join(folder, "ca.pem"), CERTIFICATE);
    const { loaded } = read(`url: "${AT}", tls: { authority: ca.pem }`);
    expect(loaded?.config.sources[0]?.poll?.tls?.authority).toBe(join(folder, "ca.pem"));
  });
});

/** Of a test authority that signs nothing. */
const CERTIFICATE = `-----BEGIN CERTIFICATE-----
MIIBejCCAR+gAwIBAgIUAjjyLBODDHzyVycQhR8yXxdeAUUwCgYIKoZIzj0EAwIw
ETEPMA0GA1UEAwwGTm9ib2R5MCAXDTI2MTEyMjAzNDUzM1oYDzIxMjYxMDI5MDM0
NTMzWjARMQ8wDQYDVQQDDAZOb2JvZHkwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNC
AATk16QwdK+iC+0n6Q/VWpl9TtumInjV+veukIbTNuiqS9DjAm2+ihIItkwd2ls0
wFB4E+kDpauFVi/Ec6inGPYQo1MwUTAdBgNVHQ4EFgQUAbCqcd4vgrPAHHnR5bOA
KRz8LzowHwYDVR0jBBgwFoAUAbCqcd4vgrPAHHnR5bOAKRz8LzowDwYDVR0TAQH/
BAUwAwEB/zAKBggqhkjOPQQDAgNJADBGAiEAhfZG766BvpIK9s7hZ6ypQNIeUyWb
g8Vy7LzKA4haRqcCIQDj3oJsDssERVP55EFy32SlxLmmr1jLHkHFTdJNAkNyqg==
-----END CERTIFICATE-----
`;
