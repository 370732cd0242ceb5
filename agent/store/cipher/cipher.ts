import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  type KeyObject,
  randomFillSync,
} from "node:crypto";
import { TocsinError } from "../../core/errors.ts";
import type { DataKey } from "./data-keys.ts";
import { PIECES, type SealedColumn } from "./sealed-columns.ts";

/** What names a row, in the order of SEALED_COLUMNS. */
export type RowName = readonly (string | number)[];

/** Seals and opens the values of one database. */
export interface Cipher {
  /** The data key that seals. */
  readonly current: number;
  /** Turns a value into bytes that open only at this place. */
  seal(column: SealedColumn, row: RowName, value: string | Uint8Array): Uint8Array;
  /** Gives back what was sealed; throws `value_damaged` when it was not, at this place, by a key of this database. */
  open(column: SealedColumn, row: RowName, stored: unknown): string | Uint8Array;
  /** Values sealed since it was asked last. */
  counted(): number;
}

/** A data key with its bytes. */
export type OpenDataKey = DataKey & { key: Uint8Array };

const ALGORITHM = "aes-256-gcm";
const VERSION = 1;
/** Version, number of the data key, nonce; the text follows, then the tag. */
const NONCE_AT = 5;
const NONCE = 12;
const TEXT_AT = NONCE_AT + NONCE;
const TAG = 16;
/** Bytes that sealing adds to a value. */
export const SEAL_BYTES = TEXT_AT + TAG;
const POOL = NONCE * 1024;

/**
 * Values sealed with one data key after which it is time for another: random nonces of 96 bits may be drawn 2^32 times
 * (NIST SP 800-38D, 8.3); this is half of it.
 */
export const SEALED_MOST = 2 ** 31;

/** Makes a cipher of a database's data keys, the last of which seals; `keys` is asked again when a value names another. */
export function openCipher(keys: () => readonly OpenDataKey[]): Cipher {
  // As key objects: bytes would be taken in anew for every value, at the price of the rest.
  const taken = () => keys().map(({ key, ...described }) => ({ ...described, key: createSecretKey(key) }));
  let known = taken();
  const newest = known.at(-1);
  if (newest === undefined) throw new Error("no data key");
  const sealing = newest;
  const header = Buffer.alloc(NONCE_AT);
  header[0] = VERSION;
  header.writeUInt32BE(sealing.number, 1);
  const pool = Buffer.alloc(POOL);
  let used = POOL;
  let count = 0;

  function keyNumbered(number: number): { key: KeyObject } | undefined {
    const found = known.find((each) => each.number === number);
    if (found !== undefined) return found;
    // The record was encrypted anew meanwhile.
    known = taken();
    return known.find((each) => each.number === number);
  }

  function opened(column: SealedColumn, row: RowName, stored: Uint8Array): string | Uint8Array {
    const bytes = Buffer.from(stored.buffer, stored.byteOffset, stored.byteLength);
    if (bytes.length < SEAL_BYTES || bytes[0] !== VERSION) throw new Error("it is cut, or no sealed value");
    const number = bytes.readUInt32BE(1);
    const found = keyNumbered(number);
    if (found === undefined) throw new Error(`it names a data key that is not there (${number})`);
    const end = bytes.length - TAG;
    const decipher = createDecipheriv(ALGORITHM, found.key, bytes.subarray(NONCE_AT, TEXT_AT), {
      authTagLength: TAG,
    });
    decipher.setAAD(placeOf(column, row)).setAuthTag(bytes.subarray(end));
    const value = decipher.update(bytes.subarray(TEXT_AT, end));
    decipher.final();
    return column === PIECES ? value : value.toString("utf8");
  }

  return {
    current: sealing.number,
    seal(column, row, value) {
      if (used === POOL) {
        randomFillSync(pool);
        used = 0;
      }
      // A view of the pool: it is copied out below, before the pool is filled anew.
      const nonce = pool.subarray(used, used + NONCE);
      used += NONCE;
      count += 1;
      const cipher = createCipheriv(ALGORITHM, sealing.key, nonce, { authTagLength: TAG }).setAAD(
        placeOf(column, row),
      );
      const text = typeof value === "string" ? cipher.update(value, "utf8") : cipher.update(value);
      cipher.final();
      return Buffer.concat([header, nonce, text, cipher.getAuthTag()]);
    },
    open(column, row, stored) {
      if (!(stored instanceof Uint8Array)) {
        if (!known.some(({ whole }) => whole)) return String(stored);
        throw damaged(column, row, "it is in clear in a record that is encrypted whole");
      }
      try {
        return opened(column, row, stored);
      } catch (error) {
        if (error instanceof TocsinError) throw error;
        throw damaged(column, row, "it does not authenticate: it was altered, moved or cut", error);
      }
    },
    counted() {
      const since = count;
      count = 0;
      return since;
    },
  };
}

function placeOf(column: SealedColumn, row: RowName): Buffer {
  return Buffer.from(JSON.stringify([column, ...row]));
}

function damaged(column: SealedColumn, row: RowName, message: string, cause?: unknown): TocsinError {
  return new TocsinError(
    {
      code: "value_damaged",
      where: `${column} (${row.join(", ").slice(0, 200)})`,
      message,
      remedy: "run `tocsin verify`, which tells all that is damaged; put back a copy of before",
    },
    { cause },
  );
}
