import { setTimeout } from "node:timers/promises";
import pg from "pg";
import { TocsinError } from "../../core/errors.ts";
import { SCHEMA_VERSION } from "../migrations.ts";
import { clientOf, type PostgresPlace, placeName, postgresFailure } from "./connection.ts";
import { isNewer, refuseNewer } from "./schema.ts";

/** What a process holds while it alone may act for a facility. */
export interface HeldLease {
  name: string;
  /** The number of this holding: whoever took over since has a higher one. */
  fence: number;
}

/** A lease that this process holds, and keeps. */
export interface Lease {
  held: HeldLease;
  /** Resolves when another process has taken over, or a newer program has changed the schema. */
  lost: Promise<TocsinError>;
  /** Lets the next one have it at once. */
  release(): Promise<void>;
}

export interface LeaseOptions {
  facility: string;
  /** What may be done by one process only. */
  name: string;
  /** Names this process among those that want it. */
  owner: string;
  /** Told of what keeps it waiting, when that changes. */
  waiting?: ((why: string) => void) | undefined;
  /** Gives the waiting up. */
  signal?: AbortSignal | undefined;
}

/** How long a lease lasts without being renewed, µs, and how often that is done, ms. */
const LASTS = 2_500_000;
const RENEW_MS = 500;
/** How often a lease that another holds is asked for, ms. */
const ASK_MS = 300;

/** The clock of the database alone counts: those of the hosts may differ by minutes. */
const NOW = "(EXTRACT(EPOCH FROM clock_timestamp()) * 1000000)::bigint";
/** Who is older than the schema neither takes nor keeps a lease: it could write nothing under it. */
const READS_SCHEMA = `NOT EXISTS (SELECT 1 FROM schema_version WHERE version > ${SCHEMA_VERSION})`;
const TAKE = `INSERT INTO leases (facility, name, owner, fence, until)
  SELECT $1, $2, $3, 1, ${NOW} + ${LASTS} WHERE ${READS_SCHEMA}
  ON CONFLICT (facility, name) DO UPDATE SET owner = excluded.owner, fence = leases.fence + 1, until = excluded.until
  WHERE leases.until < ${NOW} RETURNING fence`;
const VERSION = "SELECT MAX(version) AS version FROM schema_version";
const HOLDER = "SELECT owner FROM leases WHERE facility = $1 AND name = $2";
const HELD = `SELECT 1 FROM leases WHERE facility = $1 AND name = $2 AND until > ${NOW}`;
const RENEW = `UPDATE leases SET until = ${NOW} + ${LASTS} WHERE facility = $1 AND name = $2 AND fence = $3
  AND ${READS_SCHEMA}`;
const RELEASE = "UPDATE leases SET until = 0 WHERE facility = $1 AND name = $2 AND fence = $3";

/**
 * Waits until this process alone may act for a facility, and keeps that up. Only the record says that it changed hands:
 * while PostgreSQL is away nobody can take over, and nothing can be written. Rejects with `store_newer` once the schema is
 * that of a newer program.
 */
export async function takeLease(place: PostgresPlace, options: LeaseOptions): Promise<Lease> {
  const { facility, name, owner, signal } = options;
  const line = openLine(place);
  let told: string | undefined;
  const tell = (why: string) => {
    if (why !== told) options.waiting?.(why);
    told = why;
  };
  for (;;) {
    if (signal?.aborted === true) {
      await line.close();
      throw new TocsinError({ code: "stopped", message: "asked to stop while it stood by" });
    }
    try {
      const [taken] = await line.ask(TAKE, [facility, name, owner]);
      if (taken !== undefined) return keep(line, options, { name, fence: Number(taken.fence) });
      await refuseLater(line);
      const [holder] = await line.ask(HOLDER, [facility, name]);
      tell(`${String(holder?.owner ?? "another process")} acts for ${facility}`);
    } catch (error) {
      if (isNewer(error)) {
        await line.close();
        throw error;
      }
      tell(postgresFailure(error, place).message);
    }
    // Those that wait do not all ask in the same instant.
    await setTimeout(ASK_MS * (0.5 + Math.random()), undefined, { signal }).catch(() => undefined);
  }

  async function refuseLater(asked: AskingLine): Promise<void> {
    const [schema] = await asked.ask(VERSION, []);
    refuseNewer(Number(schema?.version), place);
  }

  function keep(kept: AskingLine, { facility }: LeaseOptions, held: HeldLease): Lease {
    const lost = Promise.withResolvers<TocsinError>();
    const values = [facility, held.name, held.fence];
    let renewing: Promise<void> | undefined;
    const renew = async () => {
      try {
        if ((await kept.change(RENEW, values)) > 0) return;
        await refuseLater(kept);
        end(leaseLost(place, facility));
      } catch (error) {
        // PostgreSQL is away: tried again, and nobody else can take over meanwhile.
        if (isNewer(error)) end(error);
      }
    };
    const end = (why: TocsinError) => {
      clearInterval(timer);
      lost.resolve(why);
    };
    const timer = setInterval(() => {
      renewing ??= renew().finally(() => {
        renewing = undefined;
      });
    }, RENEW_MS);
    return {
      held,
      lost: lost.promise,
      async release() {
        clearInterval(timer);
        await renewing;
        await kept.change(RELEASE, values).catch(() => undefined);
        await kept.close();
      },
    };
  }
}

/** True when a process holds a lease now; rejects while PostgreSQL is away. */
export async function isHeld(place: PostgresPlace, facility: string, name: string): Promise<boolean> {
  const line = openLine(place);
  try {
    return (await line.ask(HELD, [facility, name])).length > 0;
  } finally {
    await line.close();
  }
}

/** What a write is refused with once the lease changed hands. */
export function leaseLost(place: PostgresPlace, facility: string): TocsinError {
  return new TocsinError({
    code: "lease_lost",
    where: placeName(place),
    message: `another process has taken over ${facility}: nothing more is written here`,
    remedy: "let this process be started again: it waits until it is needed",
  });
}

interface AskingLine {
  ask(sql: string, values: unknown[]): Promise<Record<string, unknown>[]>;
  /** How many rows were changed. */
  change(sql: string, values: unknown[]): Promise<number>;
  close(): Promise<void>;
}

/** One connection, made anew when it breaks. */
function openLine(place: PostgresPlace): AskingLine {
  let client: pg.Client | undefined;

  async function query(sql: string, values: unknown[]): Promise<pg.QueryResult> {
    if (client === undefined) {
      const fresh = new pg.Client(clientOf(place, "tocsin lease"));
      fresh.on("error", () => {
        if (client === fresh) client = undefined;
      });
      client = fresh;
      await fresh.connect().catch((error: unknown) => {
        client = undefined;
        throw error;
      });
    }
    const used = client;
    try {
      return await used.query(sql, values);
    } catch (error) {
      if (client === used) client = undefined;
      await used.end().catch(() => undefined);
      throw error;
    }
  }

  return {
    ask: async (sql, values) => (await query(sql, values)).rows,
    change: async (sql, values) => (await query(sql, values)).rowCount ?? 0,
    close: async () => client?.end().catch(() => undefined),
  };
}
