import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../agent/core/clock.ts";
import { problemSentence } from "../agent/core/errors.ts";
import { type Issued, makeAuthority, openssl } from "../test/support/authority.ts";
import { describePeer } from "../test/support/peer.ts";
import { adviseCertificates } from "./advise-certificates.ts";
import { parseConfig } from "./load.ts";

const TOKEN = "the token of a source";
const ENVIRONMENT = {
  TOKEN,
  OTHER: "the token of another source",
  SECRET: `whsec_${Buffer.from("sixteen bytes or more").toString("base64")}`,
  BARE: Buffer.from("sixteen bytes or more").toString("base64"),
  SHORT: `whsec_${Buffer.from("fifteen bytes !").toString("base64")}`,
  WORDS: "a secret that is not base64 at all",
  CUT: Buffer.from("sixteen bytes or more").toString("base64").slice(0, -1),
};

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tocsin-config-"));
  mkdirSync(join(folder, "rules"));
  writeFileSync(join(folder, "not.pem"), "not PEM");
});
afterAll(() => rmSync(folder, { recursive: true }));

/** Reads a configuration in the folder: its first two lines, then what the test is about from line 3 on. */
function read(about: string, environment: Parameters<typeof parseConfig>[2] = ENVIRONMENT) {
  const text = `facility: { id: ch-x, name: CH X, kind: etablissement_de_sante }\nmode: observe\n${about}\n`;
  return parseConfig(text, join(folder, "tocsin.yml"), environment);
}
const problems = (...about: Parameters<typeof read>) => read(...about).problems ?? [];
const listener = (name: string, rest: string) => `listeners: { ${name}: { ${rest} } }`;
const tool = (name: string) => `tools: [{ id: soc, secret: { env: ${name} } }]`;
const notify = (name: string) =>
  `notify: [{ id: n, connector: webhook, for: [on_call], settings: { url: "http://127.0.0.1:9", secret: { env: ${name} } } }]`;
const sources = (...listen: string[]) =>
  `sources: [${listen.map((each, i) => `{ id: s${i}, connector: syslog, listen: [{ ${each} }] }`).join(", ")}]`;
const http = (...tokens: string[]) =>
  `sources:\n${tokens.map((name, i) => `  - { id: h${i}, connector: generic, token: { env: ${name} } }`).join("\n")}`;

describe("checkSurroundings", () => {
  it.each([
    [
      "a certificate that is missing",
      listener("people", "tls: { certificate: no.pem, key: not.pem }"),
      "tls_unreadable",
      "listeners.people.tls.certificate",
    ],
    [
      "a key that is missing",
      listener("intake", "tls: { certificate: not.pem, key: no.pem }"),
      "tls_unreadable",
      "listeners.intake.tls.key",
    ],
    [
      "a key that is a folder",
      listener("operations", "tls: { certificate: not.pem, key: rules }"),
      "tls_unreadable",
      "listeners.operations.tls.key",
    ],
    [
      "a certificate that is none",
      listener("people", "tls: { certificate: not.pem, key: not.pem }"),
      "tls_invalid",
      "listeners.people.tls",
    ],
    [
      "a certificate of the canary that is missing",
      "canary: { client: { certificate: no.pem, key: not.pem } }",
      "tls_unreadable",
      "canary.client.certificate",
    ],
    [
      "a certificate of the canary that is none",
      "canary: { client: { certificate: not.pem, key: not.pem } }",
      "tls_invalid",
      "canary.client",
    ],
    ["a tool's secret that is not base64", tool("WORDS"), "secret_not_webhook", "tools.0.secret"],
    ["a tool's secret that is too short", tool("SHORT"), "secret_not_webhook", "tools.0.secret"],
    ["a tool's secret that was cut", tool("CUT"), "secret_not_webhook", "tools.0.secret"],
    ["a notifier's secret that is none", notify("WORDS"), "secret_not_webhook", "notify.0.settings.secret"],
    ["two HTTP listeners on one address", listener("people", "port: 8472"), "address_taken", "operations"],
    [
      "two sockets of one transport on one address",
      sources("transport: udp, port: 5514", "transport: udp, port: 5514"),
      "address_taken",
      "sources.1.listen.0: udp port 5514 of 127.0.0.1 is taken by sources.0.listen.0",
    ],
    [
      "a TCP socket on the port of an HTTP listener",
      sources("transport: tcp, port: 8471"),
      "address_taken",
      "taken by listeners.intake",
    ],
    [
      "a socket on all addresses and one on the loopback",
      sources("transport: tcp, port: 5514", 'transport: tcp, port: 5514, address: "::"'),
      "address_taken",
      "sources.1.listen.0",
    ],
    [
      "one token for two sources",
      http("TOKEN", "OTHER", "TOKEN"),
      "token_repeated",
      'that of the source "h0"',
    ],
    ["rules that do not exist", "rules: [rules, nowhere]", "rules_missing", "nowhere does not exist"],
    [
      "meanings that do not exist",
      "rules: [{ path: rules, meanings: [absent.yml] }]",
      "rules_missing",
      "absent.yml does not exist",
    ],
  ])("finds %s, at its line", (_what, about, code, said) => {
    const found = problems(about);
    expect(found).toMatchObject([{ code, where: expect.stringMatching(/tocsin\.yml:[1-9]\d*:\d+$/) }]);
    const sentence = found.map(problemSentence).join();
    expect(sentence).toContain(said);
    for (const secret of Object.values(ENVIRONMENT)) expect(sentence).not.toContain(secret);
  });

  it("names the line of the second of two", () => {
    expect(problems(http("TOKEN", "OTHER", "TOKEN"))[0]?.where).toMatch(/:6:\d+$/);
  });

  it.each([
    ["a secret with its prefix", tool("SECRET")],
    ["a secret without", notify("BARE")],
    ["one port over UDP and TCP", sources("transport: udp, port: 5514", "transport: tcp, port: 5514")],
    ["any free port, twice", sources("transport: udp, port: 0", "transport: udp, port: 0")],
    [
      "one port of two addresses",
      sources("transport: tcp, port: 5514", "transport: tcp, port: 5514, address: 127.0.0.2"),
    ],
    ["a token for each source", http("TOKEN", "OTHER")],
    ["rules that exist", "rules: [rules]"],
    ["rules named by an object", "rules: [{ path: rules }]"],
  ])("accepts %s", (_what, about) => {
    expect(problems(about)).toEqual([]);
  });

  it("leaves secrets and private keys alone where none are read, and checks the rest", () => {
    const about = [tool("WORDS"), http("TOKEN", "TOKEN"), "rules: [nowhere]"].join("\n");
    expect(problems(about, null).map(({ code }) => code)).toEqual(["rules_missing"]);
    const tls = listener("people", "tls: { certificate: no.pem, key: no.key }");
    expect(problems(tls, null).map(problemSentence)).toEqual([expect.stringContaining("tls.certificate")]);
  });
});

