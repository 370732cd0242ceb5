import { CURSOR } from "../../../agent/stages/open-pipeline.ts";
import { eventually } from "../../support/daemon.ts";
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
  const any = "SELECT 1 FROM alerts LIMIT 1";
  const began = await eventually("the first of them in the record", async () =>
    (await cluster.postgres.ask(any, cluster.shared.place.database)).length > 0
      ? performance.now()
      : undefined,
  );
  // Looking at each of them meanwhile would be most of what PostgreSQL has to do.
  const sorted = `SELECT 1 FROM cursors WHERE name = '${CURSOR}' AND position >= ${count}`;
  await eventually(
    "all of them sorted",
    async () => (await cluster.postgres.ask(sorted, cluster.shared.place.database)).length > 0 || undefined,
    1_200,
  );
  const ended = performance.now();
  await allSorted(cluster, sent);
  const [seconds, work] = [(ended - since) / 1000, (ended - began) / 1000];
  const faults = faultsOf(await inspect(cluster, sent));
  say(
    `${count} alerts in ${seconds.toFixed(1)} s, ${Math.round(count / seconds)} a second, the start included; ${work.toFixed(1)} s, ${Math.round(count / work)} a second, from the first in the record on`,
  );
  say(Object.keys(faults).length === 0 ? "all invariants hold" : `BROKEN: ${JSON.stringify(faults)}`);
} finally {
  await cluster.close();
}
