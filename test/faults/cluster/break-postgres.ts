import { execFileSync } from "node:child_process";
import { readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import pg from "pg";
import type { Cluster } from "./cluster.ts";

/** Something that is broken, until it is mended. */
export type Break = (cluster: Cluster) => Promise<() => Promise<void>>;

const ofTocsin = "application_name LIKE 'tocsin%'";
const END_ALL = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE ${ofTocsin}`;

/** PostgreSQL is there and lets nobody in over the network. */
export const refuseConnections: Break = async ({ postgres }) => {
  const file = join(postgres.data, "pg_hba.conf");
  const before = readFileSync(file, "utf8");
  writeFileSync(file, before.replace(/^hostssl.*$/m, "hostssl all all all reject"));
  await postgres.ask("SELECT pg_reload_conf()");
  await postgres.ask(END_ALL);
  return async () => {
    writeFileSync(file, before);
    await postgres.ask("SELECT pg_reload_conf()");
  };
};

/** Others have taken all of its connections. */
export const takeConnections: Break = async ({ shared }) => {
  const taken: pg.Client[] = [];
  const take = async () => {
    const client = new pg.Client({ ...shared.place, application_name: "another program" });
    client.on("error", () => undefined);
    await client.connect();
    taken.push(client);
    return client;
  };
  const first = await take();
  for (let rounds = 0; rounds < 5; rounds++) {
    await first.query(END_ALL);
    while (await take().catch(() => undefined));
  }
  return async () => {
    await Promise.all(taken.map((client) => client.end()));
  };
};

/** The disk under its data is full; needs a data folder that is a disk of its own. */
export const fillDisk: Break = async ({ postgres }) => {
  const ballast = join(postgres.data, "ballast");
  // Segments of the log that are kept for reuse leave it room for long.
  for (let times = 0; times < 3; times++) {
    await postgres.ask("SELECT pg_switch_wal()").catch(() => undefined);
    fillUp(`${ballast}${times}`);
  }
  return async () => {
    for (let times = 0; times < 3; times++) rmSync(`${ballast}${times}`, { force: true });
  };
};

/** Writes a file as large as its disk has room for. */
export function fillUp(file: string): void {
  const { bavail, bsize } = statfsSync(dirname(file));
  try {
    writeFileSync(file, Buffer.alloc(bavail * bsize));
  } catch {
    // As much as there was room for.
  }
}

/** It works one part of the time in seven. */
export const slowDown: Break = async ({ postgres }) => {
  let going = true;
  const working = (async () => {
    while (going) {
      postgres.server.pause();
      await setTimeout(300);
      postgres.server.resume();
      await setTimeout(50);
    }
  })();
  return async () => {
    going = false;
    await working;
  };
};

/** Mounts a disk of so many MiB that PostgreSQL may have for itself; `undefined` without the right to. */
export function mountDisk(folder: string, megabytes: number): boolean {
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", `size=${megabytes}m,mode=711`, "tmpfs", folder], {
      stdio: "ignore",
    });
    return true;
  } catch {
    return false;
  }
}
