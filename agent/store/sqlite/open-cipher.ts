import type { DatabaseSync } from "node:sqlite";
import type { Instant } from "../../core/clock.ts";
import { TocsinError } from "../../core/errors.ts";
import { type Cipher, openCipher } from "../cipher/cipher.ts";
import { addDataKey, dataKeysOf, unwrapAll } from "../cipher/data-keys.ts";
import type { KeyRing } from "../cipher/key-ring.ts";
import { PIECES } from "../cipher/sealed-columns.ts";
import { type Opens, type Prepare, prepareOnce } from "./prepare.ts";

/** The cipher of a database that is read; undefined when it is in clear. Throws `store_sealed` without its key. */
export function readingCipher(
  database: DatabaseSync,
  file: string,
  ring: KeyRing | undefined,
): Cipher | undefined {
  const [first] = dataKeysOf(database);
  if (first === undefined) return undefined;
  if (ring !== undefined) return openCipher(() => unwrapAll(database, ring, file));
  throw new TocsinError({
    code: "store_sealed",
    where: file,
    message: `the record is encrypted under the key "${first.wrappedBy}", and no key is given`,
    remedy: `give it in the configuration (encryption.keys, id ${first.wrappedBy}); without that key nothing here can be read`,
  });
}

/** The same of a database that is written: its first data key is made when there is a ring and none stands yet. */
export function writingCipher(
  database: DatabaseSync,
  file: string,
  ring: KeyRing | undefined,
  now: () => Instant,
): Cipher | undefined {
  if (ring !== undefined && dataKeysOf(database).length === 0) {
    database.exec("BEGIN IMMEDIATE");
    try {
      // Read again inside the transaction: another process may have just done it.
      if (dataKeysOf(database).length === 0)
        addDataKey(database, ring, { number: 1, made: now(), whole: isEmpty(database), file });
      database.exec("COMMIT");
    } catch (error) {
      if (database.isTransaction) database.exec("ROLLBACK");
      throw error;
    }
  }
  return readingCipher(database, file, ring);
}

/** What a value that does not open reads as: no JSON, no hexadecimal, and the hash of nothing that was stored. */
const DAMAGED = "\u0000";

/**
 * Prepares statements for a verification: what does not open is told as altered, not thrown; without its key every value
 * of a sealed database reads as null, and `locked` says so.
 */
export function prepareToVerify(
  database: DatabaseSync,
  file: string,
  ring: KeyRing | undefined,
): { prepare: Prepare; locked: boolean } {
  const locked = ring === undefined && dataKeysOf(database).length > 0;
  const cipher = locked ? undefined : readingCipher(database, file, ring);
  if (!locked && cipher === undefined) return { prepare: prepareOnce(database), locked };
  const open: Opens = (column, row, stored) => {
    if (cipher === undefined) return null;
    try {
      return cipher.open(column, row, stored);
    } catch {
      return column === PIECES ? Buffer.from(DAMAGED) : DAMAGED;
    }
  };
  const prepare = prepareOnce(database, {
    current: cipher?.current ?? 0,
    seal: () => {
      throw new Error("a verification writes nothing");
    },
    open,
  });
  return { prepare, locked };
}

/** Nothing was written that could be in clear; what is not journaled comes after what is, but for sessions. */
function isEmpty(database: DatabaseSync): boolean {
  const tables = ["journal", "quarantine", "effects", "sessions", "unsent", "attachment_pieces"];
  return tables.every((table) => database.prepare(`SELECT 1 FROM ${table} LIMIT 1`).get() === undefined);
}
