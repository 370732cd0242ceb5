import { randomBytes } from "node:crypto";
import type { KeyRing } from "../../agent/store/cipher/key-ring.ts";

/** A ring of one new key. */
export function sampleRing(id = "coffre"): KeyRing {
  return { current: id, keys: [{ id, key: new Uint8Array(randomBytes(32)) }] };
}
