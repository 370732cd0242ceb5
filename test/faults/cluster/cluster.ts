import { execFile } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Role } from "../../../agent/roles.ts";
import { certify } from "../../support/certify.ts";
import { eventually, type House, MAIN } from "../../support/daemon.ts";
import { type Network, openNetwork } from "../../support/namespaces.ts";
import { onPath } from "../../support/peer.ts";
import { makeSharedHouse, type SharedHouse } from "../../support/shared-house.ts";
import { type Called, startHook } from "./hook.ts";
import { type ClusterPostgres, startClusterPostgres } from "./postgres.ts";
import { type Supervised, supervise } from "./supervised.ts";

/** Each runs on a host of its own. */
export const DAEMONS = { r1: "receiver", r2: "receiver", c1: "all", c2: "all", web: "web" } as const;
export type DaemonName = keyof typeof DAEMONS;
export const HOSTS = ["db", "nats", "r1", "r2", "c1", "c2", "web"] as const;
export type HostName = (typeof HOSTS)[number];

/** Ports are the same everywhere: every host has its own. */
export const PORTS = { people: 8470, intake: 8471, operations: 8472, tcp: 5514, relp: 2514 };

/** PostgreSQL, NATS, two receivers, two correlators and one process for pages, each on a host of its own. */
export interface Cluster {
  network: Network;
  shared: SharedHouse;
  house: House;
  /** PEM of the authority of all certificates. */
  authority: string;
  postgres: ClusterPostgres;
  nats: Supervised;
  daemons: Record<DaemonName, Supervised>;
  /** What is added to the environment of a daemon at its next start. */
  environments: Partial<Record<DaemonName, Record<string, string>>>;
  /** What messages told the receiver of webhooks, which is this process. */
  called: Called[];
  /** The state directory of a daemon. */
  stateOf(name: DaemonName): string;
  houseOf(name: DaemonName): House;
  /** Asks a daemon on its own host; status 0 when it does not answer. */
  ask(name: DaemonName, path: string): Promise<{ status: number; body: string }>;
  /** The daemon that correlates now. */
  active(): Promise<"c1" | "c2" | undefined>;
  /** Resolves once all daemons that are wanted serve, one correlator standing by. */
  settled(seconds?: number): Promise<void>;
  close(): Promise<void>;
}

export interface ClusterOptions {
  /** Further settings of PostgreSQL. */
  settings?: Record<string, string | number>;
  /** Where PostgreSQL keeps its data, such as a small disk; in a folder of the scene unless told. */
  data?: string;
  /** MiB that a receiver spools at most. */
  spool?: number;
  /** Further systems, each a line. */
  systems?: string;
  /** Further hosts, on which nothing runs at first. */
  hosts?: readonly string[];
  /** Which daemons are started at first. */
  start?: readonly DaemonName[];
  /** Done once PostgreSQL and NATS serve, before any daemon does. */
  before?: (cluster: Pick<Cluster, "stateOf">) => void;
}

