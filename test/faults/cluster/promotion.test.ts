import { setTimeout } from "node:timers/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { networkNamespaces } from "../../support/namespaces.ts";
import { natsServer } from "../../support/nats-server.ts";
import { describePeer, peer } from "../../support/peer.ts";
import { postgresServer } from "../../support/postgres.ts";
import { alertOf, eventOf, nothingSent, postOnce, postUntilTaken, relpUntilTaken } from "./clients.ts";
import { type Cluster, startCluster } from "./cluster.ts";
import { pairReady } from "./failover.ts";
import { allSorted, faultsOf, inspect } from "./invariants.ts";
import { type Standby, startStandby } from "./standby.ts";

const NEEDED = [postgresServer, natsServer, networkNamespaces, peer("curl", "curl", "apt-get install curl")];
const STANDBY = "db2";

describePeer(NEEDED, "a cluster whose PostgreSQL is lost for good, with a standby in step", () => {
  let cluster: Cluster;
  let standby: Standby;
  const sent = nothingSent();
  beforeAll(async () => {
    cluster = await startCluster({ hosts: [STANDBY] });
    standby = await startStandby(cluster, STANDBY);
  }, 120_000);
  afterAll(async () => {
    await standby?.stop();
    await cluster?.close();
  });

  it("goes on by itself with the standby that took over its address, with all that was acknowledged", async () => {
    const before = await pairReady(cluster);
    const over = new AbortController();
    const storm = async (client: string, sendOne: (event: string) => Promise<unknown>) => {
      for (let number = 0; !over.signal.aborted; number++) await sendOne(eventOf(0, client, number));
    };
    const lines = Array.from({ length: 200 }, (_, index) => eventOf(0, "l1", index));
    const sending = [
      ...(["r1", "r2"] as const).map((first) =>
        storm(`h${first}`, (event) => postUntilTaken(cluster, sent, [event], { first, signal: over.signal })),
      ),
      // Nothing stands between this process and the record.
      storm("hc", async (event) => {
        sent.events.add(event);
        const { status } = await postOnce(cluster, before, [alertOf(event)]);
        if (status === 202) sent.acknowledged.add(event);
        else await setTimeout(100);
      }),
      relpUntilTaken(cluster, sent, lines, over.signal),
    ];
    await setTimeout(1_500);
    await cluster.postgres.server.kill({ again: false });
    const atItsEnd = sent.acknowledged.size;
    await setTimeout(1_000);
    await standby.takeOver();
    await cluster.settled(60);
    await setTimeout(1_500);
    over.abort();
    await Promise.all(sending);
    await allSorted(cluster, sent);
    await pairReady(cluster);
    expect(atItsEnd).toBeGreaterThan(0);
    expect(sent.acknowledged.size).toBeGreaterThan(atItsEnd);
    // Nobody had to start anything again.
    for (const name of ["c1", "c2", "r1", "r2", "web"] as const)
      expect([name, cluster.daemons[name].ends]).toEqual([name, []]);
    const [row] = await cluster.postgres.ask("SELECT left(pg_walfile_name(pg_current_wal_lsn()), 8) AS line");
    expect(row).toEqual({ line: "00000002" });
  }, 180_000);

  it("has lost nothing of it, made one incident, told it once, and its journal verifies", async () => {
    const findings = await inspect(cluster, sent);
    expect(faultsOf(findings)).toEqual({});
    expect(findings.stored).toBeGreaterThan(50);
  }, 60_000);
});
