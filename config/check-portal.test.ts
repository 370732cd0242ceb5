import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { makeAuthority, openssl } from "../test/support/authority.ts";
import { describePeer } from "../test/support/peer.ts";
import { parseConfig } from "./load.ts";

const ENVIRONMENT = { KEY: "k", SPACED: "two words" };

describePeer(openssl, "a portal with an interface", () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "tocsin-portal-config-"));
    const authority = makeAuthority(join(folder, "authority"));
    for (const name of ["ours", "other"]) authority.issue(name);
    writeFileSync(join(folder, "not.pem"), "not PEM");
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const read = (settings: string, environment: typeof ENVIRONMENT | null = ENVIRONMENT) =>
    parseConfig(
      `facility: { id: ch-x, name: CH X, kind: etablissement_de_sante }
mode: live
outbound:
  - id: ars
    connector: portal-http
    settings:
      url: https://portail.example/declarations
${settings
  .split("\n")
  .map((line) => `      ${line}`)
  .join("\n")}
`,
      join(folder, "tocsin.yml"),
      environment,
    );
  const byKey = (name: string) => `authentication: { by: api_key, header: X-Key, key: { env: ${name} } }`;
  const tls = (certificate: string, key: string) =>
    `authentication: { by: mtls }\ntls: { certificate: { file: ${certificate} }, key: { file: ${key} } }`;
  const [ours, key, other] = ["authority/ours.pem", "authority/ours.key", "authority/other.key"] as const;

  it("has its secrets read, wherever they stand in its settings", () => {
    const { loaded, problems } = read(`${tls(ours, key)}\nstatus: { url: "https://portail.example/{key}" }`);
    expect(problems).toBeUndefined();
    expect(loaded?.secrets.get("outbound.0.settings.tls.key")?.reveal()).toBe(
      readFileSync(join(folder, key), "utf8").trim(),
    );
    expect(read(byKey("KEY")).loaded?.secrets.get("outbound.0.settings.authentication.key")?.reveal()).toBe(
      "k",
    );
  });

  it.each([
    ["a secret that is nowhere", byKey("NOWHERE"), "secret_missing", "settings.authentication.key"],
    ["a secret that fits no header", byKey("SPACED"), "secret_not_header", "settings.authentication.key"],
    ["a certificate that is none", tls("not.pem", key), "tls_invalid", "settings.tls"],
    ["a certificate with another's key", tls(ours, other), "tls_invalid", "settings.tls"],
    [
      "an authority that is none",
      `${byKey("KEY")}\ntls: { authority: { file: not.pem } }`,
      "tls_invalid",
      "settings.tls.authority",
    ],
    ["a setting that is wrong", `${byKey("KEY")}\nmethod: DELETE`, "config_invalid", "settings.method"],
  ])("is refused with %s", (_, settings, code, where) => {
    expect(read(settings).problems).toEqual([
      expect.objectContaining({ code, message: expect.stringContaining(`outbound.0.${where}: `) }),
    ]);
  });

  it("is read without its secrets where these are not needed", () => {
    expect(read(byKey("NOWHERE"), null).problems).toBeUndefined();
  });
});
