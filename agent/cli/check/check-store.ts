import pg from "pg";
import type { LoadedConfig } from "../../../config/load.ts";
import type { Instant } from "../../core/clock.ts";
import { messageOf, TocsinError } from "../../core/errors.ts";
import { recordOf } from "../../record.ts";
import { TABLES } from "../../store/migrate/tables.ts";
import { SCHEMA_VERSION } from "../../store/migrations.ts";
import { clientOf, type PostgresPlace, postgresFailure, sqlState } from "../../store/postgres/connection.ts";
import type { Finding, Looked } from "./finding.ts";

/** What a server says of itself and of us. */
export interface ServerState {
  /** `server_version_num`: 150004 for 15.4. */
  version: number;
  encoding: string;
  standby: boolean;
  fsync: string;
  fullPageWrites: string;
  /** In our session, where the client sets it: another value says that something between dropped what it sets. */
  synchronousCommit: string;
  /** Connections that are free for us, of all those that the server, the database and the role allow. */
  free: number;
  /** 0 when there is no record. */
  schema: number;
  /** Whether we may make tables. */
  mayCreate: boolean;
  /** What we may not do and must, such as `INSERT on journal`; empty without tables. */
  missing: readonly string[];
  /** What makes the role pass by every right: `superuser` or `BYPASSRLS`; null when nothing does. */
  bypasses: "superuser" | "BYPASSRLS" | null;
  /** Of our facility, where each facility has a role of its own; null where none has. */
  facilityRights: "writes" | "reads" | "none" | null;
  /** Connections that server and database allow, used or not, and those that the role does; null without a limit. */
  allowed: number;
  allowedRole: number | null;
  /** Facilities that share this database, as far as the configuration tells. */
  facilities: number;
}

/** The oldest version that is tried. */
const OLDEST = 150_000;
/** Connections of one process: a writer, six readers in each of two threads, a lease, and one that asks. */
const CONNECTIONS = 15;
/** Those of a facility at rest: one that correlates, one that stands by, one for pages (docs/capacity.md). */
const OF_FACILITY = 9;

/** Looks whether PostgreSQL can be reached and is as a record needs it; nothing is written. */
export async function checkStore(loaded: LoadedConfig, now: () => Instant): Promise<Looked> {
  const record = recordOf(loaded);
  if (record.engine === "sqlite") return { findings: [] };
  try {
    const { facility, group } = loaded.config;
    const asked = { facility: facility.id, facilities: group?.facilities.length ?? 1 };
    const { state, ahead } = await askServer(record.place, { now, ...asked });
    return { findings: storeFindings(state), ahead };
  } catch (error) {
    return { findings: [unreachable(error)] };
  }
}

/** What of a server keeps a record from being kept, or may. */
export function storeFindings(state: ServerState): Finding[] {
  const problem = (code: string, message: string, remedy: string): Finding[] => [
    { level: "problem", code, where: "store", message, remedy },
  ];
  const off = (name: string, value: string) =>
    value === "on"
      ? []
      : problem(
          "store_not_durable",
          `${name} is ${value}: what PostgreSQL has acknowledged may be lost when the power fails`,
          `set ${name} = on and restart PostgreSQL`,
        );
  const { version, encoding, standby, synchronousCommit, free } = state;
  return [
    ...(version < OLDEST
      ? problem(
          "store_version",
          `this is PostgreSQL ${Math.floor(version / 10_000)}, and 15 is the oldest that Tocsin is tried with`,
          "upgrade the server",
        )
      : []),
    ...(encoding === "UTF8"
      ? []
      : problem(
          "store_encoding",
          `the database is encoded in ${encoding}`,
          "make it anew with ENCODING 'UTF8' (docs/postgresql.md)",
        )),
    ...(standby
      ? problem(
          "store_standby",
          "this server is a standby, which takes no writes",
          "let the address lead to the primary",
        )
      : []),
    ...off("fsync", state.fsync),
    ...off("full_page_writes", state.fullPageWrites),
    ...(synchronousCommit === "on"
      ? []
      : problem(
          "store_not_durable",
          `our session has synchronous_commit = ${synchronousCommit}, which we set to on: something between drops what a client sets`,
          "connect to PostgreSQL itself, or by a proxy that hands the options of a client on and keeps one connection for each",
        )),
    ...schemaFindings(state),
    ...rightsFindings(state),
    ...(free < CONNECTIONS
      ? advice(
          "store_connections",
          `${Math.max(0, free)} more connections are allowed, and each process takes up to ${CONNECTIONS}`,
          RAISE,
        )
      : []),
    ...limitFindings(state),
  ];
}

