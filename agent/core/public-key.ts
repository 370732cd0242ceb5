import { createPublicKey, type KeyObject } from "node:crypto";

/** The Ed25519 public key that a configuration writes in one line (SPKI, DER, base64); undefined when it is none. */
export function readPublicKey(text: string): KeyObject | undefined {
  try {
    const key = createPublicKey({ key: Buffer.from(text, "base64"), format: "der", type: "spki" });
    return key.asymmetricKeyType === "ed25519" ? key : undefined;
  } catch {
    return undefined;
  }
}

/** A public key as a configuration writes it: SPKI, DER, base64. */
export function publicKeyLine(key: KeyObject): string {
  return key.export({ type: "spki", format: "der" }).toString("base64");
}
