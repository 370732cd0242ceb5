import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  diffieHellman,
  hkdfSync,
  type KeyObject,
  randomBytes,
  scryptSync,
  timingSafeEqual,
} from "node:crypto";
import { privateKeyOf, publicBytes, publicKeyOf } from "./age-keys.ts";

const VERSION = "age-encryption.org/v1";
const AEAD = "chacha20-poly1305";
const TAG = 16;
const FILE_KEY = 16;
/** Work of a passphrase, as a power of two: a second and 256 MiB. A file that asks for more is not opened. */
const WORK = 18;
const MOST_WORK = 20;
/** Longest header read: ten recipients take a thousandth of it. */
export const LONGEST_HEADER = 1024 * 1024;

/** To whom a file is sealed: the public bytes of recipients, or a passphrase alone. */
export type SealedTo = { recipients: readonly Buffer[] } | { passphrase: string; work?: number };

/** What opens a file. */
export type Opener = KeyOpener | { passphrase: string };
interface KeyOpener {
  key: KeyObject;
  recipient: Buffer;
}

interface Stanza {
  words: string[];
  body: Buffer;
}

/** The header of an age file that wraps a file key. */
export function wrapFileKey(fileKey: Buffer, to: SealedTo): Buffer {
  const stanzas =
    "passphrase" in to
      ? [passphraseStanza(fileKey, to)]
      : to.recipients.map((each) => keyStanza(fileKey, each));
  const text = `${[VERSION, ...stanzas].join("\n")}\n---`;
  return Buffer.from(`${text} ${base64(headerMac(fileKey, text))}\n`);
}

/** What came of opening a header: the file key and where the payload begins, or a code why not. */
export type Unwrapped =
  | { fileKey: Buffer; length: number }
  | { refused: "not_age" | "not_for_this_key" | "altered" };

/** Reads the header at the beginning of a file and unwraps its file key. */
export function unwrapFileKey(beginning: Buffer, opener: Opener): Unwrapped {
  const read = readHeader(beginning);
  if (read === undefined) return { refused: "not_age" };
  for (const stanza of read.stanzas) {
    const fileKey =
      "passphrase" in opener
        ? read.stanzas.length === 1 && openPassphrase(stanza, opener.passphrase)
        : openKey(stanza, opener);
    if (!fileKey) continue;
    const mac = headerMac(fileKey, read.signed);
    return timingSafeEqual(mac, read.mac) ? { fileKey, length: read.length } : { refused: "altered" };
  }
  return { refused: "not_for_this_key" };
}

/** The key of the payload, of its nonce. */
export function payloadKey(fileKey: Buffer, nonce: Buffer): Buffer {
  return hkdf(fileKey, nonce, "payload");
}

