import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join, resolve } from "node:path";
import { connectBus } from "../../agent/bus/connect.ts";
import { openConsumer } from "../../agent/bus/consumer.ts";
import type { StoreClient } from "../../agent/store/client.ts";
import type { SealedUnit } from "../../agent/store/seal.ts";
import { FACILITY } from "../support/daemon.ts";
import { busSettings, type NatsServer, natsServer, startNatsServer } from "../support/nats-server.ts";
import type { FromReceiver, ToReceiver } from "./bus-receiver.ts";
import type { BenchOptions } from "./options.ts";
import type { Measure, Reading } from "./report.ts";
import { inScene, type Scene } from "./scene.ts";
import { sealedAlerts } from "./sealed-alerts.ts";
import { type Engine, openShared, postgres } from "./shared.ts";
import { startWatch } from "./watch.ts";

const RECEIVERS = { full: [1, 2, 3, 4], tiny: [1, 2] };
/** Matched alerts a second through to the disk of PostgreSQL. */
const GOAL = 20_000;
/** Alerts of each receiver, those of one unit, units handed in at once, and how often all is done. */
const FULL = { alerts: 50_000, unit: 100, atOnce: 8, rounds: 3 };
const TINY = { alerts: 48, unit: 2, atOnce: 8, rounds: 1 };
/** Each a message of its own, as they come when little comes. */
const SINGLE = { full: { alerts: 2000, unit: 1, atOnce: 1 }, tiny: { alerts: 10, unit: 1, atOnce: 1 } };
const PARTS = ["receivers", "nats-server", "correlator", "PostgreSQL"] as const;
const GIGABYTE = 1024 ** 3;
const RECEIVER = resolve(import.meta.dirname, "bus-receiver.ts");

type Sizes = Omit<typeof FULL, "rounds">;

interface Passage {
  /** Alerts a second from the first handed in to the last committed, and cores of all who take part. */
  through: Reading;
  /** CPU, ns an alert; of the receivers until all was on its way. */
  cost: Record<(typeof PARTS)[number], number>;
}

/**
 * Matched alerts through the publishers of one to four receivers, a real JetStream and one consumer into PostgreSQL, beside
 * the same alerts committed straight; and what they cost a receiver, which does not depend on how many there are.
 */
export async function benchBus({ tiny }: BenchOptions): Promise<{ through: Measure[]; cost: Measure[] }> {
  const missing = [natsServer, postgres].filter(({ present }) => !present);
  if (missing.length > 0) {
    const against = missing.map(({ name, install }) => `${name} is missing: ${install}`).join("; ");
    const none = (what: string): Measure => ({ what, own: { value: 0 }, against, peer: undefined });
    return { through: [none("alerts through the bus")], cost: [none("a receiver")] };
  }
  const sizes = tiny ? TINY : FULL;
  const passages = new Map(
    RECEIVERS[tiny ? "tiny" : "full"].map((receivers) => [receivers, [] as Passage[]]),
  );
  const straight: Reading[] = [];
  const single: Passage[] = [];
  for (let round = 0; round < sizes.rounds; round++) {
    straight.push(await inScene((scene) => commitStraight(scene, sizes)));
    single.push(await inScene((scene) => pass(scene, 1, tiny ? SINGLE.tiny : SINGLE.full)));
    for (const [receivers, found] of passages)
      found.push(await inScene((scene) => pass(scene, receivers, sizes)));
  }
  const middle = (readings: readonly Reading[]): Reading => ({
    value: median(readings.map(({ value }) => value)),
    cores: median(readings.map(({ cores = 0 }) => cores)),
  });
  const costs = (of: readonly Passage[], part: (typeof PARTS)[number]) =>
    median(of.map(({ cost }) => cost[part]));
  const named = (receivers: number) => (receivers === 1 ? "one receiver" : `${receivers} receivers`);
  const one = passages.get(1) ?? [];
  return {
    through: [...passages].map(([receivers, found]) => ({
      what: named(receivers),
      own: middle(found.map(({ through }) => through)),
      goal: tiny ? undefined : GOAL,
      against: "PostgreSQL, straight",
      peer: middle(straight),
    })),
    cost: [
      ...[...passages].map(([receivers, found]) => ({
        what: `an alert, of ${named(receivers)}`,
        own: { value: costs(found, "receivers") },
        against: "of one receiver",
        peer: { value: costs(one, "receivers") },
      })),
      ...PARTS.map((part) => ({
        what: `an alert alone in its message: ${part}`,
        own: { value: costs(single, part) },
        against: "with hundreds in each",
        peer: { value: costs(one, part) },
      })),
    ],
  };
}

/** The one in the middle. */
export function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
}

