import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { jetstream } from "@nats-io/jetstream";
import { afterEach, beforeEach, expect, it } from "vitest";
import type { BusSettings } from "../../agent/bus/bus.ts";
import { systemClock } from "../../agent/core/clock.ts";
import { makeSigningKey } from "../../agent/store/keys.ts";
import { openSqliteWriter } from "../../agent/store/sqlite/writer.ts";
import { openSqlite } from "../../agent/store/sqlite.ts";
import {
  idsOf,
  type Receiving,
  type Sending,
  startReceiving,
  startSending,
  unitOf,
} from "../support/bus-scene.ts";
import { eventually, FACILITY } from "../support/daemon.ts";
import { EFFORT } from "../support/effort.ts";
import {
  busSettings,
  type NatsServer,
  natsServer,
  startNatsCluster,
  startNatsServer,
} from "../support/nats-server.ts";
import { describePeer } from "../support/peer.ts";

let folder: string;
let servers: NatsServer[] = [];
let settings: BusSettings;
let child: ChildProcess | undefined;
const open: { close(): Promise<void> }[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tocsin-bus-"));
});
afterEach(async () => {
  await killed();
  for (const each of open.splice(0).reverse()) await each.close();
  for (const server of servers.splice(0)) await server.stop();
  rmSync(folder, { recursive: true });
});

async function begin(over: Partial<BusSettings> = {}): Promise<NatsServer> {
  const server = await startNatsServer(join(folder, "nats"));
  servers = [server];
  settings = busSettings(server, folder, over);
  return server;
}
function sending(kept?: number): Sending {
  const made = startSending(settings, kept === undefined ? {} : { kept });
  open.push(made);
  return made;
}
function receiving(options: Parameters<typeof startReceiving>[1] = {}): Receiving {
  const made = startReceiving(settings, options);
  open.push(made);
  return made;
}
const units = (count: number) => Array.from({ length: count }, () => unitOf(5));
const all = (of: Receiving, ids: readonly string[]) =>
  eventually("all alerts", () => (new Set(of.ids).size >= ids.length ? true : undefined), 40);
const connected = (of: Sending | Receiving, is: boolean) =>
  eventually("status", () => of.link.status().connected === is || undefined);

