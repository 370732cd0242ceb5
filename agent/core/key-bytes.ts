/** AES-256. */
export const KEY_BYTES = 32;

/** Reads a key as `openssl rand -base64 32` prints it; undefined when it is none. */
export function keyBytes(text: string): Uint8Array | undefined {
  const trimmed = text.trim();
  if (!/^[A-Za-z0-9+/]{43}=$/.test(trimmed)) return undefined;
  const bytes = Buffer.from(trimmed, "base64");
  // The last letter carries two bits that belong to no byte: one key has one spelling.
  return bytes.toString("base64") === trimmed ? new Uint8Array(bytes) : undefined;
}
