import { execFileSync } from "node:child_process";
import { createPrivateKey, randomBytes, X509Certificate } from "node:crypto";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import PostalMime from "postal-mime";
import { afterAll, beforeAll, expect, it } from "vitest";
import {
  type Authority,
  ecKey,
  type IssueOptions,
  makeAuthority,
  openssl,
} from "../../../../test/support/authority.ts";
import { describePeer } from "../../../../test/support/peer.ts";
import { composeMail } from "../compose-mail.ts";
import { allowsUse } from "./allows-use.ts";
import { takeApart } from "./entity.ts";
import { protectMail } from "./protect-mail.ts";
import { readRecipients, readSigner } from "./read-keys.ts";

const RSA = ["-newkey", "rsa:2048", "-nodes"];
const KEYS = {
  rsa: RSA,
  p256: ecKey("prime256v1"),
  p384: ecKey("secp384r1"),
  p521: ecKey("secp521r1"),
} as const;
type Name = keyof typeof KEYS;
const NAMES = Object.keys(KEYS) as Name[];
const FOR_MAIL = ["subjectAltName=email:direction@ch.example", "extendedKeyUsage=emailProtection"];
const FROM = "direction@ch.example";
/** After the certificates of this run begin. */
const NOW = new Date(Date.now() + 3600_000);
const TEXT = "Déclaration : é€😀\n.\n..\nFrom la salle serveur\n fin d'espaces  \n\ttabulation";