const RAISE = "raise max_connections, or the CONNECTION LIMIT of the role or the database";
const advice = (code: string, message: string, remedy: string): Finding[] => [
  { level: "advice", code, where: "store", message, remedy },
];

/** Of what all processes of all facilities hold while nothing happens. */
function limitFindings({ allowed, allowedRole, facilities, facilityRights }: ServerState): Finding[] {
  // Where each facility has a role of its own, the limit of a role is for one.
  const served = facilityRights === null ? facilities : 1;
  const limits: [allowed: number, facilities: number][] = [[allowed, facilities]];
  if (allowedRole !== null) limits.push([allowedRole, served]);
  const few = limits.find(([most, each]) => most < each * OF_FACILITY);
  if (few === undefined) return [];
  const [most, each] = few;
  return advice(
    "store_connection_limit",
    `${most} connections are allowed in all; ${each === 1 ? "a facility holds" : `${each} facilities hold`} ${each * OF_FACILITY} at rest: those of a correlator, of one that stands by and of a process for pages`,
    `${RAISE} (docs/capacity.md)`,
  );
}

/** Of a role that may more than it should, or not what it must. */
function rightsFindings({ bypasses, facilityRights }: ServerState): Finding[] {
  if (bypasses !== null)
    return facilityRights === null
      ? advice(
          "store_bypasses",
          `the role is ${bypasses === "superuser" ? "a superuser: it may alter the journal" : "one with BYPASSRLS"}, and Tocsin needs no such right`,
          "give the program a role of its own (docs/postgresql.md)",
        )
      : [
          {
            level: "problem",
            code: "store_bypasses",
            where: "store",
            message: `the role ${bypasses === "superuser" ? "is a superuser" : "has BYPASSRLS"}: the row security of this database does not hold for it`,
            remedy: "name the role of this facility in store.url (docs/row-security.md)",
          },
        ];
  if (facilityRights === null || facilityRights === "writes") return [];
  return [
    {
      level: "problem",
      code: "store_facility",
      where: "store",
      message: `row security lets the role ${facilityRights === "reads" ? "only read" : "neither read nor write"} this facility: no process would act for it`,
      remedy:
        "name the role of this facility in store.url, or add it to facility_roles (docs/row-security.md)",
    },
  ];
}

function schemaFindings({ schema, mayCreate, missing }: ServerState): Finding[] {
  const problem = (code: string, message: string, remedy: string): Finding[] => [
    { level: "problem", code, where: "store", message, remedy },
  ];
  if (schema > SCHEMA_VERSION)
    return problem(
      "store_newer",
      `schema ${schema} was written by a newer Tocsin; this program knows ${SCHEMA_VERSION}`,
      "run the newer version",
    );
  if (schema === 0)
    return problem(
      "no_store",
      "there is no record and so no account",
      mayCreate
        ? "run: tocsin migrate --from sqlite --to postgres"
        : "let the role make tables, or have them made by the role that owns them (docs/postgresql.md)",
    );
  if (schema < SCHEMA_VERSION)
    return mayCreate
      ? []
      : problem(
          "store_older",
          `schema ${schema}, this program reads ${SCHEMA_VERSION}, and the role may not change tables`,
          "run one command as the role that owns them (docs/postgresql.md)",
        );
  if (missing.length === 0) return [];
  return problem(
    "store_rights",
    `the role may not ${missing.slice(0, 5).join(", ")}${missing.length > 5 ? ` and ${missing.length - 5} more` : ""}`,
    "grant what docs/postgresql.md lists",
  );
}