/** Starts all of it on a network of its own. */
export async function startCluster(options: ClusterOptions = {}): Promise<Cluster> {
  const folder = mkdtempSync(join(tmpdir(), "tocsin-cluster-"));
  const network = await openNetwork([...HOSTS, ...(options.hosts ?? [])]);
  const files = certify(
    join(folder, "tls"),
    [network.here, ...HOSTS.map(network.address)].map((each) => `IP:${each}`),
  );
  const postgres = await startClusterPostgres({
    ...{ folder: join(folder, "db"), on: network.on("db"), files, settings: options.settings },
    data: options.data,
  });
  const nats = supervise("nats", () => natsCommand(network, join(folder, "nats"), files));
  nats.start();
  const hook = await startHook(network.here);
  const shared = await makeSharedHouse(postgres, { webhook: hook.url, systems: options.systems ?? "" });
  const environments: Cluster["environments"] = {};
  const made = {} as Record<DaemonName, { house: House; daemon: Supervised }>;
  for (const [name, role] of Object.entries(DAEMONS) as [DaemonName, Role][]) {
    const house = shared.another();
    configure(house, { network, shared, files, spool: options.spool });
    const command = () => [
      ...network.on(name),
      ...[process.execPath, MAIN, "run", "--config", house.config, "--role", role],
    ];
    const env = () => ({ ...process.env, ...environments[name] });
    made[name] = { house, daemon: supervise(name, command, env) };
  }
  const names = Object.keys(DAEMONS) as DaemonName[];
  const daemons = Object.fromEntries(names.map((name) => [name, made[name].daemon])) as Cluster["daemons"];
  const authority = readFileSync(files.authority, "utf8");
  const stateOf = (name: DaemonName) => join(made[name].house.directory, "state");
  options.before?.({ stateOf });
  const started = new Set(options.start ?? names);

  async function ask(name: DaemonName, path: string) {
    const url = `http://127.0.0.1:${PORTS.operations}${path}`;
    const [program = "", ...words] = [
      ...network.on(name),
      "curl",
      "-s",
      "-m",
      "3",
      "-w",
      "\n%{http_code}",
      url,
    ];
    const { stdout } = await promisify(execFile)(program, words).catch(() => ({ stdout: "\n0" }));
    const at = stdout.lastIndexOf("\n");
    return { status: Number(stdout.slice(at + 1)), body: stdout.slice(0, at) };
  }
  /** The holder says its process, which is the newest of its supervisor. */
  async function active(): Promise<"c1" | "c2" | undefined> {
    for (const name of ["c1", "c2"] as const) {
      const { status, body } = await ask(name, "/metrics");
      if (status === 200 && !body.includes("tocsin_standing_by 1")) return name;
    }
    return undefined;
  }
  async function settled(seconds = 40): Promise<void> {
    await eventually("PostgreSQL", async () => (await postgres.serves()) || undefined, seconds);
    const stands = async (name: DaemonName) => {
      const { status, body } = await ask(name, "/readyz");
      return status === 200 || body.includes("acts for");
    };
    for (const name of started)
      await eventually(`${name} to be ready`, async () => (await stands(name)) || undefined, seconds).catch(
        (error: Error) => {
          throw new Error(`${error.message}: ${JSON.stringify(daemons[name].log.slice(-6))}`);
        },
      );
    await eventually("a correlator at work", active, seconds);
  }

  const cluster: Cluster = {
    ...{ network, shared, house: shared.house, authority, postgres, nats, daemons, environments },
    called: hook.called,
    houseOf: (name) => made[name].house,
    stateOf,
    ...{ ask, active, settled },
    async close() {
      network.healAll();
      const all = [...Object.values(daemons), nats];
      await Promise.all(all.map((each) => each.kill({ again: false })));
      await shared.remove();
      await postgres.stop();
      await hook.stop();
      await network.close();
      rmSync(folder, { recursive: true, force: true });
    },
  };
  try {
    // The first makes the stream, which receivers wait for.
    if (started.has("c1")) {
      daemons.c1.start();
      await eventually("the first correlator", active, 30);
    }
    for (const name of started) daemons[name].start();
    if (started.size > 0) await settled();
    return cluster;
  } catch (error) {
    await cluster.close();
    throw error;
  }
}

interface Files {
  authority: string;
  certificate: string;
  key: string;
}

function natsCommand(network: Network, folder: string, { certificate, key }: Files): string[] {
  mkdirSync(folder, { recursive: true });
  const file = join(folder, "nats.conf");
  const store = `jetstream { store_dir: "${join(folder, "jetstream")}", max_file_store: 20G }`;
  writeFileSync(file, `${store}\ntls { cert_file: "${certificate}", key_file: "${key}" }\n`);
  return [...network.on("nats"), onPath("nats-server") ?? "nats-server", "-c", file, "-a", "0.0.0.0"];
}

/** Rewrites a configuration for a host of the network, where nothing goes in clear. */
function configure(
  house: House,
  {
    network,
    shared,
    files,
    spool,
  }: { network: Network; shared: SharedHouse; files: Files; spool?: number | undefined },
): void {
  const { authority, certificate, key } = files;
  const tls = `tls: { certificate: ${certificate}, key: ${key} }`;
  const towards = `tls: { authority: ${authority} }`;
  const all = "address: 0.0.0.0";
  const { people, intake, operations, tcp, relp } = PORTS;
  const listeners = `listeners: { people: { ${all}, port: ${people}, ${tls}, public_url: "https://${network.address("web")}:${people}" }, intake: { ${all}, port: ${intake}, ${tls} }, operations: { address: 127.0.0.1, port: ${operations} } }`;
  const store = `store: { url: "postgres://${shared.place.user}@${network.address("db")}:5432/${shared.place.database}", ${towards} }`;
  const bus = `bus: { servers: ["tls://${network.address("nats")}:4222"], ${towards}, spool: { megabytes: ${spool ?? 64} } }`;
  const listen = `listen: [{ transport: tcp, ${all}, port: ${tcp} }, { transport: relp, ${all}, port: ${relp} }]`;
  const text = readFileSync(house.config, "utf8")
    .replace(/^listeners:.*$/m, listeners)
    .replace(/^store:.*$/m, `${store}\n${bus}`)
    .replace(/(\{ id: lines,.*?), listen: \[.*?\] \}/, `$1, ${listen} }`);
  writeFileSync(house.config, text);
}
