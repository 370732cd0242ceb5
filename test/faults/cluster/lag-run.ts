import { eventOf, nothingSent, postUntilTaken } from "./clients.ts";
import { startCluster } from "./cluster.ts";
import { pairReady } from "./failover.ts";
import { allSorted, faultsOf, inspect } from "./invariants.ts";

// node test/faults/cluster/lag-run.ts [ALERTS]: how long a correlator takes for what came while none was there.
const count = Number(process.argv[2] ?? 100_000);
const BATCH = 500;
const say = (line: string) => process.stdout.write(`${line}\n`);

const cluster = await startCluster({ spool: 1024 });
try {
  const sent = nothingSent();
  await pairReady(cluster);
  for (const name of ["c1", "c2"] as const) await cluster.daemons[name].kill({ again: false });
  for (let from = 0; from < count; from += BATCH) {
    const events = Array.from({ length: BATCH }, (_, index) => eventOf(0, "h0", from + index));
    await postUntilTaken(cluster, sent, events, { first: from % (2 * BATCH) === 0 ? "r1" : "r2" });
  }
  const since = performance.now();
  for (const name of ["c1", "c2"] as const) cluster.daemons[name].start();
  await allSorted(cluster, sent, 1_200);
  const seconds = (performance.now() - since) / 1000;
  const faults = faultsOf(await inspect(cluster, sent));
  say(
    `${count} alerts in ${seconds.toFixed(1)} s, ${Math.round(count / seconds)} a second, the start included`,
  );
  say(Object.keys(faults).length === 0 ? "all invariants hold" : `BROKEN: ${JSON.stringify(faults)}`);
} finally {
  await cluster.close();
}