const STATE = `SELECT current_setting('server_version_num')::int AS version,
    pg_encoding_to_char(encoding) AS encoding, pg_is_in_recovery() AS standby,
    current_setting('fsync') AS fsync, current_setting('full_page_writes') AS full_page_writes,
    current_setting('synchronous_commit') AS synchronous_commit,
    LEAST(
      current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int
        - (SELECT SUM(numbackends) FROM pg_stat_database),
      CASE WHEN datconnlimit < 0 THEN NULL
        ELSE datconnlimit - (SELECT numbackends FROM pg_stat_database s WHERE s.datid = d.oid) END,
      NULLIF(rolconnlimit, -1) - (SELECT COUNT(*) FROM pg_stat_activity WHERE usename = current_user)
    )::int AS free,
    LEAST(
      current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,
      NULLIF(datconnlimit, -1)
    )::int AS allowed, NULLIF(rolconnlimit, -1) AS role_allowed,
    CASE WHEN rolsuper THEN 'superuser' WHEN rolbypassrls THEN 'BYPASSRLS' END AS bypasses,
    COALESCE(has_schema_privilege(current_schema(), 'CREATE'), FALSE) AS may_create,
    to_regclass('schema_version') IS NOT NULL AS made,
    EXTRACT(EPOCH FROM clock_timestamp()) * 1000 AS clock
  FROM pg_database d, pg_roles r WHERE datname = current_database() AND rolname = current_user`;
/** The journal stands for all tables: they are protected together. */
const FACILITY = `SELECT relrowsecurity AND relforcerowsecurity AS secured,
    (SELECT writes FROM facility_roles WHERE role = current_user::text AND facility = $1) AS writes
  FROM pg_class WHERE oid = 'journal'::regclass`;
const SCHEMA = "SELECT COALESCE(MAX(version), 0)::int AS version FROM schema_version";
const MISSING = `SELECT w.privilege || ' on ' || w.name AS missing
  FROM unnest($1::text[], $2::text[]) WITH ORDINALITY AS w (name, privilege, place)
  WHERE NOT has_table_privilege(w.name, w.privilege) ORDER BY w.place`;

/** What is only ever added to. */
const APPENDED = ["journal", "checkpoints"];

function privileges(): [table: string, privilege: string][] {
  const used = Object.keys(TABLES).filter((table) => TABLES[table] === "copied" || table === "leases");
  return used.flatMap((table): [string, string][] => {
    const all = ["SELECT", "INSERT", ...(APPENDED.includes(table) ? [] : ["UPDATE", "DELETE"])];
    return all.map((privilege) => [table, privilege]);
  });
}

async function askServer(
  place: PostgresPlace,
  given: { now: () => Instant; facility: string; facilities: number },
): Promise<{ state: ServerState; ahead: number }> {
  const client = new pg.Client(clientOf(place, "tocsin check"));
  client.on("error", () => undefined);
  try {
    await client.connect();
    const { now, facility, facilities } = given;
    const asked = now();
    const [row] = (await client.query(STATE)).rows;
    // Halfway of the exchange by our clock.
    const ours = (asked + now()) / 2000;
    const schema = row.made ? Number((await client.query(SCHEMA)).rows[0]?.version) : 0;
    const wanted = privileges();
    const [rights] = schema === SCHEMA_VERSION ? (await client.query(FACILITY, [facility])).rows : [];
    const facilityRights = rights?.secured === true ? rightsOf(rights.writes) : null;
    const missing =
      schema === SCHEMA_VERSION
        ? (await client.query(MISSING, [wanted.map(([table]) => table), wanted.map(([, each]) => each)])).rows
        : [];
    const state: ServerState = {
      version: row.version,
      encoding: row.encoding,
      standby: row.standby,
      fsync: row.fsync,
      fullPageWrites: row.full_page_writes,
      synchronousCommit: row.synchronous_commit,
      free: row.free,
      schema,
      mayCreate: row.may_create,
      missing: missing.map((each) => String(each.missing)),
      bypasses: row.bypasses,
      facilityRights,
      allowed: row.allowed,
      allowedRole: row.role_allowed,
      facilities,
    };
    return { state, ahead: ours - Number(row.clock) };
  } catch (error) {
    throw postgresFailure(error, place);
  } finally {
    await client.end().catch(() => undefined);
  }
}

function rightsOf(writes: boolean | null): "writes" | "reads" | "none" {
  if (writes === null) return "none";
  return writes ? "writes" : "reads";
}

function unreachable(error: unknown): Finding {
  const { cause, remedy } = error instanceof TocsinError ? error : { cause: error, remedy: undefined };
  // Of whether it is tried again nothing is said here: this is a look.
  const told = (remedy ?? "check that PostgreSQL runs and can be reached").replace(/; a daemon tries.*$/, "");
  return {
    level: "problem",
    code: sqlState(cause) === undefined ? "not_reachable" : "store_refused",
    where: "store",
    // Of a name with several addresses the reasons are told apart, and the error has no words.
    message: messageOf(cause ?? error) || "no address of it answers",
    remedy: `${told}; \`check --offline\` leaves this out`,
  };
}
