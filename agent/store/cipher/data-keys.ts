import { createCipheriv, createDecipheriv, randomBytes } from "node:crypto";
import type { DatabaseSync } from "node:sqlite";
import type { Instant } from "../../core/clock.ts";
import { TocsinError } from "../../core/errors.ts";
import { KEY_BYTES } from "../../core/key-bytes.ts";
import { type KeyRing, keyOf } from "./key-ring.ts";

/** A key that seals values; it stands in the database, wrapped by an outer key. */
export interface DataKey {
  number: number;
  made: Instant;
  /** The id of the outer key that wraps it. */
  wrappedBy: string;
  /** Nothing is left in clear or under a former data key: what is not sealed with it is damage. */
  whole: boolean;
  /** Values sealed with it, as noted at the last checkpoint. */
  sealed: number;
}

type Row = Record<string, unknown>;

const NONCE = 12;
const TAG = 16;
const ALL = "SELECT number, made, wrapped_by, wrapped, whole, sealed FROM data_keys ORDER BY number";

/** The data keys of a database, without what they are; the last one seals. */
export function dataKeysOf(database: DatabaseSync): DataKey[] {
  return database.prepare(ALL).all().map(dataKeyOf);
}

/** Opens every data key of a database; throws `store_key_unknown` or `store_key_wrong`. */
export function unwrapAll(
  database: DatabaseSync,
  ring: KeyRing,
  file: string,
): (DataKey & { key: Uint8Array })[] {
  return database
    .prepare(ALL)
    .all()
    .map((row) => {
      const described = dataKeyOf(row);
      return { ...described, key: unwrap(described, row.wrapped as Uint8Array, ring, file) };
    });
}

/** Makes a data key, wrapped by the current outer key; it seals from then on. */
export function addDataKey(
  database: DatabaseSync,
  ring: KeyRing,
  { number, made, whole, file }: { number: number; made: Instant; whole: boolean; file: string },
): void {
  const described = { number, wrappedBy: ring.current, whole };
  const wrapped = wrap(described, randomBytes(KEY_BYTES), keyOf(ring, ring.current, file));
  database
    .prepare(
      "INSERT INTO data_keys (number, made, wrapped_by, wrapped, whole, sealed) VALUES (?, ?, ?, ?, ?, 0)",
    )
    .run(number, made, ring.current, wrapped, whole ? 1 : 0);
}

/** Wraps a data key anew by the current outer key, or says that everything is sealed with it; the key stays the same. */
export function rewrap(
  database: DatabaseSync,
  ring: KeyRing,
  { number, whole, file }: { number: number; whole: boolean; file: string },
): void {
  const found = unwrapAll(database, ring, file).find((each) => each.number === number);
  if (found === undefined) throw new Error(`no data key ${number}`);
  const described = { number, wrappedBy: ring.current, whole };
  const wrapped = wrap(described, found.key, keyOf(ring, ring.current, file));
  database
    .prepare("UPDATE data_keys SET wrapped_by = ?, wrapped = ?, whole = ? WHERE number = ?")
    .run(ring.current, wrapped, whole ? 1 : 0, number);
}

/** What the wrapping vouches for beside the key: nobody without the outer key can claim that clear text belongs there. */
const bound = ({ number, wrappedBy, whole }: Pick<DataKey, "number" | "wrappedBy" | "whole">) =>
  Buffer.from(JSON.stringify(["data_keys", number, wrappedBy, whole]));

function wrap(
  described: Pick<DataKey, "number" | "wrappedBy" | "whole">,
  key: Uint8Array,
  outer: Uint8Array,
): Buffer {
  const nonce = randomBytes(NONCE);
  const cipher = createCipheriv("aes-256-gcm", outer, nonce).setAAD(bound(described));
  const inside = cipher.update(key);
  cipher.final();
  return Buffer.concat([nonce, inside, cipher.getAuthTag()]);
}

function unwrap(described: DataKey, wrapped: Uint8Array, ring: KeyRing, file: string): Uint8Array {
  const outer = keyOf(ring, described.wrappedBy, file);
  try {
    const nonce = wrapped.subarray(0, NONCE);
    const decipher = createDecipheriv("aes-256-gcm", outer, nonce, { authTagLength: TAG })
      .setAAD(bound(described))
      .setAuthTag(wrapped.subarray(wrapped.length - TAG));
    const key = decipher.update(wrapped.subarray(NONCE, wrapped.length - TAG));
    decipher.final();
    if (key.length !== KEY_BYTES) throw new Error("not a key");
    return new Uint8Array(key);
  } catch (error) {
    throw new TocsinError(
      {
        code: "store_key_wrong",
        where: file,
        message: `the key "${described.wrappedBy}" does not open the record: it is another key, or data key ${described.number} was altered`,
        remedy: `give in encryption.keys the key that "${described.wrappedBy}" was when the record was encrypted, or put back a copy of the database`,
      },
      { cause: error },
    );
  }
}

function dataKeyOf(row: Row): DataKey {
  return {
    number: Number(row.number),
    made: Number(row.made),
    wrappedBy: String(row.wrapped_by),
    whole: row.whole === 1,
    sealed: Number(row.sealed),
  };
}
