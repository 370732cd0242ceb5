import { execFileSync } from "node:child_process";
import { chownSync, mkdirSync, renameSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { eventually } from "../../support/daemon.ts";
import type { Cluster } from "./cluster.ts";
import { askAt, asPostgres, identity, serverCommand } from "./postgres.ts";
import { supervise } from "./supervised.ts";

/** A PostgreSQL on a host of its own that has every commit of the other before it is acknowledged. */
export interface Standby {
  /** Makes it the primary: the address of the other leads to it, and this process asks it instead. */
  takeOver(): Promise<void>;
  stop(): Promise<void>;
}

/** Copies the server while it works, and resolves once commits wait for the copy. */
export async function startStandby(cluster: Cluster, host: string): Promise<Standby> {
  const { network, postgres } = cluster;
  const folder = `${postgres.folder}-${host}`;
  const data = join(folder, "data");
  const { uid, gid } = identity();
  mkdirSync(folder);
  chownSync(folder, uid, gid);
  const on = network.on(host);
  const source = `host=${network.address("db")} user=tocsin sslmode=require application_name=${host}`;
  const [program = "", ...words] = [
    ...asPostgres(on, "pg_basebackup"),
    ...["-D", data, "-R", "-X", "stream", "-c", "fast", "--no-sync", "-d", source],
  ];
  // The library of its clients looks for keys at home.
  const env = { ...process.env, HOME: folder };
  execFileSync(program, words, { stdio: ["ignore", "ignore", "pipe"], cwd: "/", env });
  const command = serverCommand({ on, data, sockets: folder, settings: {} });
  const server = supervise(
    host,
    () => command,
    () => env,
  );
  server.start();
  // After the copy: it shall wait for nobody once it is the primary.
  await postgres.ask("ALTER SYSTEM SET synchronous_standby_names = '*'");
  await postgres.ask("SELECT pg_reload_conf()");
  await eventually("the standby to be in step", async () => {
    const rows = await postgres.ask("SELECT sync_state FROM pg_stat_replication");
    return rows.some(({ sync_state }) => sync_state === "sync") || undefined;
  });
  return {
    async takeOver() {
      await askAt(folder, "SELECT pg_promote()");
      network.moveAddress("db", host);
      renameSync(postgres.folder, `${postgres.folder}-before`);
      symlinkSync(folder, postgres.folder);
    },
    stop: () => server.kill({ again: false }),
  };
}