/** Starts a script beside this file; answers the lines it has said so far. */
function run(script: string, ...words: string[]): string[] {
  const lines: string[] = [];
  child = spawn(process.execPath, [new URL(script, import.meta.url).pathname, ...words], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  let rest = "";
  child.stdout?.on("data", (text: Buffer) => {
    const parts = (rest + text.toString()).split("\n");
    rest = parts.pop() ?? "";
    lines.push(...parts);
  });
  return lines;
}
async function killed(): Promise<void> {
  const running = child;
  child = undefined;
  if (running === undefined || running.exitCode !== null || running.signalCode !== null) return;
  running.kill("SIGKILL");
  await once(running, "close");
}

describePeer(natsServer, "the bus when something fails", () => {
  it("spools while the server is stopped, says how long that lasts, and drains in order after", async () => {
    const server = await begin();
    const to = receiving();
    const from = sending();
    const sent = units(10);
    for (const unit of sent) await from.publisher.publish(unit);
    await all(to, idsOf(sent));
    await server.stop();
    await connected(from, false);
    expect(from.link.status().problem).toMatchObject({ code: "bus_away" });
    const meanwhile = units(300);
    await Promise.all(meanwhile.map((unit) => from.publisher.publish(unit)));
    const { waiting, lasts_seconds, oldest } = from.publisher.report().spool;
    expect(waiting.records).toBeGreaterThan(0);
    expect(lasts_seconds).toBeGreaterThan(0);
    expect(oldest).not.toBeNull();
    await server.start();
    await all(to, idsOf([...sent, ...meanwhile]));
    expect(to.ids).toEqual(idsOf([...sent, ...meanwhile]));
    await expect.poll(() => from.publisher.report().spool.waiting.records).toBe(0);
  });

  it("takes units before any server has ever answered", async () => {
    const server = await begin();
    await server.stop();
    const from = sending();
    const sent = units(3);
    for (const unit of sent) await from.publisher.publish(unit);
    await server.start();
    const to = receiving();
    await all(to, idsOf(sent));
    expect(to.ids).toEqual(idsOf(sent));
  });

  it("loses nothing that was acknowledged when nats-server is killed again and again", async () => {
    const server = await begin();
    const to = receiving();
    const from = sending();
    const acknowledged: string[] = [];
    let going = true;
    const publishing = (async () => {
      while (going) {
        const unit = unitOf(5);
        await from.publisher.publish(unit);
        acknowledged.push(...idsOf([unit]));
      }
    })();
    for (let kill = 0; kill < 3 * EFFORT; kill++) {
      const before = acknowledged.length;
      await connected(from, true);
      await eventually("some more", () => acknowledged.length > before + 100 || undefined);
      await server.kill();
      await server.start();
    }
    going = false;
    await publishing;
    await all(to, acknowledged);
    expect(lostOf(acknowledged, to)).toEqual([]);
  });

  it("hands on in order, and each once, while the connection is cut again and again", async () => {
    await begin();
    const from = sending();
    let handled = 0;
    const to: Receiving = receiving({
      async handle() {
        handled += 1;
        if (handled % 5 === 0) await to.link.nats()?.reconnect();
      },
    });
    const sent = units(400);
    for (const unit of sent) await from.publisher.publish(unit);
    await all(to, idsOf(sent));
    expect(to.ids).toEqual(idsOf(sent));
    expect(handled).toBeGreaterThan(10);
  });

  it("says that a server is about to shut down", async () => {
    const server = await begin();
    const from = sending();
    await connected(from, true);
    const said: (string | undefined)[] = [];
    from.link.watch(({ problem }) => said.push(problem?.code));
    server.signal("SIGUSR2");
    await eventually("lame duck", () => said.includes("bus_lame_duck") || undefined);
    await server.kill();
    await server.start();
    await from.publisher.publish(unitOf(1));
  });

  it("publishes anew what a server has lost after it had acknowledged it", async () => {
    const server = await begin();
    const held = receiving({ handle: () => Promise.reject(new Error("not now")) });
    const from = sending();
    const sent = units(10);
    for (const unit of sent) await from.publisher.publish(unit);
    await expect.poll(() => from.publisher.report().spool.kept.records, { timeout: 10_000 }).toBe(10);
    await held.close();
    open.splice(open.indexOf(held), 1);
    await server.kill();
    // What a power cut takes that came before the server's own sync; at worst all of it.
    rmSync(join(folder, "nats", "jetstream"), { recursive: true });
    await server.start();
    const to = receiving({ token: 2 });
    await all(to, idsOf(sent));
    expect(to.ids).toEqual(idsOf(sent));
  });

  it("publishes anew what a server has lost while the receiver was away", async () => {
    const server = await begin();
    const held = receiving({ handle: () => Promise.reject(new Error("not now")) });
    const first = sending();
    const sent = units(10);
    for (const unit of sent) await first.publisher.publish(unit);
    await expect.poll(() => first.publisher.report().spool.kept.records, { timeout: 10_000 }).toBe(10);
    for (const each of [held, first]) {
      await each.close();
      open.splice(open.indexOf(each), 1);
    }
    await server.kill();
    rmSync(join(folder, "nats", "jetstream"), { recursive: true });
    await server.start();
    sending();
    const to = receiving({ token: 2 });
    await all(to, idsOf(sent));
    expect(to.ids).toEqual(idsOf(sent));
  });

  it("loses nothing that was acknowledged when the receiver is killed before it could publish", async () => {
    const server = await begin();
    await server.stop();
    const said = run("./publishing.ts", JSON.stringify(settings));
    await eventually("some", () => said.length > 500 || undefined);
    await killed();
    expect(readdirSync(join(settings.spool.folder, FACILITY)).some((name) => name.endsWith(".spool"))).toBe(
      true,
    );
    await server.start();
    const to = receiving();
    sending();
    await all(to, said);
    expect(lostOf(said, to)).toEqual([]);
  });

  it("loses nothing that was acknowledged when the receiver is killed while it publishes", async () => {
    await begin();
    const to = receiving();
    const said = run("./publishing.ts", JSON.stringify(settings));
    await eventually("some", () => said.length > 1000 || undefined);
    await killed();
    sending();
    await all(to, said);
    expect(lostOf(said, to)).toEqual([]);
  });

  it("stores each alert once when the correlator is killed between its commit and its acknowledgement", async () => {
    await begin();
    const file = join(folder, "record.db");
    const keyFile = join(folder, "signing-key.pem");
    const signing = { file, signingKey: makeSigningKey(keyFile), clock: systemClock };
    await openSqlite(signing).close();
    const from = sending();
    const sent = units(60);
    for (const unit of sent) await from.publisher.publish(unit);
    for (const token of [1, 2]) {
      const said = run("./consuming.ts", JSON.stringify(settings), String(token), file, keyFile);
      await eventually("committed", () => said[0]);
      expect(said[0]).toMatch(/^committed( committed)*$/);
      await killed();
    }
    const database = new DatabaseSync(file);
    const stored = () => (database.prepare("SELECT count(*) AS n FROM alerts").get() as { n: number }).n;
    const before = stored();
    expect(before).toBeGreaterThan(0);
    const writer = openSqliteWriter(signing);
    const to = receiving({ token: 3, handle: async (given) => void writer.commitGroup(given) });
    await all(to, idsOf(sent));
    expect(to.ids).toEqual(idsOf(sent));
    expect(stored()).toBe(300);
    database.close();
    writer.close();
  });

  it("goes by no spool with three replicas, and by it when two of the three are gone", async () => {
    servers = await startNatsCluster(join(folder, "cluster"));
    const [one, two, three] = servers as [NatsServer, NatsServer, NatsServer];
    settings = busSettings(one, folder, {
      servers: servers.map(({ url }) => url),
      durability: "replicas",
      replicas: 3,
      stream: { bytes: 64 * 1024 * 1024 },
    });
    const to = receiving();
    await eventually("stream", () => streamOf(to));
    const from = sending();
    await eventually("trusted", () => trusted(from));
    const sent = units(50);
    for (const unit of sent) await from.publisher.publish(unit);
    const { spooled, published } = from.publisher.report();
    expect(published - spooled).toBeGreaterThan(0);
    await all(to, idsOf(sent));
    await two.kill();
    await three.kill();
    const meanwhile = units(5);
    for (const unit of meanwhile) await from.publisher.publish(unit);
    expect(from.publisher.report().spool.waiting.records).toBeGreaterThan(0);
    await two.start();
    await all(to, idsOf([...sent, ...meanwhile]));
    await expect.poll(() => from.publisher.report().spool.bytes, { timeout: 20_000 }).toBe(0);
  }, 120_000);
});

async function streamOf(of: Receiving): Promise<true | undefined> {
  const nats = of.link.nats();
  if (nats === undefined) return undefined;
  const manager = await jetstream(nats).jetstreamManager(false);
  return manager.streams.info(`TOCSIN_${FACILITY}`).then(
    () => true as const,
    () => undefined,
  );
}

function lostOf(acknowledged: readonly string[], { ids }: Receiving): string[] {
  const handled = new Set(ids);
  return acknowledged.filter((id) => !handled.has(id));
}

/** Publishes until one goes straight to JetStream. */
async function trusted(from: Sending): Promise<true | undefined> {
  const before = from.publisher.report().spooled;
  await from.publisher.publish(unitOf(0));
  return from.publisher.report().spooled === before || undefined;
}
