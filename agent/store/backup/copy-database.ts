import { existsSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { messageOf, TocsinError } from "../../core/errors.ts";
import type { Position } from "./manifest.ts";

/** What a copy of a database holds. */
export interface DatabaseCopy {
  schema: number;
  journal: Position[];
}

const BUSY_MS = 5000;

/**
 * Copies a database, at whatever schema, as it stood at one instant, into a new file, beside a writer that goes on.
 *
 * `VACUUM INTO` on a read-only connection: one reading transaction, so that the writer waits for nothing and nothing that
 * it does begins the copy anew; pages that erased rows left free are not copied. The caller makes the copy durable.
 */
export function copyDatabase(file: string, to: string): DatabaseCopy {
  if (!existsSync(file)) {
    const remedy = "check state_directory, or make one with `tocsin init`";
    throw new TocsinError({ code: "store_missing", where: file, message: "there is no database", remedy });
  }
  const source = new DatabaseSync(file, { readOnly: true, timeout: BUSY_MS });
  try {
    source.exec("PRAGMA mmap_size = 0");
    source.prepare("VACUUM INTO ?").run(to);
  } catch (error) {
    const message = `the database could not be copied: ${messageOf(error)}`;
    const remedy = "free space where the copy goes, or check the disk of the database";
    throw new TocsinError({ code: "copy_failed", where: file, message, remedy }, { cause: error });
  } finally {
    source.close();
  }
  return describeDatabase(to);
}

/** The schema of a database that nobody writes, and where its journals end. */
export function describeDatabase(file: string): DatabaseCopy {
  const copy = new DatabaseSync(file, { readOnly: true });
  try {
    const schema = Number(copy.prepare("SELECT MAX(version) AS version FROM schema_version").get()?.version);
    const heads = copy.prepare(
      "SELECT facility, seq, hash, at FROM journal AS j WHERE seq = (SELECT MAX(seq) FROM journal WHERE facility = j.facility) ORDER BY facility",
    );
    return { schema, journal: heads.all() as unknown as Position[] };
  } finally {
    copy.close();
  }
}
