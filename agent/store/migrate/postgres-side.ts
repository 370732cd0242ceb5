import pg from "pg";
import { clientOf, type PostgresPlace, postgresFailure } from "../postgres/connection.ts";
import { BATCH, sizeOf } from "./sqlite-side.ts";
import type { Cells } from "./table-digest.ts";
import type { CopiedTable } from "./tables.ts";

type Row = Record<string, unknown>;

/** One connection of a copy: no statement of it is bounded in time, and all of them end with the process. */
export interface CopyLine {
  ask(sql: string, values?: readonly unknown[]): Promise<Row[]>;
  /** Reads what a facility has in a table, in the order of its key; inside a transaction. */
  rows(table: CopiedTable, facility: string): AsyncGenerator<Cells[]>;
  insert(table: CopiedTable, rows: readonly Cells[]): Promise<void>;
  close(): Promise<void>;
}

const TYPES = { text: "text", number: "bigint", bytes: "bytea" } as const;
/** Rows of the first question of a table, before their size is known. */
const FIRST = 100;

/** Connects for a copy; throws what keeps PostgreSQL from its work. */
export async function openCopyLine(place: PostgresPlace): Promise<CopyLine> {
  const client = new pg.Client({
    ...clientOf(place, "tocsin copy"),
    query_timeout: 0,
    options:
      "-c statement_timeout=0 -c idle_in_transaction_session_timeout=0 -c lock_timeout=15s -c synchronous_commit=on",
  });
  // What breaks an idle connection is met by the next statement.
  client.on("error", () => undefined);
  const told = async <T>(work: Promise<T>): Promise<T> => {
    try {
      return await work;
    } catch (error) {
      throw postgresFailure(error, place);
    }
  };
  await told(client.connect());
  const ask: CopyLine["ask"] = async (sql, values = []) =>
    (await told(client.query<Row>(sql, [...values]))).rows;

  return {
    ask,
    async *rows({ name, columns, key }, facility) {
      const order = key.filter((column) => column !== "facility").join(", ");
      const names = columns.map((column) => column.name).join(", ");
      // A statement that declares takes no values.
      const of = pg.escapeLiteral(facility);
      await ask(
        `DECLARE copied NO SCROLL CURSOR FOR SELECT ${names} FROM ${name} WHERE facility = ${of} ORDER BY ${order}`,
      );
      for (let count = FIRST; ; ) {
        const text = `FETCH ${count} FROM copied`;
        const { rows } = await told(client.query<Cells[]>({ text, rowMode: "array" } as never));
        const batch = rows as unknown as Cells[];
        if (batch.length === 0) break;
        yield batch;
        const size = batch.reduce((sum, cells) => sum + sizeOf(cells), 0) / batch.length;
        count = Math.max(1, Math.min(BATCH.rows, Math.floor(BATCH.size / Math.max(1, size))));
      }
      await ask("CLOSE copied");
    },
    async insert({ name, columns }, rows) {
      const names = columns.map((column) => column.name).join(", ");
      const lists = columns.map(({ kind }, index) => `$${index + 1}::${TYPES[kind]}[]`).join(", ");
      const values = columns.map((_, index) => rows.map((cells) => cells[index]));
      await ask(`INSERT INTO ${name} (${names}) SELECT * FROM unnest(${lists})`, values);
    },
    close: () => client.end().catch(() => undefined),
  };
}