async function commitStraight(scene: Scene, { alerts, unit }: Sizes): Promise<Reading> {
  const engine = await openShared(scene);
  const units = sealedAlerts((2 * alerts) / unit, unit);
  const watches = (await engine.pids()).map(startWatch);
  let next = 0;
  await Promise.all(
    Array.from({ length: 32 }, async () => {
      for (let one = units[next++]; one !== undefined; one = units[next++]) await keep(engine.store, one);
    }),
  );
  return sum(watches.map((watch) => watch.read(2 * alerts)));
}

async function keep(store: StoreClient, unit: SealedUnit): Promise<void> {
  const receipt = await store.commitSealed(unit);
  if (receipt.outcome !== "committed") throw new Error(receipt.because);
}

const sum = (readings: readonly (Reading & { cores: number })[]): Reading => ({
  value: readings[0]?.value ?? 0,
  cores: readings.reduce((all, { cores }) => all + cores, 0),
});

async function pass(scene: Scene, receivers: number, { alerts, unit, atOnce }: Sizes): Promise<Passage> {
  const folder = scene.folder("bus");
  const server = await startNatsServer(join(folder, "nats"));
  scene.after(() => server.kill());
  const engine = await openShared(scene);
  const total = alerts * receivers;
  const committed = Promise.withResolvers<void>();
  consume(scene, { server, engine, folder, total, all: committed.resolve });
  const children = await Promise.all(
    Array.from({ length: receivers }, (_, index) =>
      prepared(scene, {
        ask: "prepare",
        settings: settingsOf(server, join(folder, String(index))),
        units: alerts / unit,
        alerts: unit,
        atOnce,
      }),
    ),
  );
  const [correlator = 0, ...backends] = await engine.pids();
  const watch = (part: (typeof PARTS)[number], of: number[]) =>
    of.map((pid) => ({ part, ...startWatch(pid) }));
  const watches = [
    ...watch(
      "receivers",
      children.map(({ pid = 0 }) => pid),
    ),
    ...watch("nats-server", [server.pid()]),
    ...watch("correlator", [correlator]),
    ...watch("PostgreSQL", backends),
  ];
  const begun = performance.now();
  const done = Promise.all(children.map(go));
  await committed.promise;
  const seconds = (performance.now() - begun) / 1000;
  const readings = watches.map(({ part, read }) => ({ part, cores: read(total).cores }));
  const spent = (part: (typeof PARTS)[number]) =>
    readings.reduce((all, reading) => all + (reading.part === part ? reading.cores : 0), 0);
  const each = (part: (typeof PARTS)[number]) => (spent(part) * seconds * 1e9) / total;
  const receiving = (await done).reduce((all, found) => all + found.spent, 0);
  return {
    through: { value: total / seconds, cores: readings.reduce((all, { cores }) => all + cores, 0) },
    cost: {
      receivers: (receiving * 1000) / total,
      "nats-server": each("nats-server"),
      correlator: each("correlator"),
      PostgreSQL: each("PostgreSQL"),
    },
  };
}

/** Of a receiver of the bench, or of what stands for a correlator. */
export const settingsOf = (server: NatsServer, folder: string) =>
  busSettings(server, folder, {
    spool: { folder: join(folder, "spool"), bytes: GIGABYTE },
    stream: { bytes: GIGABYTE },
  });

/** Commits what comes as the correlator does: all of a batch handed in together, in order. */
function consume(
  scene: Scene,
  parts: { server: NatsServer; engine: Engine; folder: string; total: number; all: () => void },
): void {
  const { server, engine, folder, total, all } = parts;
  const settings = settingsOf(server, folder);
  const link = connectBus(settings, { role: "correlator", facility: FACILITY });
  let count = 0;
  const consumer = openConsumer({
    ...{ link, facility: FACILITY, settings, token: 1 },
    async handle(units) {
      await Promise.all(units.map((unit) => keep(engine.store, unit)));
      for (const { writes } of units) count += writes.length;
      if (count >= total) all();
    },
    refused(reason) {
      throw new Error(reason);
    },
    onTrouble({ message }) {
      throw new Error(message);
    },
  });
  scene.after(async () => {
    await consumer.stop();
    await link.close();
  });
}

/** Starts a receiver; resolves once it is connected and holds what it will hand in. */
export async function prepared(scene: Scene, what: ToReceiver): Promise<ChildProcess> {
  const child = fork(RECEIVER);
  scene.after(() => void child.kill("SIGKILL"));
  child.send(what);
  await said(child);
  return child;
}

/** Has it hand in what it holds; resolves once all is on its way. */
export async function go(child: ChildProcess): Promise<FromReceiver & { say: "done" }> {
  child.send({ ask: "go" } satisfies ToReceiver);
  return (await said(child)) as FromReceiver & { say: "done" };
}

async function said(child: ChildProcess): Promise<FromReceiver> {
  const gone = once(child, "exit").then(([code]) => Promise.reject(new Error(`a receiver ended (${code})`)));
  const [what] = await Promise.race([once(child, "message"), gone]);
  return what as FromReceiver;
}
