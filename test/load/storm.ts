import { parseArgs } from "node:util";
import { benchHttp } from "../bench/http.ts";
import { machineNow, report } from "../bench/report.ts";
import { benchTcp } from "../bench/tcp.ts";
import { playStorm } from "./play-storm.ts";

// node test/load/storm.ts [--seconds 60] [--small] [--peers]: a firehose while people work, and what it came to.
const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "60" },
    small: { type: "boolean", default: false },
    peers: { type: "boolean", default: false },
  },
});
const say = (line: string) => void process.stdout.write(`${line}\n`);

say(machineNow());
const { tables, broken } = await playStorm({ seconds: Number(values.seconds), small: values.small, say });
for (const table of tables) report(table);
say(broken.length === 0 ? "all invariants hold" : `BROKEN: ${broken.join("; ")}`);
if (broken.length > 0) process.exitCode = 1;
if (values.peers) {
  // Each alone, as fast as it goes: what a peer does beside a browser says nothing of it.
  const how = { tiny: values.small, names: [] };
  const measures = await benchTcp(how);
  report({ title: "alone: lines decided", unit: "a second", less: false, measures });
  report({ title: "alone: alerts by HTTP", unit: "a second", less: false, measures: await benchHttp(how) });
}
