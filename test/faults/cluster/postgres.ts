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
  const [uid, gid] = ["-u", "-g"].map((flag) => Number(execFileSync("id", [flag, "postgres"]))) as [
    number,
    number,
  ];
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
  appendFileSync(join(data, "pg_hba.conf"), "hostssl all all 198.18.0.0/15 trust\n");
  const options = {
    ...{ listen_addresses: "*", port: 5432, unix_socket_directories: folder, max_connections: 60, ssl: "on" },
    ...settings,
  };
  const words = Object.entries(options).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  const as = ["-S", String(uid), "-G", String(gid)];
  const command = [...on, ...as, join(programs, "postgres"), "-D", data, ...words];
  const server = supervise("db", () => command);
  const place = (database: string): PostgresPlace => ({
    ...{ host: folder, port: 5432, user: "tocsin", database },
  });
  let databases = 0;

  async function ask(sql: string, database = "postgres"): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({
      ...place(database),
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
  const serves = () =>
    ask("SELECT 1").then(
      () => true,
      () => false,
    );

  server.start();
  await eventually("PostgreSQL", async () => (await serves()) || undefined);
  return {
    ...{ server, data, ask, serves },
    async database() {
      databases += 1;
      await ask(`CREATE DATABASE tocsin_${databases}`);
      return place(`tocsin_${databases}`);
    },
    stop: () => server.kill({ again: false }),
  };
}
