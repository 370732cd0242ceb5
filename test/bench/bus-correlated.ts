import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { CURSOR } from "../../agent/stages/open-pipeline.ts";
import { FACILITY, startDaemon } from "../support/daemon.ts";
import { natsServer, startNatsServer } from "../support/nats-server.ts";
import { type PostgresServer, startPostgres } from "../support/postgres.ts";
import { makeSharedHouse, type SharedHouse } from "../support/shared-house.ts";
import { go, median, prepared, settingsOf } from "./bus.ts";
import type { BenchOptions } from "./options.ts";
import type { Measure, Reading } from "./report.ts";
import { inScene, type Scene } from "./scene.ts";
import { postgres } from "./shared.ts";
import { startWatch, startWatchOfAll, type Watch } from "./watch.ts";

/** Matched alerts a second through to their incident. */
const GOAL = 20_000;
/** Alerts in all, those of one unit, units handed in at once, and how often all is done. */
const FULL = { alerts: 300_000, unit: 100, atOnce: 8, rounds: 3 };
const TINY = { alerts: 48, unit: 2, atOnce: 8, rounds: 1 };
/** Machines that the alerts are about, each of which makes an incident. */
const SPREADS: readonly { what: string; hosts: number }[] = [
  { what: "a storm of one incident", hosts: 1 },
  { what: "over 10 incidents", hosts: 10 },
  { what: "over 100 incidents", hosts: 100 },
];
const PARTS = ["receivers", "nats-server", "correlator", "PostgreSQL"] as const;
const LOOK_MS = 20;
interface Passage {
  /** Alerts a second from the first handed in to the last in its incident, and cores of all who take part. */
  through: Reading;
  /** CPU, ns an alert. */
  cost: Record<(typeof PARTS)[number], number>;
}

/**
 * Matched alerts through a receiver, a real JetStream and the daemon that correlates, into incidents in PostgreSQL: one
 * storm, and over several incidents; and what they cost each.
 */
export async function benchCorrelated({
  tiny,
  names,
}: BenchOptions): Promise<{ through: Measure[]; cost: Measure[] }> {
  const missing = [natsServer, postgres].filter(({ present }) => !present);
  if (missing.length > 0) {
    const against = missing.map(({ name, install }) => `${name} is missing: ${install}`).join("; ");
    const none = (what: string): Measure => ({ what, own: { value: 0 }, against, peer: undefined });
    return { through: [none("alerts into incidents")], cost: [none("an alert in its incident")] };
  }
  const sizes = tiny ? TINY : FULL;
  const spreads = SPREADS.filter(({ what }) => names.every((name) => what.includes(name)));
  const found = new Map(spreads.map(({ what }) => [what, [] as Passage[]]));
  for (let round = 0; round < sizes.rounds; round++)
    for (const { what, hosts } of spreads)
      found.get(what)?.push(await inScene((scene) => pass(scene, { ...sizes, hosts })));
  const middle = (readings: readonly Reading[]): Reading => ({
    value: median(readings.map(({ value }) => value)),
    cores: median(readings.map(({ cores = 0 }) => cores)),
  });
  const one = found.get(spreads[0]?.what ?? "") ?? [];
  return {
    through: [...found].map(([what, passages]) => ({
      what,
      own: middle(passages.map(({ through }) => through)),
      goal: tiny ? undefined : GOAL,
      against: spreads[0]?.what ?? "",
      peer: middle(one.map(({ through }) => through)),
    })),
    cost: [...found].flatMap(([what, passages]) =>
      PARTS.map((part) => ({
        what: `${what}: ${part}`,
        own: { value: median(passages.map(({ cost }) => cost[part])) },
        against: spreads[0]?.what ?? "",
        peer: { value: median(one.map(({ cost }) => cost[part])) },
      })),
    ),
  };
}

async function pass(
  scene: Scene,
  { alerts, unit, atOnce, hosts }: { alerts: number; unit: number; atOnce: number; hosts: number },
): Promise<Passage> {
  const folder = scene.folder("bus");
  const server = await startPostgres({ max_wal_size: "4GB" });
  scene.after(() => server.stop());
  const nats = await startNatsServer(join(folder, "nats"), {
    configuration: `jetstream { store_dir: "${join(folder, "jetstream")}", max_file_store: 20G }`,
  });
  scene.after(() => nats.kill());
  const shared = await makeSharedHouse(server, { more: `bus: ${nats.url}\n` });
  scene.after(() => shared.remove());
  const daemon = await startDaemon(shared.house);
  scene.after(() => daemon.end("SIGTERM"));
  const receiver = await prepared(scene, {
    ...{ ask: "prepare", settings: settingsOf(nats, join(folder, "receiver")) },
    ...{ units: alerts / unit, alerts: unit, atOnce, hosts },
  });
  const watches: Record<(typeof PARTS)[number], Watch> = {
    receivers: startWatch(receiver.pid ?? 0),
    "nats-server": startWatch(nats.pid()),
    correlator: startWatch(daemon.process.pid ?? 0),
    PostgreSQL: startWatchOfAll(await writerOf(server)),
  };
  const begun = performance.now();
  const done = go(receiver);
  await allSorted(shared, alerts);
  const seconds = (performance.now() - begun) / 1000;
  const cores = PARTS.map((part) => [part, watches[part].read(alerts).cores] as const);
  await done;
  const incidents = await shared.reads.countByState(FACILITY, "incident");
  const made = Object.values(incidents).reduce((all, each) => all + each, 0);
  if (made !== Math.min(hosts, alerts)) throw new Error(`${hosts} machines made ${made} incidents`);
  return {
    through: { value: alerts / seconds, cores: cores.reduce((all, [, each]) => all + each, 0) },
    cost: Object.fromEntries(
      cores.map(([part, each]) => [part, (each * seconds * 1e9) / alerts]),
    ) as Passage["cost"],
  };
}

/** A process of PostgreSQL that stays. */
async function writerOf(server: PostgresServer): Promise<number> {
  const [row] = await server.ask("SELECT pid FROM pg_stat_activity WHERE backend_type = 'checkpointer'");
  return Number(row?.pid);
}

/** Each alert has one detection, and they are numbered without a gap. */
async function allSorted({ reads }: SharedHouse, detections: number): Promise<void> {
  while ((await reads.cursor(FACILITY, CURSOR)) < detections) await setTimeout(LOOK_MS);
}
