import { TocsinError } from "../../core/errors.ts";

/** The outer keys of an installation, which wrap its data keys; plain data, so that threads can be given it. */
export interface KeyRing {
  /** The id of the key that wraps what is made now. */
  current: string;
  /** 32 bytes each. An empty id stands for any: the key was given by hand. */
  keys: readonly { id: string; key: Uint8Array }[];
}

/** The key of an id; throws `store_key_unknown` when the ring has none. */
export function keyOf(ring: KeyRing, id: string, file: string): Uint8Array {
  const found = ring.keys.find((key) => key.id === id) ?? ring.keys.find((key) => key.id === "");
  if (found !== undefined) return found.key;
  const known = ring.keys.map((key) => key.id).join(", ");
  throw new TocsinError({
    code: "store_key_unknown",
    where: file,
    message: `the record is encrypted under the key "${id}", and encryption.keys has ${known}`,
    remedy: `put "${id}" back in encryption.keys: what it protects cannot be read without it`,
  });
}
