import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from "node:crypto";
import type { Clock, Instant } from "../core/clock.ts";

const NONCE = 12;
const TAG = 16;

/** Hands values to a browser that it can neither read nor change, each for one purpose and for a time. */
export interface SealedValues {
  seal(purpose: string, value: unknown): Buffer;
  /** The value and when it was sealed; undefined when it is not ours, for something else, or too old. */
  open(
    purpose: string,
    sealed: Uint8Array,
    lifetime: number,
  ): { value: unknown; sealed: Instant } | undefined;
}

/** Seals with AES-256-GCM under a key of its own, derived from the session secret. */
export function sealedValues(secret: string, clock: Clock): SealedValues {
  const key = Buffer.from(hkdfSync("sha256", secret, "", "tocsin sealed values", 32));
  return {
    seal(purpose, value) {
      const nonce = randomBytes(NONCE);
      const cipher = createCipheriv("aes-256-gcm", key, nonce).setAAD(Buffer.from(purpose));
      const text = JSON.stringify({ at: clock.now(), value });
      const body = Buffer.concat([cipher.update(text, "utf8"), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), body]);
    },
    open(purpose, sealed, lifetime) {
      if (sealed.length <= NONCE + TAG) return undefined;
      try {
        const decipher = createDecipheriv("aes-256-gcm", key, sealed.subarray(0, NONCE))
          .setAAD(Buffer.from(purpose))
          .setAuthTag(sealed.subarray(NONCE, NONCE + TAG));
        const body = Buffer.concat([decipher.update(sealed.subarray(NONCE + TAG)), decipher.final()]);
        const { at, value } = JSON.parse(body.toString()) as { at: Instant; value: unknown };
        const age = clock.now() - at;
        return age >= 0 && age < lifetime ? { value, sealed: at } : undefined;
      } catch {
        return undefined;
      }
    },
  };
}
