import pg from "pg";
import type { DamagedRow } from "../../core/damaged-row.ts";
import { type Asked, OF_ONE_VIEW } from "../sql/asked.ts";
import type { KnownDamage } from "../sql/damaged-rows.ts";
import { readsOf } from "../sql/reads.ts";
import { type Asking, inTurn } from "../sql/sql.ts";
import type { Reads } from "../store.ts";
import { clientOf, type PostgresPlace, postgresFailure } from "./connection.ts";
import { openSent, postgresSql } from "./postgres-sql.ts";
import { checkSchema } from "./schema.ts";

/** Reads with the connections they hold. */
export interface PostgresReads extends Reads {
  close(): Promise<void>;
}

/** Connections that read at once. */
const MOST = 6;

/**
 * Opens connections that read a shared record; rejects with `store_missing` when there is none. With `told`, lists leave
 * out rows that cannot be read, and it is told of each once.
 */
export async function openPostgresReads(
  place: PostgresPlace,
  told?: (row: DamagedRow) => void,
): Promise<PostgresReads> {
  await checkSchema(place);
  const pool = new pg.Pool({ ...clientOf(place, "tocsin reader"), pipeline: true, max: MOST });
  // A connection that breaks at rest is replaced at the next question; at work, its question tells of it.
  pool.on("error", () => undefined);
  pool.on("connect", (client) => client.on("error", () => undefined));
  const known: KnownDamage = new Map();
  const prepared = new WeakMap<pg.PoolClient, Asked>();

  function askedBy(client: pg.PoolClient): Asked {
    const asked = prepared.get(client) ?? readsOf(postgresSql(client, openSent()), known, told);
    prepared.set(client, asked);
    return asked;
  }

  async function answer(name: keyof Asked, given: unknown[]): Promise<unknown> {
    const client = await pool.connect();
    let broken = true;
    try {
      const ask = askedBy(client)[name] as (...given: unknown[]) => Asking<unknown>;
      const result = await (OF_ONE_VIEW.has(name) ? inOneView(client, ask(...given)) : inTurn(ask(...given)));
      broken = false;
      return result;
    } finally {
      client.release(broken);
    }
  }

  const failed = (error: unknown) => {
    throw postgresFailure(error, place);
  };
  const first = await pool.connect().catch(failed);
  const names = Object.keys(askedBy(first)) as (keyof Asked)[];
  first.release();
  const answers = names.map((name) => [name, (...given: unknown[]) => answer(name, given).catch(failed)]);
  return {
    ...(Object.fromEntries(answers) as Omit<Reads, "damaged">),
    damaged: () => [...known.values()],
    close: () => pool.end(),
  };
}

/** Begins with the first question; a connection on which that fails is not used again. */
async function inOneView<T>(client: pg.PoolClient, asking: Asking<T>): Promise<T> {
  const begun = client.query("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
  const [result] = await Promise.all([inTurn(asking), begun]);
  await client.query("COMMIT");
  return result;
}
