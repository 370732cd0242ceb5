import type { DatabaseSync } from "node:sqlite";
import type { Clock } from "../../core/clock.ts";
import { type Cipher, openCipher } from "../cipher/cipher.ts";
import { addDataKey, dataKeysOf, rewrap, unwrapAll } from "../cipher/data-keys.ts";
import type { KeyRing } from "../cipher/key-ring.ts";
import { SEALED_COLUMNS, type SealedColumn } from "../cipher/sealed-columns.ts";
import { openWriting } from "./connection.ts";
import { copyBeforeUpgrade } from "./copy-before-upgrade.ts";

/** What was done to the values of a database. */
export interface Reencrypted {
  /** The copy of before, with all that was in clear in clear; null when work that had begun was gone on with. */
  copy: string | null;
  /** Rows written anew. */
  rows: number;
}

interface Options {
  file: string;
  ring: KeyRing;
  clock: Clock;
  /** `sealed`: with a new data key; `clear`: back to no encryption. */
  to: "sealed" | "clear";
  /** Told after every unit. */
  progress?: ((table: string, rows: number) => void) | undefined;
}

/** Rows of one transaction; pieces of attachments are large. */
const UNIT = 500;
const UNIT_PIECES = 16;

/**
 * Writes every value anew: with a data key that is made now, or in clear. Nobody else may have the database open.
 *
 * It works in units, after a copy; what is cut off goes on where it was when it is run again, and every row can be read
 * at any moment in between. At the end nothing of the former is left in the file, nor in its log of writes.
 */
export function reencrypt({ file, ring, clock, to, progress = () => {} }: Options): Reencrypted {
  const database = openWriting(file);
  try {
    const before = dataKeysOf(database);
    const last = before.at(-1);
    if (last === undefined && to === "clear") return { copy: null, rows: 0 };
    // A key that is not whole was made by work that was cut off, or by a daemon on a record in clear.
    const begun = last !== undefined && !last.whole;
    const copy = begun && last.number > 1 ? null : copyBeforeUpgrade(database, file, schemaOf(database));
    const inUnit = unitsOf(database);
    if (to === "sealed" && !begun)
      inUnit(() =>
        addDataKey(database, ring, {
          number: (last?.number ?? 0) + 1,
          made: clock.now(),
          whole: false,
          file,
        }),
      );
    if (to === "clear" && last?.whole)
      inUnit(() => rewrap(database, ring, { number: last.number, whole: false, file }));
    const cipher = openCipher(() => unwrapAll(database, ring, file));
    let rows = 0;
    for (const table of tables())
      for (const count of writeAnew(database, { table, to, cipher, inUnit })) {
        rows += count;
        progress(table.name, count);
      }
    inUnit(() => {
      database.prepare("DELETE FROM data_keys WHERE number <> ?").run(to === "sealed" ? cipher.current : -1);
      if (to === "clear") return;
      rewrap(database, ring, { number: cipher.current, whole: true, file });
      database
        .prepare("UPDATE data_keys SET sealed = sealed + ? WHERE number = ?")
        .run(cipher.counted(), cipher.current);
    });
    database.exec("VACUUM");
    database.exec("PRAGMA wal_checkpoint(TRUNCATE)");
    return { copy, rows };
  } finally {
    database.close();
  }
}

/** Wraps every data key by the current outer key; rows stay as they are. Gives the ids of those that wrapped before. */
export function rotate(file: string, ring: KeyRing): string[] {
  const database = openWriting(file);
  try {
    return unitsOf(database)(() => {
      const others = dataKeysOf(database).filter(({ wrappedBy }) => wrappedBy !== ring.current);
      for (const { number, whole } of others) rewrap(database, ring, { number, whole, file });
      return [...new Set(others.map(({ wrappedBy }) => wrappedBy))];
    });
  } finally {
    database.close();
  }
}

interface Table {
  name: string;
  columns: SealedColumn[];
  /** What names a row for its seal, and the part of it that is the key of the table. */
  row: readonly string[];
  key: readonly string[];
}

function tables(): Table[] {
  const found = new Map<string, Table>();
  for (const column of Object.keys(SEALED_COLUMNS) as SealedColumn[]) {
    const name = column.slice(0, column.indexOf("."));
    const row: readonly string[] = SEALED_COLUMNS[column];
    const known = found.get(name);
    if (known !== undefined) known.columns.push(column);
    else found.set(name, { name, columns: [column], row, key: row.filter((each) => each !== "revision") });
  }
  return [...found.values()];
}

type InUnit = <T>(work: () => T) => T;

/** Goes through a table by its key, a unit at a time, and yields how many rows of each were written. */
function* writeAnew(
  database: DatabaseSync,
  { table, to, cipher, inUnit }: { table: Table; to: Options["to"]; cipher: Cipher; inUnit: InUnit },
): Generator<number> {
  const { name, columns, row, key } = table;
  const named = columns.map((column) => column.slice(name.length + 1));
  const pieces = name === "attachment_pieces";
  const names = [...row, ...named, ...(pieces ? ["sealed"] : [])].join(", ");
  const order = key.join(", ");
  const unit = pieces ? UNIT_PIECES : UNIT;
  const first = database.prepare(`SELECT ${names} FROM ${name} ORDER BY ${order} LIMIT ${unit}`);
  const more = database.prepare(
    `SELECT ${names} FROM ${name} WHERE (${order}) > (${key.map(() => "?").join(", ")})
     ORDER BY ${order} LIMIT ${unit}`,
  );
  const sets = [...named, ...(pieces ? ["sealed"] : [])].map((each) => `${each} = ?`).join(", ");
  const update = database.prepare(
    `UPDATE ${name} SET ${sets} WHERE ${key.map((each) => `${each} = ?`).join(" AND ")}`,
  );
  const number = to === "sealed" ? cipher.current : null;

  function anew(found: Record<string, unknown>): boolean {
    const place = row.map((each) => found[each] as string | number);
    const stored = columns.map((_, i) => found[named[i] as string]);
    const done = (value: unknown) => value === null || sealedWith(value) === number;
    if (pieces ? (found.sealed ?? null) === number : stored.every(done)) return false;
    const values = columns.map((column, i) => {
      const value = stored[i];
      if (value === null) return null;
      const clear =
        pieces && found.sealed === null ? (value as Uint8Array) : cipher.open(column, place, value);
      return to === "sealed" ? cipher.seal(column, place, clear) : clear;
    });
    update.run(...values, ...(pieces ? [number] : []), ...key.map((each) => found[each] as string | number));
    return true;
  }

  let rows = first.all();
  while (rows.length > 0) {
    const here = rows;
    const written = inUnit(() => here.filter(anew).length);
    if (written > 0) yield written;
    const end = here.at(-1) as Record<string, unknown>;
    rows = more.all(...key.map((each) => end[each] as string | number));
  }
}

/** The data key that sealed a value; null when it is in clear. */
function sealedWith(value: unknown): number | null {
  if (!(value instanceof Uint8Array) || value.length < 5) return null;
  return new DataView(value.buffer, value.byteOffset).getUint32(1);
}

function unitsOf(database: DatabaseSync): InUnit {
  return (work) => {
    database.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      database.exec("COMMIT");
      return result;
    } catch (error) {
      if (database.isTransaction) database.exec("ROLLBACK");
      throw error;
    }
  };
}

function schemaOf(database: DatabaseSync): number {
  return Number(database.prepare("SELECT MAX(version) AS version FROM schema_version").get()?.version);
}
