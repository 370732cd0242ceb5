import { execFileSync } from "node:child_process";
import { chmodSync, chownSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { jetstream } from "@nats-io/jetstream";
import { headers } from "@nats-io/transport-node";
import { afterAll, beforeAll, expect, it } from "vitest";
import { busNames } from "../../../agent/bus/bus.ts";
import { managerOf } from "../../../agent/bus/streams.ts";
import { CORRELATOR } from "../../../agent/stand-by.ts";
import { SCHEMA_VERSION } from "../../../agent/store/migrations.ts";
import { eventually, FACILITY } from "../../support/daemon.ts";
import { EFFORT } from "../../support/effort.ts";
import { networkNamespaces } from "../../support/namespaces.ts";
import { natsServer } from "../../support/nats-server.ts";
import { describePeer, peer } from "../../support/peer.ts";
import { postgresServer } from "../../support/postgres.ts";
import { openRelp } from "../../support/relp-client.ts";
import {
  type Break,
  fillDisk,
  fillUp,
  mountDisk,
  refuseConnections,
  slowDown,
  takeConnections,
} from "./break-postgres.ts";
import { alertOf, eventOf, lineOf, nothingSent, postOnce, postUntilTaken, type Receiver } from "./clients.ts";
import { type Cluster, type DaemonName, PORTS, startCluster } from "./cluster.ts";
import { pairReady } from "./failover.ts";
import { allSorted, faultsOf, inspect } from "./invariants.ts";
import { withBus } from "./with-bus.ts";

const NEEDED = [postgresServer, natsServer, networkNamespaces, peer("curl", "curl", "apt-get install curl")];
const LATER = join(import.meta.dirname, "../../support/later-release.ts");
const SPOOL = 16;
const NATS_AWAY_MS = 5_500;

describePeer(NEEDED, "a cluster whose PostgreSQL, NATS or clock goes wrong", () => {
  let cluster: Cluster;
  let disk: string;
  let spool: string;
  let mounted = false;
  const sent = nothingSent();
  let storms = 0;
  beforeAll(async () => {
    disk = mkdtempSync(join(tmpdir(), "tocsin-disk-"));
    mounted = mountDisk(disk, 320);
    const id = (flag: string) => Number(execFileSync("id", [flag, "postgres"], { encoding: "utf8" }));
    chownSync(disk, id("-u"), id("-g"));
    chmodSync(disk, 0o700);
    cluster = await startCluster({
      data: disk,
      spool: SPOOL,
      before({ stateOf }) {
        spool = join(stateOf("r2"), "spool");
        mkdirSync(spool);
        mounted &&= mountDisk(spool, 2 * SPOOL);
      },
      settings: { max_wal_size: "32MB", min_wal_size: "32MB" },
    });
  }, 120_000);
  afterAll(async () => {
    if (mounted) execFileSync("umount", ["-l", spool]);
    await cluster?.close();
    if (mounted) execFileSync("umount", ["-l", disk]);
    rmSync(disk, { recursive: true, force: true });
  });

  /** Nothing sets one host apart any more, from its next start on. */
  function alike(): void {
    for (const name of Object.keys(cluster.environments) as DaemonName[]) delete cluster.environments[name];
  }
  const post = (to: Receiver) => postOnce(cluster, to, [alertOf(named())], 3_000);
  /** An event that is asked for, whatever is answered. */
  function named(): string {
    const event = eventOf(0, `h${++storms}`, 0);
    sent.events.add(event);
    return event;
  }
  /** Alerts come in at both receivers, and must be taken. */
  async function storm(): Promise<void> {
    storms += 1;
    const events = Array.from({ length: 10 }, (_, index) => eventOf(0, `h${storms}`, index));
    await Promise.all([
      postUntilTaken(cluster, sent, events.slice(0, 5), { first: "r1" }),
      postUntilTaken(cluster, sent, events.slice(5), { first: "r2" }),
    ]);
  }
  const answers = async (name: DaemonName, path: string, said: RegExp) => {
    const { status, body } = await cluster.ask(name, path);
    return status !== 200 && said.test(body) ? body : undefined;
  };
  async function recovers(): Promise<void> {
    await cluster.settled();
    await allSorted(cluster, sent);
    await pairReady(cluster);
  }

  const OF_POSTGRES: { title: string; breaks: Break; needsDisk?: true }[] = [
    {
      title: "is restarted in order",
      breaks: async ({ postgres: { server } }) => {
        await server.stop({ again: false, signal: "SIGINT" });
        return async () => server.start();
      },
    },
    {
      title: "is killed with all of its processes",
      breaks: async ({ postgres: { server } }) => {
        await server.kill({ again: false });
        return async () => server.start();
      },
    },
    {
      title: "is paused",
      breaks: async ({ postgres: { server } }) => {
        server.pause();
        return async () => server.resume();
      },
    },
    { title: "refuses connections", breaks: refuseConnections },
    { title: "has no connection left", breaks: takeConnections },
    { title: "has no room on its disk", breaks: fillDisk, needsDisk: true },
  ];
  it.each(OF_POSTGRES)(
    "answers for what it can keep and goes on by itself when PostgreSQL $title",
    async ({ breaks, needsDisk }) => {
      if (needsDisk === true && !mounted) throw new Error("no right to mount a disk");
      const active = await pairReady(cluster);
      const mend = await breaks(cluster);
      try {
        // Receivers need no PostgreSQL; the process that has nothing between it and the record takes nothing.
        await storm();
        await eventually("the correlator to take nothing", async () =>
          (await post(active)).status === 202 ? undefined : true,
        );
        expect([0, 503]).toContain((await post(active)).status);
        await eventually("its readiness to tell it", () => answers(active, "/readyz", /store/), 30);
        expect((await cluster.ask("r1", "/readyz")).status).toBe(200);
        expect((await cluster.ask(active, "/healthz")).status).toBe(200);
        const relp = await openRelp(PORTS.relp, 8, cluster.network.address(active));
        void relp.send([lineOf(named())]);
        await setTimeout(500);
        expect(relp.acknowledged).toEqual([]);
        relp.socket.destroy();
      } finally {
        await mend();
      }
      await recovers();
      await storm();
      await allSorted(cluster, sent);
    },
    150_000,
  );

  it("starts while PostgreSQL is away, and serves once it is back", async () => {
    const { server } = cluster.postgres;
    const active = await pairReady(cluster);
    const names = [active === "c1" ? "c2" : "c1", "web"] as const;
    await server.stop({ again: false, signal: "SIGINT" });
    const before = names.map((name) => cluster.daemons[name].log.length);
    for (const name of names) await cluster.daemons[name].kill();
    const waits = (name: DaemonName, from: number) =>
      cluster.daemons[name].log.slice(from).find(({ message }) => message === "waiting for PostgreSQL");
    for (const [index, name] of names.entries())
      await eventually(`${name} to wait`, () => waits(name, before[index] ?? 0));
    expect(await answers("web", "/readyz", /standing by/)).toBeDefined();
    expect((await cluster.ask("web", "/healthz")).status).toBe(200);
    const starts = names.map((name) => cluster.daemons[name].starts());
    server.start();
    await recovers();
    expect(names.map((name) => cluster.daemons[name].starts())).toEqual(starts);
  }, 90_000);

  it("loses nothing to a PostgreSQL that works one part of the time in seven", async () => {
    const mend = await slowDown(cluster);
    for (let times = 0; times < 5; times++) {
      await storm();
      await setTimeout(300);
    }
    await mend();
    await recovers();
  }, 90_000);

  const OF_NATS: { title: string; breaks: Break; connected: number }[] = [
    {
      title: "is stopped in order",
      connected: 0,
      breaks: async ({ nats }) => {
        await nats.stop({ again: false });
        return async () => nats.start();
      },
    },
    {
      title: "is killed",
      connected: 0,
      breaks: async ({ nats }) => {
        await nats.kill({ again: false });
        return async () => nats.start();
      },
    },
    {
      title: "is paused",
      // It is given up after ten seconds of silence.
      connected: 1,
      breaks: async ({ nats }) => {
        nats.pause();
        return async () => nats.resume();
      },
    },
  ];
  it.each(OF_NATS)(
    "takes alerts on its receivers' disks while NATS $title",
    async ({ breaks, connected }) => {
      const mend = await breaks(cluster);
      try {
        await storm();
        // Longer than what is under way takes to be given up.
        await setTimeout(NATS_AWAY_MS);
        await storm();
        const active = await cluster.active();
        expect(active).toBeDefined();
        expect((await post(active as Receiver)).status).toBe(202);
        const spooled = async () => {
          const { body } = await cluster.ask("r1", "/metrics");
          return Number(/^tocsin_bus_spool_waiting_bytes (\d+)$/m.exec(body)?.[1]) > 0 || undefined;
        };
        await eventually("the spool to hold it", spooled);
        const { body } = await cluster.ask(active as DaemonName, "/metrics");
        expect(body).toContain(`tocsin_bus_connected ${connected}\n`);
        expect((await cluster.ask("r1", "/readyz")).status).toBe(200);
      } finally {
        await mend();
      }
      await recovers();
    },
    90_000,
  );

  it("tells that a receiver's own disk is full, and that it has room again though nobody sends", async () => {
    const ballast = join(spool, "ballast");
    fillUp(ballast);
    const posted = () => postOnce(cluster, "r2", [alertOf(named(), "x".repeat(50_000))]);
    await eventually("a refusal", async () => ((await posted()).status === 503 ? true : undefined));
    await eventually("the receiver not to be ready", () => answers("r2", "/readyz", /bus/));
    await storm();
    rmSync(ballast);
    await eventually("the receiver to be ready", async () =>
      (await cluster.ask("r2", "/readyz")).status === 200 ? true : undefined,
    );
    await recovers();
  }, 90_000);

  it("catches up with thousands of messages that came while no correlator was there", async () => {
    for (const name of ["c1", "c2"] as const) await cluster.daemons[name].kill({ again: false });
    for (let batch = 0; batch < 20; batch++) {
      const events = Array.from({ length: 100 }, (_, index) => eventOf(0, `h${storms + 1}`, index));
      storms += 1;
      await postUntilTaken(cluster, sent, events);
    }
    for (const name of ["c1", "c2"] as const) cluster.daemons[name].start();
    await recovers();
  }, 120_000);

  it("keeps one correlator and loses nothing when the hosts' clocks differ by minutes", async () => {
    const library = join(disk, "skewed.so");
    execFileSync("gcc", [
      "-shared",
      "-fPIC",
      "-O2",
      "-o",
      library,
      join(import.meta.dirname, "skewed.c"),
      "-ldl",
    ]);
    chmodSync(disk, 0o711);
    const active = await pairReady(cluster);
    const other = active === "c1" ? "c2" : "c1";
    const skews = { [other]: 240, r2: 540 };
    for (const [name, seconds] of Object.entries(skews)) {
      cluster.environments[name as DaemonName] = {
        LD_PRELOAD: library,
        TOCSIN_SKEW_SECONDS: String(seconds),
      };
      await cluster.daemons[name as DaemonName].kill();
    }
    expect(await pairReady(cluster)).toBe(active);
    await storm();
    // The one whose clock is ahead does not take the lease of who holds it.
    const holders = async () =>
      (
        await cluster.postgres.ask(
          `SELECT fence FROM leases WHERE name = '${CORRELATOR}'`,
          cluster.shared.place.database,
        )
      )[0];
    const before = await holders();
    await setTimeout(4_000);
    expect(await holders()).toEqual(before);
    await cluster.daemons[active].kill();
    await storm();
    await recovers();
    alike();
    for (const name of Object.keys(skews)) await cluster.daemons[name as DaemonName].kill();
    await recovers();
    chmodSync(disk, 0o700);
  }, 120_000);

  it("takes alerts on its receivers while a later release changes the record, which acts from then on alone", async () => {
    const active = await pairReady(cluster);
    const other = active === "c1" ? "c2" : "c1";
    const { database } = cluster.shared.place;
    const later = { NODE_OPTIONS: `--import ${LATER}` };
    const refuses = (name: DaemonName) =>
      eventually(`${name} to refuse`, () =>
        cluster.daemons[name].log.find(({ why, error }) => /newer Tocsin/.test(String(why ?? error))),
      );
    cluster.environments[other] = later;
    await cluster.daemons[other].kill();
    await Promise.all([refuses(active), refuses("web")]);
    await eventually("the later one to act", async () =>
      (await cluster.active()) === other ? true : undefined,
    );
    await storm();
    expect((await post(other)).status).toBe(202);
    expect((await cluster.ask(active, "/healthz")).status).toBe(0);
    Object.assign(cluster.environments, { c1: later, c2: later, web: later });
    await recovers();

    // Back, as by a copy from before the upgrade: of it all, nothing but what the later one had added goes.
    const all = ["c1", "c2", "web"] as const;
    await Promise.all(all.map((name) => cluster.daemons[name].stop({ again: false })));
    alike();
    await cluster.postgres.ask(`DELETE FROM schema_version WHERE version > ${SCHEMA_VERSION}`, database);
    await cluster.postgres.ask("ALTER TABLE records DROP COLUMN of_later", database);
    for (const name of all) cluster.daemons[name].start();
    await recovers();
  }, 180_000);

  it("lists a message of a later release among the refused, and takes what follows it", async () => {
    const { database } = cluster.shared.place;
    await withBus(cluster, async (link) => {
      const about = headers();
      about.set("Tocsin-Version", "9");
      await jetstream(link.nats() as never).publish(busNames(FACILITY).alerts, "of a later release", {
        headers: about,
      });
    });
    await storm();
    await recovers();
    const [row] = await cluster.postgres.ask("SELECT count(*)::int AS n FROM quarantine", database);
    expect(row).toEqual({ n: 1 });
  }, 120_000);

  it("takes nothing once stream and spool are full, and all of it once a correlator is back", async () => {
    const ready = async () => (await cluster.ask("r1", "/readyz")).status === 200 || undefined;
    await withBus(cluster, async (link) => {
      const manager = await managerOf(link.nats() as never);
      const { stream } = busNames(FACILITY);
      const { config } = await manager.streams.info(stream);
      await Promise.all([cluster.daemons.c1, cluster.daemons.c2].map((each) => each.kill({ again: false })));
      await manager.streams.update(stream, { ...config, max_bytes: 4_000_000 });
      const more = "x".repeat(50_000);
      // What is smaller is taken until there is no room for it either.
      for (const [many, weight] of [
        [20, more],
        [1, more],
        [1, ""],
      ] as const) {
        let status = 202;
        for (let times = 0; status === 202 && times < 100; times++) {
          const events = Array.from({ length: many }, named);
          const alerts = events.map((event) => alertOf(event, weight));
          ({ status } = await postOnce(cluster, "r1", alerts, 20_000));
          if (status === 202) for (const event of events) sent.acknowledged.add(event);
        }
        expect(status).toBe(503);
      }
      await eventually("the receiver not to be ready", () => answers("r1", "/readyz", /bus/));
      const relp = await openRelp(PORTS.relp, 8, cluster.network.address("r1"));
      void relp.send([`${lineOf(named())} ${more}`]);
      const socket = connect(PORTS.tcp, cluster.network.address("r1"));
      socket.on("error", () => undefined);
      const waiting = Array.from({ length: 20 }, named);
      socket.write(waiting.map((event) => `${lineOf(event)} ${more}\n`).join(""));
      await eventually("what has no acknowledgement not to be read", async () => {
        const { body } = await cluster.ask("r1", "/metrics");
        expect(body).not.toMatch(/^tocsin_intake_lost_total\{source="lines",transport="tcp"/m);
        return /^tocsin_intake_held_back 1$/m.test(body) || undefined;
      });
      expect(relp.acknowledged).toEqual([]);
      relp.socket.destroy();
      socket.destroy();
      for (const name of ["c1", "c2"] as const) cluster.daemons[name].start();
      await allSorted(cluster, sent);
      await manager.streams.update(stream, config);
    });
    await postUntilTaken(cluster, sent, [named()], { first: "r2" });
    await pairReady(cluster);
    await allSorted(cluster, sent);
    // What NATS has taken stays on the disk of the receiver until it is surely synced.
    if (EFFORT > 1) await eventually("the receiver to have room again", ready, 240);
  }, 400_000);

  it("has lost nothing of it, made one incident, told it once, and its journal verifies", async () => {
    const findings = await inspect(cluster, sent);
    expect(faultsOf(findings)).toEqual({});
    expect(findings.stored).toBeGreaterThan(100);
  }, 60_000);
});
