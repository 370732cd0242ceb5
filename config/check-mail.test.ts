import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, it } from "vitest";
import { systemClock } from "../agent/core/clock.ts";
import { problemSentence } from "../agent/core/errors.ts";
import { type Authority, makeAuthority, openssl } from "../test/support/authority.ts";
import { describePeer } from "../test/support/peer.ts";
import { adviseCertificates } from "./advise-certificates.ts";
import { parseConfig } from "./load.ts";

const folder = mkdtempSync(join(tmpdir(), "tocsin-check-mail-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const FOR_MAIL = ["subjectAltName=email:direction@ch.example", "extendedKeyUsage=emailProtection"];

const configOf = (settings: string) => `facility: { id: ch-x, name: CH X, kind: etablissement_de_sante }
mode: live
sources: []
outbound:
  - { id: portail, connector: portal-assisted }
  - id: ars
    connector: ars-mail
    settings:
      { host: relay.example, from: direction@ch.example, to: [x@ars.example], contact: "C. Petit"${settings} }
`;
const read = (settings: string, environment: Record<string, string> | null = {}) =>
  parseConfig(configOf(settings), join(folder, "tocsin.yml"), environment);
const told = (settings: string) => (read(settings).problems ?? []).map(problemSentence);

describePeer(openssl, "the files of a way out by mail", () => {
  let authority: Authority;
  beforeAll(() => {
    authority = makeAuthority(folder);
    authority.issue("own", { extensions: FOR_MAIL });
    authority.issue("old", { extensions: FOR_MAIL, days: -1 });
    authority.issue("else", { extensions: ["subjectAltName=email:else@ch.example"] });
    writeFileSync(join(folder, "annexe.pdf"), "%PDF-1.4 blank");
    writeFileSync(join(folder, "annexe.txt"), "blank");
  });

  it("are found from where the configuration stands, and their keys are kept apart", () => {
    const sign = "sign: { certificate: { file: own.pem }, key: { file: own.key } }";
    const { loaded, problems } = read(`, annex: annexe.pdf, authority: authority.pem, ${sign}`);
    expect(problems).toBeUndefined();
    expect(loaded?.config.outbound[1]?.settings).toMatchObject({
      annex: join(folder, "annexe.pdf"),
      authority: join(folder, "authority.pem"),
    });
    expect(loaded?.secrets.get("outbound.1.settings.sign.key")?.reveal()).toContain("PRIVATE KEY");
    expect(JSON.stringify(loaded)).not.toContain("PRIVATE KEY");
  });

  it.each([
    [
      "another's signature",
      "sign: { certificate: { file: else.pem }, key: { file: else.key } }",
      /is that of else@ch\.example, and mail is from direction@ch\.example/,
    ],
    [
      "another's key",
      "sign: { certificate: { file: own.pem }, key: { file: else.key } }",
      /the key is not that of own/,
    ],
    ["no key", "sign: { certificate: { file: own.pem }, key: { file: none.key } }", /sign\.key: ENOENT/],
    [
      "readers that are none",
      "encrypt: { certificates: { file: annexe.txt } }",
      /encrypt\.certificates: no certificate in PEM/,
    ],
    [
      "a client's certificate without its key",
      "client: { certificate: { file: own.pem }, key: { file: else.key } }",
      /settings\.client: .*; give a certificate in PEM, and its own key/,
    ],
    ["an authority that is none", "authority: annexe.pdf", /settings\.authority: no certificate in PEM/],
    [
      "an annex that is no PDF",
      "annex: annexe.txt",
      /settings\.annex: not a PDF; give the blank annex as a PDF/,
    ],
    ["an annex that is not there", "annex: nothing.pdf", /settings\.annex: ENOENT/],
    [
      "a declaration in clear",
      "security: none",
      /settings\.security: a declaration does not travel in clear/,
    ],
  ])("tell %s before the night when they are needed", (_, settings, message) => {
    expect(told(`, ${settings}`)).toEqual([expect.stringMatching(message)]);
  });

  it.each([
    ["sign.certificate", "sign: { certificate: { file: old.pem }, key: { file: old.key } }"],
    ["encrypt.certificates", "encrypt: { certificates: { file: old.pem } }"],
    ["client.certificate", "client: { certificate: { file: old.pem }, key: { file: old.key } }"],
  ])("keep nothing from starting when %s has expired: it is an advice", (setting, settings) => {
    const { loaded, problems } = read(`, ${settings}`);
    expect(problems).toBeUndefined();
    if (loaded === undefined) throw new Error("not read");
    const now = systemClock.now();
    expect(adviseCertificates(loaded, now)).toEqual([
      {
        code: "certificate_out_of_date",
        path: ["outbound", 1, "settings", ...setting.split(".")],
        message: expect.stringMatching(
          /^the certificate expired on \S+: nothing can leave by "ars" as it is$/,
        ),
        remedy: "renew it, then restart",
      },
    ]);
    const twoDays = 2 * 86_400_000_000;
    expect(adviseCertificates(loaded, now - twoDays)).toMatchObject([
      { message: expect.stringContaining("is valid from") },
    ]);
  });

  it("are said nothing of while they are in force", () => {
    const { loaded } = read(", sign: { certificate: { file: own.pem }, key: { file: own.key } }");
    if (loaded === undefined) throw new Error("not read");
    expect(adviseCertificates(loaded, systemClock.now())).toEqual([]);
  });

  it("are not asked for their keys where secrets are left unread", () => {
    const { problems } = read(", sign: { certificate: { file: old.pem }, key: { file: old.key } }", null);
    expect(problems).toBeUndefined();
  });
});
