import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { eventually } from "../../support/daemon.ts";
import { EFFORT } from "../../support/effort.ts";
import { HERE, networkNamespaces } from "../../support/namespaces.ts";
import { natsServer } from "../../support/nats-server.ts";
import { describePeer, peer } from "../../support/peer.ts";
import { postgresServer } from "../../support/postgres.ts";
import { eventOf, nothingSent, postUntilTaken } from "./clients.ts";
import { type Cluster, HOSTS, startCluster } from "./cluster.ts";
import { measureFailover, pairReady, percentile } from "./failover.ts";
import { allSorted, faultsOf, inspect } from "./invariants.ts";
import { planFaults } from "./plan-faults.ts";
import { runFaults } from "./run-faults.ts";

const NEEDED = [postgresServer, natsServer, networkNamespaces, peer("curl", "curl", "apt-get install curl")];
const SEED = 20_260_101;
/** Far from the goal (5 s, which `failover-run.ts` measures alone): beside other tests it must only not hang. */
const LONGEST_MS = 30_000;
/** Longer than a lease lasts: what holds it is then taken over from. */
const LONG_MS = 4_000;
const SHORT_MS = 300;
/** Longer than a correlator waits before it lets another have its place that reaches NATS. */
const CUT_OFF_MS = 13_000;

/** Between whom something goes: what is cut elsewhere nobody notices. */
const SPEAKING = [
  ["r1", "nats"],
  ["r2", "nats"],
  ["c1", "nats"],
  ["c2", "nats"],
  ["c1", "db"],
  ["c2", "db"],
  ["web", "db"],
  ["r1", HERE],
  ["r2", HERE],
  ["c1", HERE],
  ["c2", HERE],
];
const speaks = (from: string, to: string) =>
  SPEAKING.some((pair) => pair.includes(from) && pair.includes(to));
const ALL = [...HOSTS, HERE];
const PAIRS = ALL.flatMap((from, index) => ALL.slice(index + 1).map((to) => [from, to] as const));

describePeer(NEEDED, "a cluster whose network and processes fail", () => {
  let cluster: Cluster;
  const sent = nothingSent();
  beforeAll(async () => {
    cluster = await startCluster();
  }, 120_000);
  afterAll(() => cluster?.close());

  it(`loses nothing when the way between two of its ${ALL.length} hosts is cut, whichever two`, async () => {
    for (const [index, [from, to]] of PAIRS.entries()) {
      // Every third of those that speak is cut one way only.
      const ways = index % 3 === 0 ? "one" : "both";
      cluster.network.cut(from, to, ways);
      const events = [0, 1].map((each) => eventOf(0, `h${index}`, each));
      const taking = Promise.all([
        postUntilTaken(cluster, sent, events.slice(0, 1), { first: "r1", patience: 2_000 }),
        postUntilTaken(cluster, sent, events.slice(1), { first: "r2", patience: 2_000 }),
      ]);
      await setTimeout(speaks(from, to) ? LONG_MS : SHORT_MS);
      await taking;
      cluster.network.heal(from, to);
    }
    await cluster.settled();
    await allSorted(cluster, sent);
    expect(sent.acknowledged.size).toBe(2 * PAIRS.length);
  }, 240_000);

  it("gives the facility to the other correlator when the one that has it is cut off from NATS alone", async () => {
    const active = await pairReady(cluster);
    const other = active === "c1" ? "c2" : "c1";
    cluster.network.cut(active, "nats");
    await eventually("the other to act", async () => (await cluster.active()) === other || undefined, 60);
    await postUntilTaken(cluster, sent, [eventOf(0, "hcut", 0)]);
    await allSorted(cluster, sent);
    cluster.network.heal(active, "nats");
    expect(await pairReady(cluster)).toBe(other);
    // Away for both, it stays where it is.
    await cluster.nats.stop({ again: false });
    const starts = cluster.daemons[other].starts();
    await setTimeout(CUT_OFF_MS);
    cluster.nats.start();
    expect([await pairReady(cluster), cluster.daemons[other].starts()]).toEqual([other, starts]);
  }, 120_000);

  it(
    "is taken over from, time after time, with one incident and nothing lost",
    async () => {
      const gaps = await measureFailover(cluster, sent, 5 * EFFORT);
      expect(
        percentile(
          gaps.map(({ ms }) => ms),
          0.99,
        ),
      ).toBeLessThan(LONGEST_MS);
      await allSorted(cluster, sent);
      expect(faultsOf(await inspect(cluster, sent))).toEqual({});
    },
    120_000 * EFFORT,
  );
});

describePeer(NEEDED, "random faults, by seed", () => {
  it(
    "keeps all invariants while processes are killed and paused and ways are cut",
    async () => {
      const cluster = await startCluster();
      try {
        await pairReady(cluster);
        const ms = 30_000 * EFFORT;
        const plan = planFaults(SEED, ms);
        const { sent, findings } = await runFaults(cluster, plan, ms);
        expect(faultsOf(findings)).toEqual({});
        expect(sent.acknowledged.size).toBeGreaterThan(plan.length);
      } finally {
        await cluster.close();
      }
    },
    400_000 * EFFORT,
  );
});

describe("faults of a seed", () => {
  it("are the same each time, and others for another seed", () => {
    expect(planFaults(7, 600_000)).toEqual(planFaults(7, 600_000));
    expect(planFaults(8, 600_000)).not.toEqual(planFaults(7, 600_000));
    expect(new Set(planFaults(7, 600_000).map(({ fault }) => fault))).toEqual(
      new Set(["kill", "stop", "pause", "cut"]),
    );
  });
});
