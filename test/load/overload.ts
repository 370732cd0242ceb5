import { parseArgs } from "node:util";
import { machineNow } from "../bench/report.ts";
import { FLOODED, playOverload } from "./play-overload.ts";

// node test/load/overload.ts [--seconds 30] [--small] [--by udp|http]: five times what it takes by UDP and HTTP, or by
// one of them, and what it came to.
const { values } = parseArgs({
  options: {
    seconds: { type: "string", default: "30" },
    small: { type: "boolean", default: false },
    by: { type: "string", multiple: true, default: [...FLOODED] },
  },
});
const say = (line: string) => void process.stdout.write(`${line}\n`);

say(machineNow());
const by = FLOODED.filter((way) => values.by.includes(way));
if (by.length === 0) throw new Error(`--by takes ${FLOODED.join(" or ")}`);
const { broken } = await playOverload({ seconds: Number(values.seconds), small: values.small, by, say });
say(broken.length === 0 ? "all invariants hold" : `BROKEN: ${broken.join("; ")}`);
if (broken.length > 0) process.exitCode = 1;
