import { execFileSync } from "node:child_process";
import { appendFileSync, chmodSync, chownSync, copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import pg from "pg";
import type { PostgresPlace } from "../../../agent/store/postgres/connection.ts";
import { eventually } from "../../support/daemon.ts";
import { postgresPrograms } from "../../support/postgres.ts";
import { type Supervised, supervise } from "./supervised.ts";

/** A PostgreSQL on a host of its own; this process asks it by its socket, whatever becomes of the network. */
export interface ClusterPostgres {
  server: Supervised;
  data: string;
  /** Where its socket is. */
  folder: string;
  database(): Promise<PostgresPlace>;
  /** Asks as administrator. */
  ask(sql: string, database?: string): Promise<Record<string, unknown>[]>;
  serves(): Promise<boolean>;
  stop(): Promise<void>;
}

export async function startClusterPostgres(parts: {
  folder: string;
  /** What goes before a command on its host. */
  on: readonly string[];
  files: { certificate: string; key: string };
  settings?: Record<string, string | number> | undefined;
  data?: string | undefined;
}): Promise<ClusterPostgres> {
  const { folder, on, files, settings = {} } = parts;
  const programs = postgresPrograms() as string;
  const { uid, gid } = identity();
  mkdirSync(folder, { recursive: true });
  chmodSync(join(folder, ".."), 0o755);
  chownSync(folder, uid, gid);
  const data = parts.data ?? join(folder, "data");
  const initial = ["-D", data, "-U", "tocsin", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"];
  const small = parts.data === undefined ? [] : ["--wal-segsize=1"];
  execFileSync(join(programs, "initdb"), [...initial, ...small], { uid, gid, stdio: "ignore", cwd: "/" });
  for (const [from, name] of [
    [files.certificate, "server.crt"],
    [files.key, "server.key"],
  ] as const) {
    copyFileSync(from, join(data, name));
    chownSync(join(data, name), uid, gid);
    chmodSync(join(data, name), 0o600);
  }
  // A subnet of its own, and what a standby takes from it.
  for (const what of ["all", "replication"])
    appendFileSync(join(data, "pg_hba.conf"), `hostssl ${what} all 198.18.0.0/15 trust\n`);
  const command = serverCommand({ on, data, sockets: folder, settings });
  const server = supervise("db", () => command);
  let databases = 0;
  const ask = (sql: string, database?: string) => askAt(folder, sql, database);
  const serves = () =>
    ask("SELECT 1").then(
      () => true,
      () => false,
    );

  server.start();
  await eventually("PostgreSQL", async () => (await serves()) || undefined);
  return {
    ...{ server, data, folder, ask, serves },
    async database() {
      databases += 1;
      await ask(`CREATE DATABASE tocsin_${databases}`);
      return placeAt(folder, `tocsin_${databases}`);
    },
    stop: () => server.kill({ again: false }),
  };
}

/** A program of PostgreSQL on a host, as `postgres`: what comes before its words. */
export function asPostgres(on: readonly string[], program: string): string[] {
  const { uid, gid } = identity();
  return [...on, "-S", String(uid), "-G", String(gid), join(postgresPrograms() as string, program)];
}

export function identity(): { uid: number; gid: number } {
  const [uid = 0, gid = 0] = ["-u", "-g"].map((flag) => Number(execFileSync("id", [flag, "postgres"])));
  return { uid, gid };
}

/** Starts a server on its data, on the port that all have on their own host. */
export function serverCommand(parts: {
  on: readonly string[];
  data: string;
  sockets: string;
  settings: Record<string, string | number>;
}): string[] {
  const { on, data, sockets, settings } = parts;
  const options = {
    ...{
      listen_addresses: "*",
      port: 5432,
      unix_socket_directories: sockets,
      max_connections: 60,
      ssl: "on",
    },
    ...settings,
  };
  const words = Object.entries(options).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  return [...asPostgres(on, "postgres"), "-D", data, ...words];
}

const placeAt = (sockets: string, database: string): PostgresPlace => ({
  ...{ host: sockets, port: 5432, user: "tocsin", database },
});

/** Asks the server of a socket as administrator. */
export async function askAt(
  sockets: string,
  sql: string,
  database = "postgres",
): Promise<Record<string, unknown>[]> {
  const client = new pg.Client({
    ...placeAt(sockets, database),
    connectionTimeoutMillis: 2_000,
    query_timeout: 5_000,
  });
  client.on("error", () => undefined);
  try {
    await client.connect();
    return (await client.query(sql)).rows;
  } finally {
    await client.end().catch(() => undefined);
  }
}
