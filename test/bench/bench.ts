import { parseArgs } from "node:util";
import { benchCorrelation } from "./correlation.ts";
import { benchHttp } from "./http.ts";
import { benchIdle } from "./idle.ts";
import type { BenchOptions } from "./options.ts";
import { benchParsers } from "./parsers.ts";
import { benchRelp } from "./relp.ts";
import { report, reportMachine } from "./report.ts";
import { benchLoading, benchRules } from "./rules.ts";
import { benchTcp } from "./tcp.ts";
import { benchUdp } from "./udp.ts";

/** `npm run bench [-- [--tiny] [--rules FOLDER] what [names]]`: measures beside peers in one run; asserts nothing. */
const BENCHES: Readonly<Record<string, (options: BenchOptions) => Promise<void>>> = {
  parsers: async (options) => report("parser alone, one core", await benchParsers(options)),
  rules: async (options) => {
    // First, while the process is small.
    const { time, memory } = benchLoading(options);
    report("rules read", time, { unit: "ms", less: true });
    report("rules in memory, growth", memory, { unit: "MB", less: true });
    report("events matched, one core", await benchRules(options));
  },
  udp: async (options) => report("syslog over UDP, datagrams", await benchUdp(options)),
  relp: async (options) => report("RELP, lines durable", await benchRelp(options)),
  idle: async (options) =>
    report("idle TCP connections, growth", await benchIdle(options), { unit: "MB", less: true }),
  tcp: async (options) => report("syslog over one TCP connection, lines decided", await benchTcp(options)),
  correlation: async (options) => {
    const { speed, size } = await benchCorrelation(options);
    report("correlation, detections of one core", speed);
    report("correlation, memory", size, { unit: "bytes", less: true });
  },
  http: async (options) => report("alerts by HTTP, durable", await benchHttp(options)),
};

const { values, positionals } = parseArgs({
  options: { tiny: { type: "boolean" }, rules: { type: "string" } },
  allowPositionals: true,
});
const [what, ...names] = positionals;
const chosen = what === undefined ? Object.keys(BENCHES) : [what];
reportMachine();
for (const name of chosen) {
  const run = BENCHES[name];
  if (run === undefined) throw new Error(`no bench ${name}; one of: ${Object.keys(BENCHES).join(", ")}`);
  await run({ tiny: values.tiny ?? false, names, folder: values.rules });
}
