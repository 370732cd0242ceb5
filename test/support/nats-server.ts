import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { BusSettings } from "../../agent/bus/bus.ts";
import { freePorts } from "./free-ports.ts";
import { onPath, peer } from "./peer.ts";

export const natsServer = peer("nats-server", "nats-server", "apt-get install nats-server");

/** A nats-server of its own, with JetStream in a folder that outlives it. */
export interface NatsServer {
  port: number;
  url: string;
  /** Of the process that runs now. */
  pid(): number;
  /** Ends it in order, and waits until it has ended. */
  stop(): Promise<void>;
  /** Ends it as `kill -9` does. */
  kill(): Promise<void>;
  /** Starts it on the same port and storage; resolves once it serves. */
  start(): Promise<void>;
  signal(name: NodeJS.Signals): void;
}

/** Starts a server in a folder; `configuration` is added to its file, or is all of it when it names `jetstream` itself. */
export async function startNatsServer(
  work: string,
  { configuration = "", payload }: { configuration?: string; payload?: number } = {},
): Promise<NatsServer> {
  mkdirSync(work, { recursive: true });
  const [port = 0] = await freePorts(1);
  const file = join(work, "nats.conf");
  const storage = configuration.includes("jetstream")
    ? ""
    : `jetstream { store_dir: "${join(work, "jetstream")}", max_file_store: 2G }\n`;
  const most = payload === undefined ? "" : `max_payload: ${payload}\n`;
  writeFileSync(file, `${storage}${most}${configuration}\n`);
  let running: ChildProcess | undefined;

  async function start(): Promise<void> {
    const program = onPath("nats-server") ?? "nats-server";
    const child = spawn(program, ["-c", file, "-a", "127.0.0.1", "-p", String(port)], {
      stdio: ["ignore", "ignore", "pipe"],
    });
    running = child;
    let said = "";
    await new Promise<void>((resolve, reject) => {
      child.stderr?.on("data", (text: Buffer) => {
        said = (said + text.toString()).slice(-4000);
        if (said.includes("Server is ready")) resolve();
      });
      child.once("exit", (code) => reject(new Error(`nats-server ended (${code}): ${said}`)));
    });
  }

  async function end(signal: NodeJS.Signals): Promise<void> {
    const child = running;
    running = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    child.kill(signal);
    await once(child, "exit");
  }

  await start();
  return {
    port,
    url: `nats://127.0.0.1:${port}`,
    pid: () => running?.pid ?? 0,
    stop: () => end("SIGTERM"),
    kill: () => end("SIGKILL"),
    start,
    signal: (name) => void running?.kill(name),
  };
}

/** Settings of a receiver or correlator for that server. */
export function busSettings(
  server: NatsServer,
  folder: string,
  over: Partial<BusSettings> = {},
): BusSettings {
  return {
    servers: [server.url],
    durability: "spool",
    replicas: 1,
    spool: { folder: join(folder, "spool"), bytes: 64 * 1024 * 1024 },
    stream: { bytes: 256 * 1024 * 1024 },
    ...over,
  };
}

/** A CA, and a certificate and key for the loopback and one for a client, as PEM files of a folder. */
export function makeCertificates(
  folder: string,
): Record<"ca" | "server" | "serverKey" | "client" | "clientKey", string> {
  mkdirSync(folder, { recursive: true });
  const at = (name: string) => join(folder, name);
  const openssl = (...words: string[]) => execFileSync("openssl", words, { stdio: "ignore" });
  const ec = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"];
  openssl("req", "-x509", ...ec, "-keyout", at("ca.key"), "-out", at("ca.pem"), "-subj", "/CN=Test CA");
  for (const name of ["server", "client"]) {
    openssl(
      "req",
      ...ec,
      "-keyout",
      at(`${name}.key`),
      "-out",
      at(`${name}.csr`),
      "-subj",
      `/CN=${name}.test`,
    );
    writeFileSync(at(`${name}.ext`), "subjectAltName=IP:127.0.0.1,DNS:localhost\n");
    const signing = [
      "-CA",
      at("ca.pem"),
      "-CAkey",
      at("ca.key"),
      "-CAcreateserial",
      "-extfile",
      at(`${name}.ext`),
    ];
    openssl("x509", "-req", "-in", at(`${name}.csr`), "-days", "2", ...signing, "-out", at(`${name}.pem`));
  }
  return {
    ca: at("ca.pem"),
    server: at("server.pem"),
    serverKey: at("server.key"),
    client: at("client.pem"),
    clientKey: at("client.key"),
  };
}

/** Starts three servers that know each other; resolves once each serves, which is before they have chosen a leader. */
export async function startNatsCluster(work: string): Promise<NatsServer[]> {
  const routes = await freePorts(3);
  const urls = routes.map((port) => `nats://127.0.0.1:${port}`).join(", ");
  return Promise.all(
    routes.map((route, index) =>
      startNatsServer(join(work, String(index)), {
        configuration: `server_name: n${index}
cluster { name: test, listen: "127.0.0.1:${route}", routes: [${urls}] }`,
      }),
    ),
  );
}
