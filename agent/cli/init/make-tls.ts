import { createHash, KeyObject, randomBytes, webcrypto, X509Certificate } from "node:crypto";
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { isIP } from "node:net";
import { join } from "node:path";
import type { Certificate, CryptoEngine, GeneralName } from "pkijs";
import { type Instant, MICROSECONDS } from "../../core/clock.ts";
import { TocsinError } from "../../core/errors.ts";

/** What a server is known by and shows it with, in a folder; PEM. */
export const TLS_FILES = {
  authority: "autorite.pem",
  authorityKey: "autorite.key",
  certificate: "tocsin.pem",
  key: "tocsin.key",
} as const;

/** By which this machine always finds itself. */
export const OWN_NAMES = ["localhost", "127.0.0.1", "::1"] as const;

/** RFC 5280, appendix A.1: ub-common-name. */
const LONGEST_NAME = 64;
const AUTHORITY_DAYS = 3650;
/** Apple's systems take no longer from a server, even of a private authority (support.apple.com/103769). */
const SERVER_DAYS = 825;
/** A certificate is good a day before it is made: clocks of a hospital differ. */
const EARLIER_DAYS = 1;

const OID = {
  commonName: "2.5.4.3",
  basicConstraints: "2.5.29.19",
  keyUsage: "2.5.29.15",
  extendedKeyUsage: "2.5.29.37",
  serverAuth: "1.3.6.1.5.5.7.3.1",
  subjectAltName: "2.5.29.17",
  nameConstraints: "2.5.29.30",
  subjectKeyIdentifier: "2.5.29.14",
  authorityKeyIdentifier: "2.5.29.35",
};
const CURVE = { name: "ECDSA", namedCurve: "P-256" } as const;

type Pki = Awaited<ReturnType<typeof openPki>>;
type KeyPair = { privateKey: webcrypto.CryptoKey; publicKey: webcrypto.CryptoKey };

