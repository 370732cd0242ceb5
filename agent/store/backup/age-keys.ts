import { createPrivateKey, createPublicKey, type KeyObject, randomBytes } from "node:crypto";
import { bech32, readBech32 } from "../../core/bech32.ts";

/** What precedes the 32 bytes of an X25519 key in DER (RFC 8410): Node reads no bare bytes. */
const PKCS8 = Buffer.from("302e020100300506032b656e04220420", "hex");
const SPKI = Buffer.from("302a300506032b656e032100", "hex");
const IDENTITY = "age-secret-key-";

/** A key of age: the identity opens what is sealed to the recipient. */
export interface AgeKey {
  /** `AGE-SECRET-KEY-1…`: never kept by who seals. */
  identity: string;
  /** `age1…`. */
  recipient: string;
}

/** Makes a key of age (C2SP age, "The X25519 recipient type"). */
export function makeAgeKey(bytes: Buffer = randomBytes(32)): AgeKey {
  const identity = bech32(IDENTITY, bytes).toUpperCase();
  return { identity, recipient: bech32("age", publicBytes(privateKeyOf(bytes))) };
}

/** The 32 bytes of a recipient; undefined when the text is none. */
export function recipientBytes(recipient: string): Buffer | undefined {
  return bytesOf(recipient, "age");
}

/** The private key of an identity, with its public bytes; undefined when the text is none. */
export function identityKey(identity: string): { key: KeyObject; recipient: Buffer } | undefined {
  const bytes = bytesOf(identity, IDENTITY);
  if (bytes === undefined) return undefined;
  const key = privateKeyOf(bytes);
  return { key, recipient: publicBytes(key) };
}

/** A private key of its 32 bytes. */
export function privateKeyOf(bytes: Buffer): KeyObject {
  return createPrivateKey({ key: Buffer.concat([PKCS8, bytes]), format: "der", type: "pkcs8" });
}

/** A public key of its 32 bytes. */
export function publicKeyOf(bytes: Buffer): KeyObject {
  return createPublicKey({ key: Buffer.concat([SPKI, bytes]), format: "der", type: "spki" });
}

/** The 32 public bytes of a private key. */
export function publicBytes(key: KeyObject): Buffer {
  return createPublicKey(key).export({ format: "der", type: "spki" }).subarray(SPKI.length);
}

function bytesOf(text: string, prefix: string): Buffer | undefined {
  const read = readBech32(text);
  return read?.prefix === prefix && read.bytes.length === 32 ? read.bytes : undefined;
}
