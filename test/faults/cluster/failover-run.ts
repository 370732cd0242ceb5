import { nothingSent } from "./clients.ts";
import { startCluster } from "./cluster.ts";
import { measureFailover, percentile } from "./failover.ts";
import { allSorted, faultsOf, inspect } from "./invariants.ts";

// node test/faults/cluster/failover-run.ts [TIMES]: how long it takes until another correlator sorts alerts.
const times = Number(process.argv[2] ?? 100);
const GOAL_MS = 5_000;
const say = (line: string) => process.stdout.write(`${line}\n`);

const cluster = await startCluster();
try {
  const sent = nothingSent();
  const gaps = await measureFailover(cluster, sent, times, ({ ms, killed }, round) =>
    say(`${round + 1}. ${killed} killed: ${Math.round(ms)} ms`),
  );
  const all = gaps.map(({ ms }) => Math.round(ms));
  const figures = [0.5, 0.9, 0.99, 1].map((share) => `p${share * 100} ${percentile(all, share)} ms`);
  say(`${times} kills: ${figures.join(", ")}; ${sent.acknowledged.size} alerts acknowledged`);
  await allSorted(cluster, sent);
  const findings = await inspect(cluster, sent);
  const faults = faultsOf(findings);
  say(Object.keys(faults).length === 0 ? "all invariants hold" : `BROKEN: ${JSON.stringify(faults)}`);
  say(`messages repeated under their own key: ${findings.repeated}`);
  if (Object.keys(faults).length > 0 || percentile(all, 0.99) >= GOAL_MS) process.exitCode = 1;
} finally {
  await cluster.close();
}