/** True for what can stand in a certificate and be typed in a browser: a DNS name or an address. */
export function isServerName(text: string): boolean {
  if (isIP(text) !== 0) return true;
  return (
    text.length <= 253 &&
    /^(?!\d+(?:\.\d+)*$)[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?(?:\.[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?)*$/i.test(
      text,
    )
  );
}

/**
 * Makes a server's certificate for these names and its key, signed by the private authority of the folder, which is made
 * when there is none; it can sign for these names only. Keys are readable by their owner alone.
 *
 * Throws TocsinError `authority_without_key` when the key of the authority is kept elsewhere, `name_not_of_authority`.
 */
export async function makeTls(
  folder: string,
  given: { names: readonly string[]; facility: string; now: Instant },
): Promise<{ authority: "made" | "kept"; certificate: X509Certificate }> {
  const pki = await openPki();
  const at = (name: keyof typeof TLS_FILES) => join(folder, TLS_FILES[name]);
  const names = [...new Set([...given.names.map((name) => name.toLowerCase()), ...OWN_NAMES])];
  mkdirSync(folder, { recursive: true, mode: 0o750 });
  const kept = existsSync(at("authority"));
  const authority = kept
    ? await readAuthority(pki, { certificate: at("authority"), key: at("authorityKey") })
    : await makeAuthority(pki, { ...given, names });
  const server = await generate();
  const certificate = await sign(pki, {
    subject: (names[0] ?? "localhost").slice(0, LONGEST_NAME),
    key: server.publicKey,
    days: SERVER_DAYS,
    now: given.now,
    by: authority,
    extensions: serverExtensions(pki, names),
  });
  const made = new X509Certificate(Buffer.from(certificate.toSchema(true).toBER(false)));
  const other = names.find((name) => !permits(authority.certificate, name));
  if (other !== undefined)
    throw new TocsinError({
      code: "name_not_of_authority",
      where: at("authority"),
      message: `this authority may not sign for ${other}`,
      remedy: `move ${folder} away to have another authority, which every machine and phone must then be given`,
    });
  if (!kept) {
    put(at("authorityKey"), await pemOf(authority.key), 0o600);
    put(at("authority"), pem(authority.certificate), 0o644);
  }
  put(at("key"), await pemOf(server.privateKey), 0o600);
  put(at("certificate"), made.toString(), 0o644);
  return { authority: kept ? "kept" : "made", certificate: made };
}

/** Loaded when first needed: most commands make no certificate. */
async function openPki() {
  const [pki, asn1] = await Promise.all([import("pkijs"), import("asn1js")]);
  const engine: CryptoEngine = new pki.CryptoEngine({ name: "node", crypto: webcrypto as never });
  return { pki, asn1, engine };
}

interface OpenAuthority {
  certificate: Certificate;
  key: webcrypto.CryptoKey;
}

const generate = () => webcrypto.subtle.generateKey(CURVE, true, ["sign", "verify"]) as Promise<KeyPair>;

async function makeAuthority(
  tools: Pki,
  given: { names: readonly string[]; facility: string; now: Instant },
): Promise<OpenAuthority> {
  const { pki } = tools;
  const { privateKey, publicKey } = await generate();
  const subtree = (name: string) => new pki.GeneralSubtree({ base: generalName(tools, name, "subtree") });
  const certificate = await sign(tools, {
    subject: `Tocsin ${given.facility}`.slice(0, LONGEST_NAME),
    key: publicKey,
    days: AUTHORITY_DAYS,
    now: given.now,
    by: { key: privateKey },
    extensions: [
      extension(
        tools,
        OID.basicConstraints,
        true,
        new pki.BasicConstraints({ cA: true, pathLenConstraint: 0 }),
      ),
      // keyCertSign and cRLSign.
      extension(
        tools,
        OID.keyUsage,
        true,
        new tools.asn1.BitString({ valueHex: Uint8Array.of(0x06).buffer, unusedBits: 1 }),
      ),
      // A phone that trusts it must not thereby trust a false bank: RFC 5280, section 4.2.1.10.
      extension(
        tools,
        OID.nameConstraints,
        true,
        new pki.NameConstraints({ permittedSubtrees: given.names.map(subtree) }),
      ),
    ],
  });
  return { certificate, key: privateKey };
}

async function readAuthority(
  { pki }: Pki,
  files: { certificate: string; key: string },
): Promise<OpenAuthority> {
  if (!existsSync(files.key))
    throw new TocsinError({
      code: "authority_without_key",
      where: files.key,
      message: "the key of the authority is not here",
      remedy: "put it back for the time of this command",
    });
  const { raw } = new X509Certificate(readFileSync(files.certificate));
  const der = Buffer.from(readFileSync(files.key, "latin1").replace(/-----[^-]+-----/g, ""), "base64");
  const key = await webcrypto.subtle.importKey("pkcs8", der, CURVE, true, ["sign"]);
  return { certificate: pki.Certificate.fromBER(Uint8Array.from(raw)), key };
}

function serverExtensions(tools: Pki, names: readonly string[]) {
  const { pki, asn1 } = tools;
  return [
    extension(tools, OID.basicConstraints, true, new pki.BasicConstraints({ cA: false })),
    // digitalSignature.
    extension(
      tools,
      OID.keyUsage,
      true,
      new asn1.BitString({ valueHex: Uint8Array.of(0x80).buffer, unusedBits: 7 }),
    ),
    extension(tools, OID.extendedKeyUsage, false, new pki.ExtKeyUsage({ keyPurposes: [OID.serverAuth] })),
    extension(
      tools,
      OID.subjectAltName,
      false,
      new pki.GeneralNames({ names: names.map((name) => generalName(tools, name, "name")) }),
    ),
  ];
}

async function sign(
  tools: Pki,
  given: {
    subject: string;
    key: webcrypto.CryptoKey;
    days: number;
    now: Instant;
    /** Without a certificate it signs itself. */
    by: { key: webcrypto.CryptoKey; certificate?: Certificate };
    extensions: ReturnType<typeof extension>[];
  },
): Promise<Certificate> {
  const { pki, asn1, engine } = tools;
  const at = (days: number) =>
    new pki.Time({ type: 0, value: new Date((given.now + days * MICROSECONDS.day) / 1000) });
  const certificate = new pki.Certificate();
  certificate.version = 2;
  // Positive, and not a zero first (RFC 5280, section 4.1.2.2).
  const serial = randomBytes(16);
  serial[0] = ((serial[0] ?? 0) & 0x3f) | 0x40;
  certificate.serialNumber = new asn1.Integer({ valueHex: Uint8Array.from(serial).buffer });
  const commonName = new pki.AttributeTypeAndValue({
    type: OID.commonName,
    value: new asn1.Utf8String({ value: given.subject }),
  });
  certificate.subject.typesAndValues.push(commonName);
  const issuer = given.by.certificate;
  certificate.issuer = issuer?.subject ?? certificate.subject;
  certificate.notBefore = at(-EARLIER_DAYS);
  certificate.notAfter = at(given.days - EARLIER_DAYS);
  await certificate.subjectPublicKeyInfo.importKey(given.key as never, engine);
  const own = keyIdentifier(certificate);
  certificate.extensions = [
    ...given.extensions,
    extension(tools, OID.subjectKeyIdentifier, false, new asn1.OctetString({ valueHex: own })),
    extension(
      tools,
      OID.authorityKeyIdentifier,
      false,
      new pki.AuthorityKeyIdentifier({
        keyIdentifier: new asn1.OctetString({ valueHex: issuer === undefined ? own : keyIdentifier(issuer) }),
      }),
    ),
  ];
  await certificate.sign(given.by.key as never, "SHA-256", engine);
  return certificate;
}

/** RFC 5280, section 4.2.1.2, method 1. */
function keyIdentifier({ subjectPublicKeyInfo }: Certificate): ArrayBuffer {
  const bits = subjectPublicKeyInfo.subjectPublicKey.valueBlock.valueHexView;
  return Uint8Array.from(createHash("sha1").update(bits).digest()).buffer;
}

function extension(
  { pki }: Pki,
  extnID: string,
  critical: boolean,
  value: { toSchema?(): { toBER(size?: boolean): ArrayBuffer }; toBER?(size?: boolean): ArrayBuffer },
) {
  const schema = value.toSchema?.() ?? value;
  return new pki.Extension({ extnID, critical, extnValue: schema.toBER?.(false) as ArrayBuffer });
}

/** A name as certificates write it; a subtree of addresses is one address and its mask. */
function generalName({ pki, asn1 }: Pki, name: string, as: "name" | "subtree"): GeneralName {
  if (isIP(name) === 0) return new pki.GeneralName({ type: 2, value: name });
  const bytes = addressBytes(name);
  const mask = as === "subtree" ? bytes.map(() => 0xff) : [];
  return new pki.GeneralName({
    type: 7,
    value: new asn1.OctetString({ valueHex: Uint8Array.from([...bytes, ...mask]).buffer }),
  });
}

function addressBytes(address: string): number[] {
  if (isIP(address) === 4) return address.split(".").map(Number);
  // The URL writes an address in full but for its longest zeros.
  const [head = "", tail] = new URL(`http://[${address}]`).hostname.slice(1, -1).split("::");
  const words = (text: string) => text.split(":").filter((word) => word !== "");
  const [before, after] = [words(head), words(tail ?? "")];
  const zeros = tail === undefined ? [] : Array<string>(8 - before.length - after.length).fill("0");
  return [...before, ...zeros, ...after].flatMap((word) => {
    const value = Number.parseInt(word, 16);
    return [value >> 8, value & 0xff];
  });
}

/** Whether the constraints of an authority allow a name; one without constraints allows all. */
function permits(authority: Certificate, name: string): boolean {
  const found = authority.extensions?.find(({ extnID }) => extnID === OID.nameConstraints)?.parsedValue as
    | { permittedSubtrees?: { base: GeneralName }[] }
    | undefined;
  if (found?.permittedSubtrees === undefined) return true;
  return found.permittedSubtrees.some(({ base }) => {
    if (base.type === 2) return isIP(name) === 0 && (name === base.value || name.endsWith(`.${base.value}`));
    if (base.type !== 7 || isIP(name) === 0) return false;
    const allowed = [...(base.value.valueBlock.valueHexView as Uint8Array)];
    const own = addressBytes(name);
    return allowed.length === own.length * 2 && own.every((byte, i) => byte === allowed[i]);
  });
}

const pem = (certificate: Certificate) =>
  new X509Certificate(Buffer.from(certificate.toSchema(true).toBER(false))).toString();

const pemOf = async (key: webcrypto.CryptoKey) =>
  KeyObject.from(key).export({ type: "pkcs8", format: "pem" }) as string;

/** Whoever reads the file meanwhile finds the old one or the new one, whole, as readable as the old one was. */
function put(file: string, text: string, mode: number): void {
  const before = statSync(file, { throwIfNoEntry: false });
  const fresh = `${file}.new`;
  rmSync(fresh, { force: true });
  writeFileSync(fresh, text, { mode, flag: "wx" });
  if (before !== undefined) {
    chmodSync(fresh, before.mode & 0o777);
    if (process.getuid?.() === 0) chownSync(fresh, before.uid, before.gid);
  }
  renameSync(fresh, file);
}
