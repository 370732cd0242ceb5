import { createPublicKey, type KeyObject, sign, verify } from "node:crypto";
import { z } from "zod";
import { canonicalJson } from "../../agent/core/canonical-json.ts";
import { readPublicKey } from "../../agent/core/public-key.ts";
import { sha256Hex } from "../../agent/core/sha256.ts";

/** Name of the file beside a pack that proves who made it. */
export const SIGNATURE_FILE = "pack.sig";

/** What the signature file holds, as JSON. */
const SignatureFile = z.strictObject({
  algorithm: z.literal("Ed25519"),
  /** First 16 hex digits of the SHA-256 of the public key (SPKI, DER). */
  key: z.string().regex(/^[0-9a-f]{16}$/),
  /** Over the bytes of `bytesOfPack`, base64url. */
  signature: z.base64url(),
});

/** Someone whose packs are taken: a name for people, and the public key (SPKI, DER, base64). */
export interface Signer {
  id: string;
  key: string;
}

/** Who vouches for the files of a pack. */
export type Signed =
  | { outcome: "trusted"; signer: string; key: string }
  | { outcome: "unsigned" }
  /** Signed by a key that is nobody's here: whether the files are as signed cannot be told. */
  | { outcome: "unknown_signer"; key: string }
  | { outcome: "altered"; signer: string; key: string }
  | { outcome: "unreadable" };

/** Signs the files of a pack with an Ed25519 key; returns the text of its signature file. */
export function signPack(files: ReadonlyMap<string, string>, privateKey: KeyObject): string {
  const signature = sign(null, bytesOfPack(files), privateKey).toString("base64url");
  const key = fingerprintOf(createPublicKey(privateKey));
  return `${JSON.stringify({ algorithm: "Ed25519", key, signature } satisfies z.infer<typeof SignatureFile>)}\n`;
}

/** Says who signed these files, of the signers that are trusted. */
export function whoSigned(
  files: ReadonlyMap<string, string>,
  signature: string | undefined,
  signers: readonly Signer[],
): Signed {
  if (signature === undefined) return { outcome: "unsigned" };
  const read = SignatureFile.safeParse(jsonOf(signature));
  if (!read.success) return { outcome: "unreadable" };
  for (const { id, key } of signers) {
    const publicKey = readPublicKey(key);
    if (publicKey === undefined || fingerprintOf(publicKey) !== read.data.key) continue;
    const good = verify(null, bytesOfPack(files), publicKey, Buffer.from(read.data.signature, "base64url"));
    return { outcome: good ? "trusted" : "altered", signer: id, key: read.data.key };
  }
  return { outcome: "unknown_signer", key: read.data.key };
}

/** What is signed: RFC 8785 JSON of every file by its name, with line feeds whatever a copy made of them. */
function bytesOfPack(files: ReadonlyMap<string, string>): Buffer {
  const texts = [...files].map(([name, text]) => [name, text.replaceAll("\r\n", "\n")]);
  return Buffer.from(canonicalJson({ format: "tocsin-pack-1", files: Object.fromEntries(texts) }));
}

function fingerprintOf(key: KeyObject): string {
  return sha256Hex(key.export({ type: "spki", format: "der" })).slice(0, 16);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
