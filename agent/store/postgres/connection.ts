import pg from "pg";
import { messageOf, TocsinError } from "../../core/errors.ts";

/** Where a shared record is, and how it is reached; plain data, so that threads can be given it. */
export interface PostgresPlace {
  /** A name, an address, or the folder of a socket when it begins with `/`. */
  host: string;
  port: number;
  user: string;
  database: string;
  password?: string | undefined;
  /** PEM texts; empty when the authorities of the system are trusted, absent when it is reached in clear. */
  tls?: { ca?: string | undefined; certificate?: string | undefined; key?: string | undefined } | undefined;
}

const INT8 = 20;
const BYTEA = 17;
/** ms to wait for a connection, and for the answer to one statement. */
const CONNECT_MS = 5_000;
const ANSWER_MS = 20_000;
/** ms that a transaction may stand still: whoever was paused in one must not keep others from theirs. */
const IDLE_IN_TRANSACTION_MS = 2_000;

/** Integers are numbers: all are below 2^53, instants in microseconds included. Bytes are bytes, no Buffer. */
const types: pg.CustomTypesConfig = {
  getTypeParser: ((oid: number, format: never) => {
    if (oid === INT8) return Number;
    const parse = pg.types.getTypeParser(oid, format) as (value: string) => unknown;
    if (oid !== BYTEA) return parse;
    return (value: string) => {
      const { buffer, byteOffset, length } = parse(value) as Buffer;
      return new Uint8Array(buffer, byteOffset, length);
    };
  }) as never,
};

/** How a client of a place is set up. */
export function clientOf(place: PostgresPlace, name: string): pg.ClientConfig {
  const { host, port, user, database, password, tls } = place;
  return {
    ...{ host, port, user, database },
    // Nothing of the surroundings (PGPASSWORD, ~/.pgpass) decides who connects.
    password: password ?? "",
    ssl: tls !== undefined && {
      ...(tls.ca === undefined ? {} : { ca: tls.ca }),
      ...(tls.certificate === undefined ? {} : { cert: tls.certificate }),
      ...(tls.key === undefined ? {} : { key: tls.key }),
      rejectUnauthorized: true,
    },
    types,
    application_name: name,
    connectionTimeoutMillis: CONNECT_MS,
    query_timeout: ANSWER_MS,
    keepAlive: true,
    options: [
      `-c statement_timeout=${ANSWER_MS}`,
      `-c idle_in_transaction_session_timeout=${IDLE_IN_TRANSACTION_MS}`,
      "-c synchronous_commit=on",
      // Every question has its index: a plan that was made while a table was small must serve when it is not.
      "-c enable_seqscan=off",
      ...["bitmapscan", "hashjoin", "mergejoin"].map((way) => `-c enable_${way}=off`),
    ].join(" "),
  };
}

/** Names a place in messages: without what lets in. */
export function placeName({ host, port, database }: PostgresPlace): string {
  return host.startsWith("/") ? `${database} at ${host}` : `postgres://${host}:${port}/${database}`;
}

/** Classes of SQLSTATE (PostgreSQL, appendix A) that blame what was sent: data, and what the tables refuse. */
const OF_DATA = ["22", "23"];

/** The SQLSTATE of what the server refused; undefined when it did not answer. */
export function sqlState(error: unknown): string | undefined {
  return error instanceof pg.DatabaseError ? error.code : undefined;
}

/** Classes that say that the server has no means, or is not there yet: it may have or be so later. */
const OF_SERVER = ["08", "53", "57"];
const OF_NETWORK: ReadonlySet<unknown> = new Set([
  ...["ECONNREFUSED", "ECONNRESET", "EPIPE", "ETIMEDOUT", "EHOSTUNREACH", "ENETUNREACH"],
  ...["EAI_AGAIN", "ENOTFOUND", "ENOENT"],
]);

/** True when PostgreSQL could not be reached or could not serve, and nobody has to put anything else right. */
export function isAway(error: unknown): boolean {
  const cause = error instanceof TocsinError ? error.cause : error;
  const state = sqlState(cause);
  if (state !== undefined) return OF_SERVER.includes(state.slice(0, 2));
  if (!(cause instanceof Error)) return false;
  return OF_NETWORK.has((cause as NodeJS.ErrnoException).code) || /timeout|terminated/i.test(cause.message);
}

/** True when the unit is to blame and not the server. */
export const blamesData = (error: unknown) => OF_DATA.includes(sqlState(error)?.slice(0, 2) ?? "");

/** What kept PostgreSQL from its work, and what to do. */
export function postgresFailure(error: unknown, place: PostgresPlace): TocsinError {
  if (error instanceof TocsinError) return error;
  const state = sqlState(error);
  const full = state === "53100";
  return new TocsinError(
    {
      code: full ? "store_full" : "store_failed",
      where: placeName(place),
      message: state === undefined ? messageOf(error) : `${messageOf(error)} (${state})`,
      remedy: remedyOf(state),
    },
    { cause: error },
  );
}

/** What is told is told by daemons, which try again by themselves, and by commands, which do not. */
const AGAIN = "a daemon tries again by itself, a command is run again";

function remedyOf(state: string | undefined): string {
  return `${whatToDo(state)}; ${AGAIN}`;
}

function whatToDo(state: string | undefined): string {
  if (state === "53100") return "free space on the disk of PostgreSQL";
  if (state === "53300") return "raise max_connections of PostgreSQL, or close what else uses it";
  if (state?.startsWith("28") === true) return "check the user, the password and pg_hba.conf";
  if (state === "42501")
    return "grant the user what docs/postgresql.md lists, and where each facility has a role (docs/row-security.md) its facility";
  if (state === "25006") return "this is a standby: let the name lead to the primary";
  return "check that PostgreSQL runs and can be reached";
}
