import { createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from "node:crypto";
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { messageOf, TocsinError } from "../core/errors.ts";
import { sha256Hex } from "../core/sha256.ts";

/** What signs checkpoints and bundles. */
export interface SigningKey {
  privateKey: KeyObject;
  publicKey: KeyObject;
  /** First 16 hex digits of the SHA-256 of the public key (SPKI, DER). */
  fingerprint: string;
}

/** Makes an Ed25519 key in a new file, PKCS#8 PEM, mode 0600; refuses to replace one. */
export function makeSigningKey(file: string): SigningKey {
  const { privateKey } = generateKeyPairSync("ed25519");
  try {
    writeFileSync(file, privateKey.export({ type: "pkcs8", format: "pem" }), {
      mode: 0o600,
      flag: "wx",
      flush: true,
    });
  } catch (error) {
    if (errnoOf(error) === "EEXIST") {
      throw new TocsinError({
        code: "key_exists",
        where: file,
        message: "a file is already there",
        remedy: "keep it: checkpoints signed with it can be verified with no other key",
      });
    }
    throw new TocsinError(
      {
        code: "key_unwritable",
        where: file,
        message: messageOf(error),
        remedy: "create its folder and allow writing to it",
      },
      { cause: error },
    );
  }
  return signingKeyOf(privateKey);
}

/** Loads the Ed25519 key; throws `key_missing`, `key_exposed` when others may read it, or `key_invalid`. */
export function loadSigningKey(file: string): SigningKey {
  const pem = readKeyFile(file);
  const mode = statSync(file).mode & 0o777;
  if ((mode & 0o077) !== 0) {
    throw new TocsinError({
      code: "key_exposed",
      where: file,
      message: `mode ${mode.toString(8).padStart(4, "0")} lets others reach the signing key`,
      remedy: `run: chmod 600 ${file}`,
    });
  }
  return signingKeyOf(ed25519(file, () => createPrivateKey(pem)));
}

/** Loads the public key from a PEM file that holds it, or that holds the private one. */
export function loadPublicKey(file: string): KeyObject {
  const pem = readKeyFile(file);
  return ed25519(file, () => createPublicKey(pem));
}

/** First 16 hex digits of the SHA-256 of the public key (SPKI, DER). */
export function fingerprintOf(publicKey: KeyObject): string {
  const spki = publicKey.export({ type: "spki", format: "der" });
  return sha256Hex(spki).slice(0, 16);
}

function signingKeyOf(privateKey: KeyObject): SigningKey {
  const publicKey = createPublicKey(privateKey);
  return { privateKey, publicKey, fingerprint: fingerprintOf(publicKey) };
}

function readKeyFile(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch (error) {
    const missing = errnoOf(error) === "ENOENT";
    throw new TocsinError(
      {
        code: missing ? "key_missing" : "key_unreadable",
        where: file,
        message: missing ? "there is no signing key" : messageOf(error),
        remedy: missing
          ? "make one with `tocsin init`, or restore it from the safe copy"
          : "allow this account to read it",
      },
      { cause: error },
    );
  }
}

function ed25519(file: string, read: () => KeyObject): KeyObject {
  let key: KeyObject | undefined;
  let cause: unknown;
  try {
    key = read();
  } catch (error) {
    cause = error;
  }
  if (key?.asymmetricKeyType === "ed25519") return key;
  throw new TocsinError(
    {
      code: "key_invalid",
      where: file,
      message:
        key === undefined ? "this is not a key in PEM" : `this is a key of type ${key.asymmetricKeyType}`,
      remedy: "an Ed25519 key in PEM is needed (PKCS#8)",
    },
    { cause },
  );
}

function errnoOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}
