import type { Writable } from "node:stream";
import type pg from "pg";
import type { SealedColumn } from "../cipher/sealed-columns.ts";
import type { Row, Sql, Statement, Value } from "../sql/sql.ts";

/** The name under which a connection keeps a statement prepared, by its text. */
const names = new Map<string, { name: string; text: string }>();

function named(sql: string): { name: string; text: string } {
  let known = names.get(sql);
  if (known === undefined) {
    let place = 0;
    known = { name: `t${names.size + 1}`, text: sql.replaceAll("?", () => `$${++place}`) };
    names.set(sql, known);
  }
  return known;
}

/** Keeps back what is sent until this turn ends: a journey through the kernel costs both sides as much as a statement. */
export function together(client: pg.ClientBase): void {
  const { stream } = (client as unknown as { connection: { stream: Writable } }).connection;
  if (stream.writableCorked > 0) return;
  stream.cork();
  process.nextTick(() => stream.uncork());
}

/** Sends a statement, prepared once a connection; those sent before it need not be answered yet. */
export function send(
  client: pg.ClientBase,
  sql: string,
  values: readonly unknown[] = [],
): Promise<pg.QueryResult<Row>> {
  together(client);
  return client.query<Row>({ ...named(sql), values: [...values] });
}

/** What was sent on a connection and is waited for before its transaction ends. */
export interface Sent {
  add(answer: Promise<unknown>): void;
  /** Resolves once all is answered; rejects with what refused the first. */
  settled(): Promise<unknown>;
}

export function openSent(): Sent {
  let waiting: Promise<unknown>[] = [];
  return {
    add(answer) {
      // Heard when the transaction ends; until then nobody listens.
      answer.catch(() => undefined);
      waiting.push(answer);
    },
    settled() {
      const all = Promise.all(waiting);
      waiting = [];
      return all;
    },
  };
}

/** The statements of a connection, which are waited for; nothing is sealed here. */
export function postgresSql(client: pg.ClientBase, sent: Sent): Sql {
  const statement = (sql: string): Statement => {
    function* asked(values: Value[]): Generator<PromiseLike<unknown>, pg.QueryResult<Row>> {
      return (yield send(client, sql, values)) as pg.QueryResult<Row>;
    }
    return {
      *get(...values) {
        return (yield* asked(values)).rows[0];
      },
      *all(...values) {
        return (yield* asked(values)).rows;
      },
      *run(...values) {
        return (yield* asked(values)).rowCount ?? 0;
      },
      put(...values) {
        sent.add(send(client, sql, values));
      },
    };
  };
  const shown = (column: SealedColumn, alias?: string) => {
    const name = column.slice(column.indexOf(".") + 1);
    return alias === undefined ? name : `${alias}.${name}`;
  };
  return Object.assign(statement, {
    ...{ shown, tried: shown, clear: shown, sealing: null },
    seal: <V>(_column: SealedColumn, _row: readonly (string | number)[], value: V) => value,
    texts: "SELECT json_array_elements_text(?::json)",
  });
}
