import { randomBytes } from "node:crypto";

/** Writes a form's token so that it is another text on every page: nothing of it can be guessed from packed lengths (BREACH). */
export function maskToken(token: string): string {
  const plain = Buffer.from(token, "latin1");
  const pad = randomBytes(plain.length);
  return Buffer.concat([pad, mixed(plain, pad)]).toString("base64url");
}

/** The token under a mask; undefined for what is none. */
export function unmaskToken(masked: unknown): string | undefined {
  if (typeof masked !== "string" || masked.length > 2000) return undefined;
  const bytes = Buffer.from(masked, "base64url");
  const half = bytes.length / 2;
  if (half === 0 || !Number.isInteger(half)) return undefined;
  return mixed(bytes.subarray(half), bytes.subarray(0, half)).toString("latin1");
}

function mixed(one: Buffer, other: Buffer): Buffer {
  return Buffer.from(one.map((byte, i) => byte ^ (other[i] ?? 0)));
}