describePeer(openssl, "checkSurroundings, of certificates", () => {
  let parts: Record<"own" | "other" | "expired", Issued>;
  beforeAll(() => {
    const authority = makeAuthority(join(folder, "tls"));
    const expired = authority.issue("expired", { days: -1 });
    parts = { own: authority.issue("own"), other: authority.issue("other"), expired };
    const whole = readFileSync(authority.file, "utf8");
    const old = readFileSync(expired.files.certificate, "utf8");
    const write = (name: string, text: string) => writeFileSync(join(folder, "tls", name), text);
    write("both.pem", old + whole);
    write("half.pem", whole + whole.slice(0, 100));
  });
  const tls = (who: "own" | "expired", key: "own" | "other" | "expired", authority?: string) =>
    listener(
      "intake",
      `tls: { certificate: ${parts[who].files.certificate}, key: ${parts[key].files.key}${
        authority === undefined ? "" : `, clients: { authority: tls/${authority} }`
      } }`,
    );

  it.each([
    ["a key of another certificate", () => tls("own", "other"), "tls_invalid", "intake.tls: "],
    [
      "an authority that is missing",
      () => tls("own", "own", "no.pem"),
      "tls_unreadable",
      "clients.authority: ",
    ],
    ["an authority that is none", () => tls("own", "own", "own.key"), "tls_invalid", "no certificate in PEM"],
    ["an authority that is half written", () => tls("own", "own", "half.pem"), "tls_invalid", "not whole"],
  ])("finds %s", (_what, about, code, said) => {
    const found = problems(about());
    expect(found.map((each) => each.code)).toEqual([code]);
    expect(found.map(problemSentence).join()).toContain(said);
  });

  it.each([
    ["a certificate", () => tls("expired", "expired"), "certificate", "clients that check it do not connect"],
    [
      "an authority",
      () => tls("own", "own", "expired.pem"),
      "clients.authority",
      "no client is let in by it",
    ],
  ])("keeps nothing from starting when %s has expired: it is an advice", (_what, about, part, follows) => {
    expect(problems(about())).toEqual([]);
    const { loaded } = read(about());
    if (loaded === undefined) throw new Error("not read");
    expect(adviseCertificates(loaded, systemClock.now())).toEqual([
      {
        code: "certificate_out_of_date",
        path: ["listeners", "intake", "tls", ...part.split(".")],
        message: expect.stringMatching(new RegExp(`^the certificate expired on \\S+: ${follows}$`)),
        remedy: "renew it: it is taken without a restart",
      },
    ]);
  });

  it("says nothing of certificates in force, nor of authorities of which one still signs", () => {
    const { loaded } = read(tls("own", "own", "both.pem"));
    if (loaded === undefined) throw new Error("not read");
    expect(adviseCertificates(loaded, systemClock.now())).toEqual([]);
  });

  it("accepts a certificate with its key, and authorities of which one still signs", () => {
    expect(problems(tls("own", "own", "both.pem"))).toEqual([]);
  });

  it("looks at the TLS of a source, at its place", () => {
    const { certificate } = parts.own.files;
    const about = sources(
      `transport: tls, port: 6514, tls: { certificate: ${certificate}, key: ${parts.other.files.key} }`,
    );
    expect(problems(about)).toMatchObject([
      { code: "tls_invalid", message: expect.stringMatching(/^sources\.0\.listen\.0\.tls: /) },
    ]);
  });
});