/** Encrypts one piece: ciphertext, then the tag. */
export function sealPiece(key: Buffer, nonce: Buffer, plain: Buffer): Buffer {
  const cipher = createCipheriv(AEAD, key, nonce, { authTagLength: TAG });
  return Buffer.concat([cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
}

/** Decrypts one piece; undefined when it is not what was sealed with this key and nonce. */
export function openPiece(key: Buffer, nonce: Buffer, sealed: Buffer): Buffer | undefined {
  if (sealed.length < TAG) return undefined;
  const decipher = createDecipheriv(AEAD, key, nonce, { authTagLength: TAG });
  decipher.setAuthTag(sealed.subarray(-TAG));
  try {
    return Buffer.concat([decipher.update(sealed.subarray(0, -TAG)), decipher.final()]);
  } catch {
    return undefined;
  }
}

function keyStanza(fileKey: Buffer, recipient: Buffer): string {
  const secret = privateKeyOf(randomBytes(32));
  const share = publicBytes(secret);
  const shared = diffieHellman({ privateKey: secret, publicKey: publicKeyOf(recipient) });
  const body = sealPiece(wrapKey(shared, share, recipient), Buffer.alloc(12), fileKey);
  return `-> X25519 ${base64(share)}\n${base64(body)}`;
}

function openKey({ words, body }: Stanza, { key, recipient }: KeyOpener): Buffer | undefined {
  const [type, share] = [words[0], unbase64(words[1] ?? "")];
  if (type !== "X25519" || words.length !== 2 || share?.length !== 32 || body.length !== FILE_KEY + TAG)
    return undefined;
  try {
    // A share that gives zeros for any key is refused by the library itself.
    const shared = diffieHellman({ privateKey: key, publicKey: publicKeyOf(share) });
    return openPiece(wrapKey(shared, share, recipient), Buffer.alloc(12), body);
  } catch {
    return undefined;
  }
}

function wrapKey(shared: Buffer, share: Buffer, recipient: Buffer): Buffer {
  return hkdf(shared, Buffer.concat([share, recipient]), `${VERSION}/X25519`);
}

function passphraseStanza(fileKey: Buffer, to: { passphrase: string; work?: number }): string {
  const { passphrase, work = WORK } = to;
  const salt = randomBytes(16);
  const body = sealPiece(passphraseKey(passphrase, salt, work), Buffer.alloc(12), fileKey);
  return `-> scrypt ${base64(salt)} ${work}\n${base64(body)}`;
}

function openPassphrase({ words, body }: Stanza, passphrase: string): Buffer | undefined {
  const salt = unbase64(words[1] ?? "");
  const work = /^[1-9]\d?$/.test(words[2] ?? "") ? Number(words[2]) : Number.POSITIVE_INFINITY;
  if (words[0] !== "scrypt" || words.length !== 3 || salt?.length !== 16 || body.length !== FILE_KEY + TAG)
    return undefined;
  if (work > MOST_WORK) return undefined;
  return openPiece(passphraseKey(passphrase, salt, work), Buffer.alloc(12), body);
}

function passphraseKey(passphrase: string, salt: Buffer, work: number): Buffer {
  const N = 2 ** work;
  const salted = Buffer.concat([Buffer.from(`${VERSION}/scrypt`), salt]);
  return scryptSync(passphrase, salted, 32, { N, r: 8, p: 1, maxmem: 128 * 8 * N + 32 * 1024 * 1024 });
}

function headerMac(fileKey: Buffer, text: string): Buffer {
  return createHmac("sha256", hkdf(fileKey, Buffer.alloc(0), "header"))
    .update(text)
    .digest();
}

function hkdf(key: Buffer, salt: Buffer, info: string): Buffer {
  return Buffer.from(hkdfSync("sha256", key, salt, info, 32));
}

function readHeader(
  bytes: Buffer,
): { stanzas: Stanza[]; mac: Buffer; signed: string; length: number } | undefined {
  const end = bytes.subarray(0, LONGEST_HEADER).indexOf("\n---");
  const line = end < 0 ? -1 : bytes.indexOf("\n", end + 1);
  if (line < 0) return undefined;
  const signed = bytes.toString("latin1", 0, end + 4);
  const mac = unbase64(bytes.toString("latin1", end + 5, line));
  const lines = bytes.toString("latin1", 0, end).split("\n");
  if (lines.shift() !== VERSION || bytes[end + 4] !== 0x20 || mac?.length !== 32) return undefined;
  const stanzas: Stanza[] = [];
  while (lines.length > 0) {
    const first = lines.shift() ?? "";
    if (!/^-> [!-~]+(?: [!-~]+)*$/.test(first)) return undefined;
    let body = "";
    for (let next = lines.shift(); ; next = lines.shift()) {
      if (next === undefined || next.length > 64) return undefined;
      body += next;
      if (next.length < 64) break;
    }
    const read = unbase64(body);
    if (read === undefined) return undefined;
    stanzas.push({ words: first.slice(3).split(" "), body: read });
  }
  return stanzas.length === 0 ? undefined : { stanzas, mac, signed, length: line + 1 };
}

function base64(bytes: Buffer): string {
  return bytes.toString("base64").replace(/=+$/, "");
}

/** Only the one spelling of each value is read. */
function unbase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, "base64");
  return base64(bytes) === text ? bytes : undefined;
}
