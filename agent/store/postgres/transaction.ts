import pg from "pg";
import { TocsinError } from "../../core/errors.ts";
import { type Chain, openChain } from "../sql/chain.ts";
import { type Asking, inTurn } from "../sql/sql.ts";
import { prepareWrites, type Writes } from "../sql/writes.ts";
import { postgresBulk } from "./bulk.ts";
import { clientOf, type PostgresPlace, placeName, postgresFailure, sqlState } from "./connection.ts";
import { type HeldLease, leaseLost } from "./lease.ts";
import { openSent, postgresSql, type Sent, send, together } from "./postgres-sql.ts";
import { refuseNewer } from "./schema.ts";
import { statusOf } from "./transaction-status.ts";

/** A connection that writes, with what is prepared on it. */
export interface Line {
  client: pg.Client;
  /** What is under way on it. */
  sent: Sent;
  writes: Writes;
  openChain(facility: string): Asking<Chain>;
}

/** What a transaction comes to. */
export interface Outcome<T> {
  result: T;
  /** Sends what is still to be written, all at once, and the commit after it; nothing stands when there is none. */
  last?: (() => Promise<unknown>) | undefined;
}

export interface Transactions {
  /**
   * Runs work alone for one facility; durable once resolved, and nothing of it stands when it rejects. What it asks before
   * the chain is there goes with what begins the transaction; it writes nothing until then.
   */
  run<T>(facility: string, work: (line: Line, chain: Promise<Chain>) => Promise<Outcome<T>>): Promise<T>;
  close(): Promise<void>;
}

/** Nothing is answered any more in a transaction of which something was refused. */
const ABORTED = "25P02";
/** Keeps all other writers of a facility waiting until the transaction ends, names it, and holds the schema as it is. */
const LOCK = `SELECT pg_current_xact_id()::text AS name, (SELECT MAX(version) FROM schema_version) AS version,
  pg_advisory_xact_lock(hashtextextended('tocsin ' || ?::text, 0))::text AS locked`;
const FENCE = "SELECT fence FROM leases WHERE facility = ? AND name = ? FOR SHARE";

/** The transactions of one connection, one at a time; it is made anew when it breaks. */
export function openTransactions(place: PostgresPlace, lease: HeldLease | undefined): Transactions {
  let line: Line | undefined;

  async function lineNow(): Promise<Line> {
    if (line !== undefined) return line;
    const client = new pg.Client({ ...clientOf(place, "tocsin writer"), pipeline: true });
    const dropped = () => {
      if (line?.client === client) line = undefined;
    };
    client.on("error", dropped);
    client.on("end", dropped);
    await client.connect();
    const sent = openSent();
    const [sql, bulk] = [postgresSql(client, sent), postgresBulk(client, sent)];
    line = {
      ...{ client, sent },
      writes: prepareWrites(sql, bulk),
      openChain: (facility) => openChain(sql, bulk.entries, facility),
    };
    return line;
  }

  /** Begins, and reads in the same journey all that a unit needs of its facility. */
  async function begin({ client, openChain }: Line, facility: string) {
    together(client);
    const [, locked, fenced, chain] = await Promise.all([
      client.query("BEGIN"),
      send(client, LOCK, [facility]),
      lease && send(client, FENCE, [facility, lease.name]),
      inTurn(openChain(facility)),
    ]);
    refuseNewer(Number(locked.rows[0]?.version), place);
    if (lease !== undefined && fenced?.rows[0]?.fence !== lease.fence) throw leaseLost(place, facility);
    return { name: String(locked.rows[0]?.name), chain };
  }

  /** A connection of which it is not known where it stands is not used again. */
  async function giveUp(now: Line | undefined, error: unknown): Promise<void> {
    if (now === undefined) return;
    try {
      await now.sent.settled().catch(() => undefined);
      if (!serverGoesOn(error)) throw error;
      await now.client.query("ROLLBACK");
    } catch {
      if (line === now) line = undefined;
      await now.client.end().catch(() => undefined);
    }
  }

  /** What was refused first, when all that was sent after it was refused for that. */
  async function reasonOf(now: Line | undefined, error: unknown): Promise<unknown> {
    if (now === undefined || sqlState(error) !== ABORTED) return error;
    return now.sent.settled().then(
      () => error,
      (first: unknown) => first,
    );
  }

  async function run<T>(
    facility: string,
    work: (line: Line, chain: Promise<Chain>) => Promise<Outcome<T>>,
  ): Promise<T> {
    let now: Line | undefined;
    let ending: { name: string; result: T } | undefined;
    try {
      now = await lineNow();
      const begun = begin(now, facility);
      const chain = begun.then((known) => known.chain);
      const working = work(now, chain);
      // What refused the beginning is told before what it had refused after it.
      working.catch(() => undefined);
      const { name } = await begun;
      const { result, last } = await working;
      if (last === undefined) {
        await Promise.all([now.sent.settled(), now.client.query("ROLLBACK")]);
        return result;
      }
      ending = { name, result };
      await allOrFirst([last(), now.sent.settled(), now.client.query("COMMIT")]);
      return result;
    } catch (thrown) {
      const error = await reasonOf(now, thrown);
      await giveUp(now, error);
      if (ending === undefined || serverGoesOn(error)) throw error;
      // The commit was sent and not answered.
      const status = await statusOf(place, ending.name);
      if (status === "committed") return ending.result;
      throw status === "aborted" ? error : uncertain(place, error);
    }
  }

  let queue: Promise<unknown> = Promise.resolve();
  return {
    run(facility, work) {
      const done = queue.then(() => run(facility, work));
      queue = done.catch(() => undefined);
      return done.catch((error: unknown) => {
        throw error instanceof pg.DatabaseError ? error : postgresFailure(error, place);
      });
    },
    async close() {
      await queue;
      await line?.client.end().catch(() => undefined);
    },
  };
}

/** An error that leaves the connection as it is: the statement was refused. */
const serverGoesOn = (error: unknown) =>
  (error instanceof pg.DatabaseError && error.severity === "ERROR") || error instanceof TocsinError;

function uncertain(place: PostgresPlace, cause: unknown): TocsinError {
  return new TocsinError(
    {
      code: "store_uncertain",
      where: placeName(place),
      message: "a commit was sent and not answered: it may or may not stand",
      remedy: "check that PostgreSQL runs and can be reached; what is sent again is not written twice",
    },
    { cause },
  );
}

/** Resolves once all are answered; rejects with what refused the first that was sent, of which the others come. */
async function allOrFirst(answers: Promise<unknown>[]): Promise<void> {
  const [last, sent, commit] = await Promise.allSettled(answers);
  for (const each of [sent, last, commit]) if (each?.status === "rejected") throw each.reason;
}
