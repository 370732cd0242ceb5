import { parseArgs } from "node:util";
import { machineNow } from "../bench/report.ts";
import { playOverload } from "./play-overload.ts";

// node test/load/overload.ts [--seconds 30] [--small]: five times what it takes by UDP and HTTP, and what it came to.
const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "30" },
    small: { type: "boolean", default: false },
  },
});
const say = (line: string) => void process.stdout.write(`${line}\n`);

say(machineNow());
const { broken } = await playOverload({ seconds: Number(values.seconds), small: values.small, say });
say(broken.length === 0 ? "all invariants hold" : `BROKEN: ${broken.join("; ")}`);
if (broken.length > 0) process.exitCode = 1;
