import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { inspect } from "node:util";
import PostalMime from "postal-mime";
import type { SMTPServerOptions } from "smtp-server";
import { expect, it } from "vitest";
import { aFiling, BYTES, openArs, sendArs, TEXT } from "../../../test/support/ars-mail.ts";
import { makeAuthority, openssl } from "../../../test/support/authority.ts";
import { describePeer } from "../../../test/support/peer.ts";
import { closedAfterEach } from "../../../test/support/smtp-peer.ts";

const { relay, folder } = closedAfterEach();

describePeer(openssl, "certificates", () => {
  const RSA = ["-newkey", "rsa:2048", "-nodes"];
  /** After the certificates of this run begin. */
  const now = (Date.now() + 3_600_000) * 1000;
  const mailbox = (address: string) => [
    `subjectAltName=email:${address}`,
    "extendedKeyUsage=emailProtection",
  ];

  it("signs and encrypts: the ARS opens it, verifies it and finds the declaration", async () => {
    const place = folder();
    const authority = makeAuthority(place);
    const own = authority.issue("direction", { extensions: mailbox("direction@ch.example") }).files;
    const ars = authority.issue("ars", { key: RSA, extensions: mailbox("alerte@ars.example") }).files;
    const secrets = {
      "sign.certificate": readFileSync(own.certificate, "utf8"),
      "sign.key": readFileSync(own.key, "utf8"),
      "encrypt.certificates": readFileSync(ars.certificate, "utf8"),
    };
    const settings = {
      sign: { certificate: { file: "c" }, key: { file: "k" } },
      encrypt: { certificates: { file: "e" } },
    };
    const { port, received } = await relay();
    const opened = openArs(port, settings, secrets);
    const attempt = await opened.send(aFiling(), { now, signal: AbortSignal.timeout(20_000) });
    expect(attempt.outcome).toBe("delivered");
    expect(received[0]?.bytes.equals(attempt.sent?.bytes as Buffer)).toBe(true);
    expect(received[0]?.bytes.toString("latin1")).not.toContain("DECLARATION");
    const run = (...words: string[]) => execFileSync("openssl", words, { cwd: place, stdio: "pipe" });
    writeFileSync(join(place, "closed.eml"), received[0]?.bytes ?? "");
    run(
      "cms",
      "-decrypt",
      "-in",
      "closed.eml",
      "-recip",
      ars.certificate,
      "-inkey",
      ars.key,
      "-out",
      "signed.eml",
    );
    run(
      "cms",
      "-verify",
      "-in",
      "signed.eml",
      "-CAfile",
      authority.file,
      "-signer",
      "who.pem",
      "-out",
      "content",
    );
    const mail = await PostalMime.parse(readFileSync(join(place, "content")));
    expect(mail.text?.replaceAll("\r\n", "\n")).toContain(TEXT);
    expect(Buffer.from(mail.attachments[1]?.content as ArrayBuffer).equals(BYTES)).toBe(true);
    expect(readFileSync(join(place, "who.pem"), "utf8").trim()).toBe(secrets["sign.certificate"].trim());
    expect(inspect([opened, attempt], { depth: 5 })).not.toContain("PRIVATE KEY");
    const soon = await opened.probe?.({ now, signal: AbortSignal.timeout(20_000) });
    expect(soon?.because).toMatch(/Le certificat de direction expire le \d\d\/\d\d\/\d{4}\./);
  });

  it.each([
    ["an expired one", { days: -1 }, /Signature impossible : le certificat de direction a expiré le/],
    ["one for encryption only", { usage: "keyEncipherment" }, /ne sert pas à signer/],
  ] as const)(
    "does not sign with %s: nothing leaves, and the probe says it before",
    async (_, how, because) => {
      const authority = makeAuthority(folder());
      const { days = 2, usage } = how as { days?: number; usage?: string };
      const extensions = [...mailbox("direction@ch.example"), ...(usage ? [`keyUsage=${usage}`] : [])];
      const own = authority.issue("direction", { days, extensions }).files;
      const secrets = {
        "sign.certificate": readFileSync(own.certificate, "utf8"),
        "sign.key": readFileSync(own.key, "utf8"),
      };
      const settings = { sign: { certificate: { file: "c" }, key: { file: "k" } } };
      const { port, connections } = await relay();
      const opened = openArs(port, settings, secrets);
      const at = { now, signal: AbortSignal.timeout(20_000) };
      expect(await opened.send(aFiling(), at)).toEqual({
        outcome: "refused",
        because: expect.stringMatching(because),
      });
      expect(await opened.probe?.(at)).toEqual({ reachable: false, because: expect.stringMatching(because) });
      expect(connections()).toBe(0);
    },
  );

  it("is refused with an expired certificate for the relay, which is not even called", async () => {
    const own = makeAuthority(folder()).issue("tocsin", { days: -1 }).files;
    const secrets = {
      "client.certificate": readFileSync(own.certificate, "utf8"),
      "client.key": readFileSync(own.key, "utf8"),
    };
    const { port, connections } = await relay();
    const client = { certificate: { file: "c" }, key: { file: "k" } };
    const settings = { host: "localhost", security: "tls", client };
    const opened = openArs(port, settings, secrets);
    const at = { now, signal: AbortSignal.timeout(20_000) };
    const because = expect.stringMatching(
      /Connexion au relais impossible : le certificat de tocsin a expiré/,
    );
    expect(await opened.send(aFiling(), at)).toEqual({ outcome: "refused", because });
    expect(await opened.probe?.(at)).toEqual({ reachable: false, because });
    expect(connections()).toBe(0);
  });

  it("shows the relay the certificate that it knows us by, over TLS from the start", async () => {
    const authority = makeAuthority(folder());
    const server = authority.issue("relay", { dns: ["localhost"] }).files;
    const own = authority.issue("tocsin").files;
    const { port, received } = await relay({
      secure: true,
      disabledCommands: [],
      key: readFileSync(server.key),
      cert: readFileSync(server.certificate),
      ca: [authority.ca],
      requestCert: true,
      rejectUnauthorized: true,
    } as SMTPServerOptions);
    const secrets = {
      "client.certificate": readFileSync(own.certificate, "utf8"),
      "client.key": readFileSync(own.key, "utf8"),
    };
    const tls = { host: "localhost", security: "tls", authority: authority.file };
    const client = { certificate: { file: "c" }, key: { file: "k" } };
    expect((await sendArs(port, aFiling(), tls)).outcome).toBe("unreachable");
    expect((await sendArs(port, aFiling(), { ...tls, client }, secrets)).outcome).toBe("delivered");
    expect(received).toHaveLength(1);
    // Those that the machine trusts know nothing of this server.
    const stranger = { ...tls, client, authority: undefined };
    expect((await sendArs(port, aFiling(), stranger, secrets)).outcome).toBe("unreachable");
  });
});
