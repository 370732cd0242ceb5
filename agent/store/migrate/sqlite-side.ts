import { closeSync, openSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { messageOf, TocsinError } from "../../core/errors.ts";
import { MIGRATIONS } from "../migrations.ts";
import { sqliteCode } from "../sqlite/connection.ts";
import { type Cell, type Cells, rowName } from "./table-digest.ts";
import type { CopiedTable } from "./tables.ts";

/** Rows and characters that go together. */
export const BATCH = { rows: 2000, size: 4_000_000 } as const;

const SQLITE_FULL = 13;
/** Rows named when they cannot be moved. */
const NAMED = 5;

/** The facilities of a database. */
export function facilitiesIn(database: DatabaseSync, tables: readonly CopiedTable[]): string[] {
  const each = tables.map(({ name }) => `SELECT facility FROM ${name}`).join(" UNION ");
  return database
    .prepare(`${each} ORDER BY 1`)
    .all()
    .map(({ facility }) => String(facility));
}

/** How many rows are to be copied. */
export function rowsIn(database: DatabaseSync, tables: readonly CopiedTable[]): number {
  const count = ({ name }: CopiedTable) =>
    Number(database.prepare(`SELECT COUNT(*) AS count FROM ${name}`).get()?.count);
  return tables.reduce((sum, table) => sum + count(table), 0);
}

/** Reads what a facility has in a table, in the order of its key. */
export function* sqliteRows(
  database: DatabaseSync,
  table: CopiedTable,
  facility: string,
): Generator<Cells[]> {
  const { name, columns, key } = table;
  const statement = database.prepare(
    `SELECT ${columns.map((column) => column.name).join(", ")} FROM ${name} WHERE facility = ? ORDER BY ${key.join(", ")}`,
  );
  statement.setReturnArrays(true);
  let batch: Cells[] = [];
  let size = 0;
  for (const cells of statement.iterate(facility) as Iterable<unknown> as Iterable<Cells>) {
    batch.push(cells);
    size += sizeOf(cells);
    if (batch.length < BATCH.rows && size < BATCH.size) continue;
    yield batch;
    [batch, size] = [[], 0];
  }
  if (batch.length > 0) yield batch;
}

/** About how many bytes a row takes. */
export function sizeOf(cells: Cells): number {
  let size = 0;
  for (const cell of cells) size += cell === null || typeof cell === "number" ? 8 : cell.length;
  return size;
}

/** Throws `row_unfit` when a text has a NUL character, which PostgreSQL does not store, and names the rows. */
export function refuseNul(database: DatabaseSync, tables: readonly CopiedTable[]): void {
  const named: string[] = [];
  let count = 0;
  for (const table of tables) {
    const texts = table.columns.filter(({ kind }) => kind === "text");
    const has = texts
      .map(({ name }) => `(typeof(${name}) = 'text' AND instr(${name}, char(0)) > 0)`)
      .join(" OR ");
    const all = table.columns.map(({ name }) => name).join(", ");
    const statement = database.prepare(`SELECT ${all} FROM ${table.name} WHERE ${has}`);
    statement.setReturnArrays(true);
    for (const cells of statement.iterate() as Iterable<unknown> as Iterable<Cells>) {
      count += 1;
      if (named.length < NAMED) named.push(rowName(table, cells));
    }
  }
  if (count === 0) return;
  throw new TocsinError({
    code: "row_unfit",
    where: named.join("; "),
    message: `${count} row(s) hold a NUL character, which PostgreSQL does not store in a text; nothing was moved`,
    remedy: "stay with SQLite, and report it: no part of Tocsin is meant to write one",
  });
}

/** A new database, mode 0600, with the tables of this program; `fast`: it is not for keeping. */
export interface FreshDatabase {
  database: DatabaseSync;
  insert(table: CopiedTable, rows: readonly Cells[]): void;
  /** Makes what was inserted whole, with its indexes when it is to be kept. */
  finish(): void;
}

/** Makes a database that nobody opens before it is whole; throws `store_full` when the disk is. */
export function freshDatabase(file: string, { indexed }: { indexed: boolean }): FreshDatabase {
  closeSync(openSync(file, "wx", 0o600));
  // What a table of the other side holds against its own rules is for the verification to tell.
  const database = new DatabaseSync(file, { enableForeignKeyConstraints: false });
  const steps = MIGRATIONS.flatMap(({ sql }) => sql);
  const isIndex = (step: string) => /^(?:CREATE|DROP) INDEX /.test(step);
  for (const pragma of ["journal_mode = OFF", "synchronous = OFF", "temp_store = FILE"])
    database.exec(`PRAGMA ${pragma}`);
  database.exec("BEGIN");
  database.exec("CREATE TABLE schema_version (version BIGINT PRIMARY KEY, name TEXT NOT NULL)");
  for (const step of steps.filter((each) => !isIndex(each))) database.exec(step);
  const noted = database.prepare("INSERT INTO schema_version (version, name) VALUES (?, ?)");
  for (const { version, name } of MIGRATIONS) noted.run(version, name);
  return {
    database,
    insert({ name, columns }, rows) {
      const places = columns.map(() => "?").join(", ");
      const names = columns.map((column) => column.name).join(", ");
      toldFull(file, () => {
        const statement = database.prepare(`INSERT INTO ${name} (${names}) VALUES (${places})`);
        for (const cells of rows) statement.run(...(cells as Cell[]));
      });
    },
    finish: () =>
      toldFull(file, () => {
        if (indexed) for (const step of steps.filter(isIndex)) database.exec(step);
        database.exec("COMMIT");
      }),
  };
}

function toldFull(file: string, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (sqliteCode(error) !== SQLITE_FULL) throw error;
    throw new TocsinError(
      {
        code: "store_full",
        where: file,
        message: messageOf(error),
        remedy: "free as much room on this disk as the record takes, then run it again",
      },
      { cause: error },
    );
  }
}
