import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, chownSync, existsSync, mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import pg from "pg";
import type { PostgresPlace } from "../../agent/store/postgres/connection.ts";
import { freePorts } from "./free-ports.ts";
import type { Peer } from "./peer.ts";

/** A real PostgreSQL of its own on the loopback, empty at first. */
export interface PostgresServer {
  /** Makes a database and returns where it is. */
  database(): Promise<PostgresPlace>;
  /** Asks the server as its administrator. */
  ask(sql: string, database?: string): Promise<Record<string, unknown>[]>;
  /** Stops it: `immediate` as a power cut does, without a shutdown checkpoint. */
  halt(how?: "fast" | "immediate"): Promise<void>;
  /** Starts it again on what it had written. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

const DEBIAN = "/usr/lib/postgresql";

/** The programs of a PostgreSQL that is installed; undefined when none is. */
export function postgresPrograms(): string | undefined {
  if (!existsSync(DEBIAN)) return undefined;
  const found = readdirSync(DEBIAN)
    .sort((a, b) => Number(b) - Number(a))
    .map((version) => join(DEBIAN, version, "bin"))
    .find((folder) => existsSync(join(folder, "initdb")));
  return found;
}

export const postgresServer: Peer = {
  name: "PostgreSQL",
  command: "postgres",
  install: "apt-get install postgresql-15",
  present: postgresPrograms() !== undefined,
};

/** Starts a server with settings of its own; PostgreSQL refuses to run as root, so it runs as `postgres` then. */
export async function startPostgres(settings: Record<string, string | number> = {}): Promise<PostgresServer> {
  const programs = postgresPrograms();
  if (programs === undefined) throw new Error("PostgreSQL is not installed");
  const folder = mkdtempSync(join(tmpdir(), "tocsin-pg-"));
  const data = join(folder, "data");
  const identity = process.getuid?.() === 0 ? userNamed("postgres") : undefined;
  if (identity !== undefined) chownSync(folder, identity.uid, identity.gid);
  chmodSync(folder, 0o755);
  const as = identity ?? {};
  execFileSync(
    join(programs, "initdb"),
    ["-D", data, "-U", "tocsin", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8", "--no-sync"],
    { ...as, stdio: "ignore", cwd: "/" },
  );
  const [port] = await freePorts(1);
  const place = (database: string): PostgresPlace => ({
    ...{ host: "127.0.0.1", port: Number(port), user: "tocsin", database },
  });
  const options = {
    listen_addresses: "127.0.0.1",
    port,
    unix_socket_directories: "",
    max_connections: 60,
    ...settings,
  };
  const words = Object.entries(options).flatMap(([name, value]) => ["-c", `${name}=${value}`]);
  let running: ReturnType<typeof spawn> | undefined;
  let databases = 0;

  async function ask(sql: string, database = "postgres"): Promise<Record<string, unknown>[]> {
    const client = new pg.Client({ ...place(database) });
    client.on("error", () => undefined);
    await client.connect();
    try {
      return (await client.query(sql)).rows;
    } finally {
      await client.end();
    }
  }

  async function start(): Promise<void> {
    running = spawn(join(programs as string, "postgres"), ["-D", data, ...words], {
      ...as,
      stdio: "ignore",
      cwd: "/",
    });
    for (let tries = 0; ; tries++) {
      try {
        await ask("SELECT 1");
        return;
      } catch (error) {
        if (tries > 200 || running.exitCode !== null) throw error;
        await new Promise((resolve) => setTimeout(resolve, 50));
      }
    }
  }

  async function halt(how: "fast" | "immediate" = "fast"): Promise<void> {
    if (running === undefined || running.exitCode !== null) return;
    const ended = once(running, "exit");
    running.kill(how === "fast" ? "SIGINT" : "SIGQUIT");
    await ended;
    running = undefined;
  }

  await start();
  return {
    ask,
    halt,
    start,
    async database() {
      databases += 1;
      await ask(`CREATE DATABASE tocsin_${databases}`);
      return place(`tocsin_${databases}`);
    },
    async stop() {
      await halt("immediate");
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function userNamed(name: string): { uid: number; gid: number } {
  const id = (flag: string) => Number(execFileSync("id", [flag, name], { encoding: "utf8" }));
  return { uid: id("-u"), gid: id("-g") };
}