const folder = mkdtempSync(join(tmpdir(), "tocsin-smime-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const at = (file: string) => join(folder, file);
const run = (...words: string[]) =>
  execFileSync("openssl", words, { cwd: folder, stdio: "pipe", encoding: "utf8" });

let authority: Authority;
const issued = new Map<string, { certificate: string; key: string }>();
function issue(name: string, options: IssueOptions = {}): { certificate: string; key: string } {
  const { files } = authority.issue(name, { extensions: FOR_MAIL, ...options });
  return { certificate: readFileSync(files.certificate, "utf8"), key: readFileSync(files.key, "utf8") };
}
const identity = (name: Name) => issued.get(name) ?? { certificate: "", key: "" };
const signerOf = (name: Name) => {
  const { certificate, key } = identity(name);
  return { certificates: [new X509Certificate(certificate)], key: createPrivateKey(key) };
};
const certificateOf = (name: Name) => new X509Certificate(identity(name).certificate);
const mail = (attachment: Buffer = Buffer.from("%PDF-1.7 é")) =>
  composeMail({
    from: { name: "CH de l'Été", address: FROM },
    to: [{ name: "", address: "ars@ars.example" }],
    subject: "Déclaration initiale : é€😀",
    messageId: "<key@ch.example>",
    date: NOW,
    text: TEXT,
    attachments: [{ name: "declaration.pdf", type: "application/pdf", bytes: attachment }],
    textEncoding: "base64",
  });

/** Verifies with OpenSSL, under the authority and as signed mail, and gives back what was signed. */
function verify(bytes: Buffer, command = "cms"): Buffer {
  writeFileSync(at("signed.eml"), bytes);
  run(
    command,
    "-verify",
    "-in",
    "signed.eml",
    "-CAfile",
    authority.file,
    "-purpose",
    "smimesign",
    "-out",
    "content",
  );
  return readFileSync(at("content"));
}

function decrypt(bytes: Buffer, name: Name, command = "cms"): Buffer {
  writeFileSync(at("closed.eml"), bytes);
  const { certificate, key } = identity(name);
  writeFileSync(at("own.pem"), certificate);
  writeFileSync(at("own.key"), key);
  run(
    command,
    "-decrypt",
    "-in",
    "closed.eml",
    "-recip",
    "own.pem",
    "-inkey",
    "own.key",
    "-out",
    "opened.eml",
  );
  return readFileSync(at("opened.eml"));
}

describePeer(openssl, "S/MIME", () => {
  beforeAll(() => {
    authority = makeAuthority(at("ca"));
    for (const name of NAMES) issued.set(name, issue(name, { key: KEYS[name] }));
  });

  it.each(NAMES)("signed by %s, OpenSSL verifies it and gives back the content to the byte", async (name) => {
    const raw = await mail();
    const signed = await protectMail(raw, { signer: signerOf(name), now: NOW });
    const { entity } = takeApart(raw);
    expect(verify(signed).equals(entity)).toBe(true);
    expect(verify(signed, "smime").equals(entity)).toBe(true);
    const read = await PostalMime.parse(signed);
    expect(read.subject).toBe("Déclaration initiale : é€😀");
    expect(read.text?.replaceAll("\r\n", "\n")).toBe(TEXT);
    expect(read.attachments.map(({ filename }) => filename)).toEqual(["declaration.pdf", "smime.p7s"]);
    expect(signed.toString("latin1")).toMatch(/micalg=sha-256/);
  });

  it.each(NAMES)("what was changed on the way no longer verifies (%s)", async (name) => {
    const signed = await protectMail(await mail(), { signer: signerOf(name), now: NOW });
    const changed = Buffer.from(signed);
    const place = changed.indexOf("JVBERi0");
    changed.writeUInt8(changed.readUInt8(place + 8) ^ 1, place + 8);
    expect(() => verify(changed)).toThrow(/digest failure|verification failure/i);
  });

  it("encrypted, each recipient reads it with its own key, and nobody else", async () => {
    const raw = await mail();
    const recipients = (["rsa", "p256", "p521"] as const).map(certificateOf);
    const closed = await protectMail(raw, { signer: signerOf("p384"), recipients, now: NOW });
    expect(closed.toString("latin1")).toMatch(
      /Content-Type: application\/pkcs7-mime; smime-type=enveloped-data/,
    );
    expect(closed.toString("latin1")).not.toContain("JVBERi0");
    for (const name of ["rsa", "p256", "p521"] as const)
      expect(verify(decrypt(closed, name)).equals(takeApart(raw).entity)).toBe(true);
    expect(() => decrypt(closed, "p384")).toThrow();
  });

  // A reader of PKCS #7 knows RSA alone.
  it.each([...NAMES.map((name) => [name, "cms"] as const), ["rsa", "smime"] as const])(
    "for %s alone, openssl %s opens it",
    async (name, command) => {
      const raw = await mail();
      const closed = await protectMail(raw, { recipients: [certificateOf(name)], now: NOW });
      expect(decrypt(closed, name, command).equals(takeApart(raw).entity)).toBe(true);
    },
  );

  it("no two are encrypted alike, and who, to whom and when stand outside", async () => {
    const raw = await mail();
    const recipients = [certificateOf("rsa")];
    const [one, other] = [
      await protectMail(raw, { recipients, now: NOW }),
      await protectMail(raw, { recipients, now: NOW }),
    ];
    expect(one.equals(other)).toBe(false);
    const { from, to, messageId, subject } = await PostalMime.parse(one);
    expect({ from: from?.address, to: to?.[0]?.address, messageId, subject }).toEqual({
      from: FROM,
      to: "ars@ars.example",
      messageId: "<key@ch.example>",
      subject: "Déclaration initiale : é€😀",
    });
  });

  it("an attachment of 10 MB is signed, encrypted, opened and verified", async () => {
    const attachment = randomBytes(10 * 1024 * 1024);
    const closed = await protectMail(await mail(attachment), {
      signer: signerOf("rsa"),
      recipients: [certificateOf("p256"), certificateOf("rsa")],
      now: NOW,
    });
    const content = verify(decrypt(closed, "rsa"));
    const read = await PostalMime.parse(content);
    expect(Buffer.from(read.attachments[0]?.content as ArrayBuffer).equals(attachment)).toBe(true);
  });

  it("lines are ended by CRLF whatever they were, before they are signed", async () => {
    const raw = Buffer.from((await mail()).toString("latin1").replaceAll("\r\n", "\n"), "latin1");
    const signed = await protectMail(raw, { signer: signerOf("rsa"), now: NOW });
    expect(signed.toString("latin1").replaceAll("\r\n", "")).not.toMatch(/[\r\n]/);
    const { text } = await PostalMime.parse(verify(signed));
    expect(text?.replaceAll("\r\n", "\n")).toBe(TEXT);
  });

  it("without certificates a message stays as it is", async () => {
    const raw = await mail();
    expect(await protectMail(raw, { now: NOW })).toBe(raw);
  });

  const WRONG: [string, () => { certificate: string; key: string }, RegExp][] = [
    ["expired", () => issue("old", { days: -1 }), /^the certificate of old expired on \d{4}-/],
    [
      "of another key",
      () => ({ ...identity("rsa"), key: identity("p256").key }),
      /the key is not that of rsa/,
    ],
    ["with no key", () => ({ ...identity("rsa"), key: "nothing" }), /the key is not that of rsa/],
    ["no certificate", () => ({ ...identity("rsa"), certificate: "nothing" }), /no certificate in PEM/],
    [
      "of a server",
      () => issue("web", { extensions: ["extendedKeyUsage=serverAuth"] }),
      /certificate of web is not for mail/,
    ],
    [
      "of somebody else",
      () => issue("else", { extensions: ["subjectAltName=email:else@ch.example"] }),
      /is that of else@ch\.example, and mail is from direction@ch\.example/,
    ],
    [
      "of a short key",
      () => issue("short", { key: ["-newkey", "rsa:1024", "-nodes"] }),
      /neither RSA of 2048/,
    ],
    [
      "of an Edwards curve",
      () => issue("ed", { key: ["-newkey", "ed25519", "-nodes"] }),
      /neither RSA of 2048/,
    ],
  ];
  it.each(WRONG)("a certificate %s is refused, and why is said", (_, make, message) => {
    expect(readSigner(make(), { from: FROM, now: NOW }).fault?.message).toMatch(message);
  });

  it("one expired reader among several is refused by name", () => {
    const pem = [identity("rsa").certificate, issue("left", { days: -1 }).certificate].join("\n");
    expect(readRecipients(pem, NOW).fault?.message).toMatch(/certificate of left expired/);
    expect(readRecipients(identity("rsa").certificate + identity("p256").certificate, NOW).read).toHaveLength(
      2,
    );
  });

  it("a certificate that names no address, or ours in capitals, signs for any", () => {
    const nameless = issue("nameless", { extensions: ["extendedKeyUsage=emailProtection"] });
    const loud = issue("loud", { extensions: ["subjectAltName=email:Direction@CH.example"] });
    for (const each of [nameless, loud])
      expect(readSigner(each, { from: FROM, now: NOW }).fault).toBeUndefined();
  });

  it.each([
    ["keyUsage=digitalSignature", true, false],
    ["keyUsage=nonRepudiation", true, false],
    ["keyUsage=keyEncipherment", false, true],
    ["keyUsage=keyAgreement", false, true],
    ["keyUsage=digitalSignature,keyEncipherment", true, true],
    ["subjectAltName=email:a@ch.example", true, true],
  ])("a certificate with %s signs: %s, encrypts: %s", async (extension, signs, encrypts) => {
    const certificate = new X509Certificate(issue("use", { extensions: [extension] }).certificate);
    expect(await allowsUse(certificate, "sign")).toBe(signs);
    expect(await allowsUse(certificate, "encrypt")).toBe(encrypts);
  });
});
