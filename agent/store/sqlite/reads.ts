import type { DatabaseSync } from "node:sqlite";
import type { DamagedRow } from "../../core/damaged-row.ts";
import type { KeyRing } from "../cipher/key-ring.ts";
import { type Asked, OF_ONE_VIEW } from "../sql/asked.ts";
import type { KnownDamage } from "../sql/damaged-rows.ts";
import { readsOf } from "../sql/reads.ts";
import { type Asking, atOnce } from "../sql/sql.ts";
import type { Reads } from "../store.ts";
import { openReading } from "./connection.ts";
import { readingCipher } from "./open-cipher.ts";
import { prepareOnce } from "./prepare.ts";
import { sqliteSql } from "./sqlite-sql.ts";

/** Reads with the connection they hold. */
export interface SqliteReads extends Reads {
  close(): void;
}

/**
 * Opens a read-only connection to a database; throws `store_missing` when there is none. With `told`, lists leave out
 * rows that cannot be read, and it is told of each once.
 */
export function openSqliteReads(file: string, ring?: KeyRing, told?: (row: DamagedRow) => void): SqliteReads {
  const database = openReading(file);
  try {
    const sql = sqliteSql(prepareOnce(database, readingCipher(database, file, ring)));
    const known: KnownDamage = new Map();
    const asked = readsOf(sql, known, told);
    return {
      ...answered(database, asked),
      damaged: () => [...known.values()],
      close: () => database.close(),
    };
  } catch (error) {
    database.close();
    throw error;
  }
}

/** Answers each question at once, in one view of the record where it asks several things. */
function answered(database: DatabaseSync, asked: Asked): Omit<Reads, "damaged"> {
  type Question = (...given: unknown[]) => Asking<unknown>;
  const view = (ask: () => unknown) => {
    database.exec("BEGIN");
    try {
      return ask();
    } finally {
      database.exec("COMMIT");
    }
  };
  const answers = Object.entries(asked).map(([name, question]) => {
    const answer = (given: unknown[]) => atOnce((question as Question)(...given));
    const whole = OF_ONE_VIEW.has(name as keyof Asked);
    return [name, async (...given: unknown[]) => (whole ? view(() => answer(given)) : answer(given))];
  });
  return Object.fromEntries(answers) as Omit<Reads, "damaged">;
}
