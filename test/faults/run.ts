import { parseArgs } from "node:util";
import { faultsOf } from "./invariants.ts";
import { startMachine } from "./machine/machine.ts";
import { unitsOf } from "./machine/night.ts";
import { planMachineFaults } from "./machine/plan-faults.ts";
import { runMachineFaults } from "./machine/run-faults.ts";

// node test/faults/run.ts [--seed N] [--minutes 10]: random faults of one machine while clients send and a delegate decides.
const { values } = parseArgs({
  options: { seed: { type: "string" }, minutes: { type: "string", default: "10" } },
});
const seed = Number(values.seed ?? Date.now() % 1_000_000);
const ms = Number(values.minutes) * 60_000;
const units = Math.ceil(ms / 3_000);
const say = (line: string) => process.stdout.write(`${line}\n`);

say(`seed ${seed}, ${values.minutes} minutes`);
const machine = await startMachine({ systems: unitsOf(units) });
try {
  const plan = planMachineFaults(seed, ms);
  const { sent, findings, decided, recovered } = await runMachineFaults(machine, plan, {
    ms,
    units,
    told: say,
  });
  say(`${plan.length} faults; sent ${sent.events.size} events, ${sent.acknowledged.size} acknowledged`);
  say(`answers that were no success: ${JSON.stringify([...sent.refusals])}`);
  say(`${decided} texts decided on, ${machine.portal.taken.length} declarations at the portal`);
  say(
    `${machine.hook.called.length} messages; ${machine.daemon.starts()} starts; all done ${Math.round(recovered)} ms after the last fault`,
  );
  const faults = faultsOf(findings);
  say(Object.keys(faults).length === 0 ? "all invariants hold" : `BROKEN: ${JSON.stringify(faults)}`);
  if (Object.keys(faults).length > 0) process.exitCode = 1;
} finally {
  await machine.close();
}
