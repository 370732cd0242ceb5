import { closeSync, existsSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { messageOf, TocsinError } from "../../core/errors.ts";
import { MIGRATIONS, SCHEMA_VERSION } from "../migrations.ts";
import { copiesOf, copyBeforeUpgrade } from "./copy-before-upgrade.ts";

/** WAL pages (4 kB each) kept before they are moved into the database: fewer, longer pauses of the writer. */
const AUTOCHECKPOINT_PAGES = 4000;
const WAL_LIMIT_BYTES = 64 * 1024 * 1024;
const CACHE_KIB = 32 * 1024;
export const BUSY_MS = 5000;

/** What is set on the writing connection, and what it must answer: a setting that did not take is a lie. */
const WRITER_PRAGMAS: readonly (readonly [name: string, value: string | number, answer: string | number])[] =
  [
    ["busy_timeout", BUSY_MS, BUSY_MS],
    ["journal_mode", "WAL", "wal"],
    ["synchronous", "FULL", 2],
    ["foreign_keys", "ON", 1],
    ["wal_autocheckpoint", AUTOCHECKPOINT_PAGES, AUTOCHECKPOINT_PAGES],
    ["journal_size_limit", WAL_LIMIT_BYTES, WAL_LIMIT_BYTES],
    ["mmap_size", 0, 0],
    // What is erased leaves no bytes behind in the file.
    ["secure_delete", "ON", 1],
    ["cache_size", -CACHE_KIB, -CACHE_KIB],
  ];

/** Opens the one writing connection, makes the file (mode 0600) when new, and brings the schema up to date. */
export function openWriting(file: string): DatabaseSync {
  return opened(file, () => {
    if (!existsSync(file)) closeSync(openSync(file, "a", 0o600));
    const database = new DatabaseSync(file, { timeout: BUSY_MS });
    return closedOnError(database, () => {
      for (const [name, value, answer] of WRITER_PRAGMAS) {
        database.exec(`PRAGMA ${name} = ${value}`);
        const got = pragma(database, name);
        if (got !== answer) {
          throw new TocsinError({
            code: "store_setting",
            where: file,
            message: `SQLite answers ${name} = ${got}, not ${answer}`,
            remedy: "put the database on a local file system that supports write-ahead logging",
          });
        }
      }
      migrate(database, file);
    });
  });
}

/** Opens a read-only connection to a database that exists and has this program's schema. */
export function openReading(file: string): DatabaseSync {
  if (!existsSync(file)) {
    throw new TocsinError({
      code: "store_missing",
      where: file,
      message: "there is no database",
      remedy: "check the path, or make one with `tocsin init`",
    });
  }
  return opened(file, () => {
    const database = new DatabaseSync(file, { readOnly: true, timeout: BUSY_MS });
    return closedOnError(database, () => {
      database.exec("PRAGMA mmap_size = 0");
      const version = schemaVersion(database);
      refuseNewer(version, file);
      if (version < SCHEMA_VERSION) {
        throw new TocsinError({
          code: "store_older",
          where: file,
          message: `schema ${version}, this program reads ${SCHEMA_VERSION}`,
          remedy: "start the daemon once: it brings the database up to date",
        });
      }
    });
  });
}

/** The primary result code of SQLite (sqlite.org/rescode.html) behind an error; undefined for others. */
export function sqliteCode(error: unknown): number | undefined {
  if (!(error instanceof Error) || !("errcode" in error) || typeof error.errcode !== "number")
    return undefined;
  return error.errcode & 0xff;
}

function migrate(database: DatabaseSync, file: string): void {
  const version = schemaVersion(database);
  refuseNewer(version, file);
  if (version === SCHEMA_VERSION) return;
  if (version > 0) copyBeforeUpgrade(database, file, version);
  database.exec("BEGIN IMMEDIATE");
  try {
    database.exec(
      "CREATE TABLE IF NOT EXISTS schema_version (version BIGINT PRIMARY KEY, name TEXT NOT NULL)",
    );
    // Read again inside the transaction: another process may have just done it.
    const from = schemaVersion(database);
    for (const step of MIGRATIONS.filter((candidate) => candidate.version > from)) {
      for (const sql of step.sql) database.exec(sql);
      database
        .prepare("INSERT INTO schema_version (version, name) VALUES (?, ?)")
        .run(step.version, step.name);
    }
    database.exec("COMMIT");
  } catch (error) {
    if (database.isTransaction) database.exec("ROLLBACK");
    throw error;
  }
}

function schemaVersion(database: DatabaseSync): number {
  const table = database
    .prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = 'schema_version'")
    .get();
  if (table === undefined) return 0;
  return Number(
    database.prepare("SELECT COALESCE(MAX(version), 0) AS version FROM schema_version").get()?.version,
  );
}

function refuseNewer(version: number, file: string): void {
  if (version <= SCHEMA_VERSION) return;
  const copy = copiesOf(file).at(-1);
  throw new TocsinError({
    code: "store_newer",
    where: file,
    message: `schema ${version} was written by a newer Tocsin; this program knows ${SCHEMA_VERSION}`,
    remedy: `run the newer version, or put back the copy made before the upgrade${copy === undefined ? "" : ` (${copy})`}: what was written since is then lost`,
  });
}

function pragma(database: DatabaseSync, name: string): unknown {
  return Object.values(database.prepare(`PRAGMA ${name}`).get() ?? {})[0];
}

function closedOnError(database: DatabaseSync, prepare: () => void): DatabaseSync {
  try {
    prepare();
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function opened(file: string, open: () => DatabaseSync): DatabaseSync {
  try {
    return open();
  } catch (error) {
    if (error instanceof TocsinError) throw error;
    throw new TocsinError(
      {
        code: "store_unreadable",
        where: file,
        message: messageOf(error),
        remedy:
          "check that the folder exists, that this account may write there, and that the file is a Tocsin database",
      },
      { cause: error },
    );
  }
}
