import pg from "pg";
import { TocsinError } from "../../core/errors.ts";
import { MIGRATIONS, SCHEMA_VERSION } from "../migrations.ts";
import { clientOf, type PostgresPlace, placeName, postgresFailure, sqlState } from "./connection.ts";

/** Whoever brings the schema up to date does it alone. */
const MIGRATING = 0x70c51;
const UNDEFINED_TABLE = "42P01";
const DENIED = "42501";

/** A step of the schema as PostgreSQL says it: no clustering, bytes by their name, texts in the order of their bytes. */
export function inPostgres(sql: string): string {
  return sql
    .replaceAll(/\)\s*WITHOUT ROWID$/g, ")")
    .replaceAll(/\bBLOB\b/g, "BYTEA")
    .replaceAll(/(?<=\w )TEXT\b/g, 'TEXT COLLATE "C"');
}

/** Brings the schema up to date; throws `store_newer` when a newer program wrote it. */
export async function migratePostgres(place: PostgresPlace): Promise<void> {
  await withClient(place, "tocsin migrate", async (client) => {
    await client.query("SELECT pg_advisory_lock($1)", [MIGRATING]);
    const version = await schemaVersion(client);
    refuseNewer(version, place);
    if (version === SCHEMA_VERSION) return;
    try {
      await applySteps(client, version);
    } catch (error) {
      throw sqlState(error) === DENIED ? notOurs(version, place) : error;
    }
  });
}

async function applySteps(client: pg.Client, version: number): Promise<void> {
  await client.query("BEGIN");
  await client.query(
    "CREATE TABLE IF NOT EXISTS schema_version (version BIGINT PRIMARY KEY, name TEXT NOT NULL)",
  );
  // Whoever writes has read it first: what is under way ends before, and what comes after knows of it.
  await client.query("LOCK TABLE schema_version IN ACCESS EXCLUSIVE MODE");
  for (const step of MIGRATIONS.filter((each) => each.version > version)) {
    for (const sql of [...step.sql, ...(step.postgres ?? [])]) await client.query(inPostgres(sql));
    await client.query("INSERT INTO schema_version (version, name) VALUES ($1, $2)", [
      step.version,
      step.name,
    ]);
  }
  // New tables too, where facilities have roles of their own; nothing elsewhere.
  await client.query("SELECT protect_facilities()");
  await client.query("COMMIT");
}

/** Refuses a schema that this program does not read: `store_missing`, `store_older`, `store_newer`. */
export async function checkSchema(place: PostgresPlace): Promise<void> {
  const version = await withClient(place, "tocsin", schemaVersion);
  refuseNewer(version, place);
  if (version === SCHEMA_VERSION) return;
  throw new TocsinError({
    code: version === 0 ? "store_missing" : "store_older",
    where: placeName(place),
    message: version === 0 ? "there is no record" : `schema ${version}, this program reads ${SCHEMA_VERSION}`,
    remedy: "start the daemon once: it makes the tables and brings them up to date",
  });
}

/** How often a process without a lease looks whether the schema is still one that it reads, ms. */
const LOOK_MS = 2_000;

/** Tells, once, that a newer program has changed the schema under a process that runs. */
export function followSchema(
  place: PostgresPlace,
  changed: (problem: TocsinError) => void,
): { stop(): Promise<void> } {
  let looking = Promise.resolve();
  const look = async () => {
    try {
      refuseNewer(await withClient(place, "tocsin", schemaVersion), place);
    } catch (error) {
      // While PostgreSQL is away nobody changes it.
      if (!isNewer(error) || stopped) return;
      stopped = true;
      clearInterval(timer);
      changed(error);
    }
  };
  let stopped = false;
  const timer = setInterval(() => {
    looking = looking.then(look);
  }, LOOK_MS);
  return {
    async stop() {
      stopped = true;
      clearInterval(timer);
      await looking;
    },
  };
}

/** True of what a process meets whose program is older than the schema. */
export const isNewer = (error: unknown): error is TocsinError =>
  error instanceof TocsinError && error.code === "store_newer";

async function withClient<T>(
  place: PostgresPlace,
  name: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const client = new pg.Client(clientOf(place, name));
  // What breaks an idle connection is met by the next statement.
  client.on("error", () => undefined);
  try {
    await client.connect();
    return await work(client);
  } catch (error) {
    throw postgresFailure(error, place);
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function schemaVersion(client: pg.Client): Promise<number> {
  try {
    const { rows } = await client.query("SELECT COALESCE(MAX(version), 0) AS version FROM schema_version");
    return Number(rows[0]?.version);
  } catch (error) {
    if (sqlState(error) === UNDEFINED_TABLE) return 0;
    throw error;
  }
}

function notOurs(version: number, place: PostgresPlace): TocsinError {
  return new TocsinError({
    code: "store_older",
    where: placeName(place),
    message: `schema ${version}, this program reads ${SCHEMA_VERSION}, and ${place.user} may not change tables`,
    remedy: "run migrate --tables as the role that owns them",
  });
}

/** Throws `store_newer` when a newer program wrote a schema of this version. */
export function refuseNewer(version: number, place: PostgresPlace): void {
  if (version <= SCHEMA_VERSION) return;
  throw new TocsinError({
    code: "store_newer",
    where: placeName(place),
    message: `schema ${version} was written by a newer Tocsin; this program knows ${SCHEMA_VERSION}`,
    remedy:
      "run the newer version, or put back the copy made before the upgrade: what was written since is then lost",
  });
}
