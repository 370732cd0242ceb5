import { parseArgs } from "node:util";
import { startCluster } from "./cluster.ts";
import { faultsOf } from "./invariants.ts";
import { planFaults } from "./plan-faults.ts";
import { runFaults } from "./run-faults.ts";

// node test/faults/cluster/run.ts [--seed N] [--minutes 30]: random faults while clients send, and what it came to.
const { values } = parseArgs({
  options: { seed: { type: "string" }, minutes: { type: "string", default: "30" } },
});
const seed = Number(values.seed ?? Date.now() % 1_000_000);
const ms = Number(values.minutes) * 60_000;
const say = (line: string) => process.stdout.write(`${line}\n`);

say(`seed ${seed}, ${values.minutes} minutes`);
const cluster = await startCluster();
try {
  const { sent, findings, recovered } = await runFaults(cluster, planFaults(seed, ms), ms, say);
  const starts = Object.values(cluster.daemons).map(({ name, starts }) => `${name} ${starts()}`);
  say(
    `sent ${sent.events.size} events, ${sent.acknowledged.size} acknowledged, ${findings.stored} alerts stored`,
  );
  say(`answers that were no success: ${JSON.stringify([...sent.refusals])}`);
  say(`starts: ${starts.join(", ")}; all sorted ${Math.round(recovered)} ms after the last fault`);
  say(
    `messages to the webhook: ${cluster.called.length}, repeated under their own key: ${findings.repeated}`,
  );
  const faults = faultsOf(findings);
  say(Object.keys(faults).length === 0 ? "all invariants hold" : `BROKEN: ${JSON.stringify(faults)}`);
  if (Object.keys(faults).length > 0) process.exitCode = 1;
} finally {
  await cluster.close();
}
