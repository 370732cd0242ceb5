import { createPublicKey, generateKeyPairSync, verify } from "node:crypto";
import { type Clock, MICROSECONDS } from "../core/clock.ts";
import type { OwnKey } from "../core/person.ts";
import { sha256Hex } from "../core/sha256.ts";

/** Keys of one person. */
export const MOST_OWN_KEYS = 3;
/** How far from our clock a statement may have been signed. */
const TOLERANCE = 5 * MICROSECONDS.minute;

/** Makes a key with which a person signs decisions themselves (Ed25519): its private half is told once and not kept. */
export function makeOwnKey(name: string, clock: Clock): { kept: OwnKey; privateKey: string } {
  const { publicKey, privateKey } = generateKeyPairSync("ed25519");
  const x = publicKey.export({ format: "jwk" }).x ?? "";
  return {
    kept: { id: sha256Hex(x).slice(0, 16), publicKey: x, name, added: clock.now() },
    privateKey: privateKey.export({ format: "pem", type: "pkcs8" }).toString(),
  };
}

/** What a person decides, as they sign it. */
export interface OwnStatement {
  facility: string;
  declaration: string;
  version: number;
  sha256: string;
  decision: string;
  /** The login, as written. */
  delegate: string;
  /** As written; empty when there is none. */
  reason: string;
  /** Seconds since 1970. */
  signedAt: number;
}

/** The bytes signed: one thing a line, so that every language writes them alike. */
export function statementText(statement: OwnStatement): string {
  const { facility, declaration, version, sha256, decision, delegate, reason, signedAt } = statement;
  return [
    "tocsin-decision-1",
    facility,
    declaration,
    version,
    sha256,
    decision,
    delegate,
    sha256Hex(reason),
    signedAt,
  ].join("\n");
}

/** Checked when there is no such key, so that the answer takes the same work. */
const NOBODY = generateKeyPairSync("ed25519").publicKey.export({ format: "jwk" }).x ?? "";

/** True when the person's key signed this very statement, and not long ago; a text that stands once is signed once. */
export function isOwnStatement(
  statement: OwnStatement,
  given: { key: string; signature: string },
  { keys, clock }: { keys: readonly OwnKey[]; clock: Clock },
): boolean {
  const key = keys.find(({ id }) => id === given.key);
  const publicKey = createPublicKey({
    key: { kty: "OKP", crv: "Ed25519", x: key?.publicKey ?? NOBODY },
    format: "jwk",
  });
  const signature = Buffer.from(given.signature, "base64");
  const holds =
    signature.length === 64 && verify(null, Buffer.from(statementText(statement)), publicKey, signature);
  const age = Math.abs(clock.now() - statement.signedAt * MICROSECONDS.second);
  return holds && key !== undefined && age <= TOLERANCE;
}
