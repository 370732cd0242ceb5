import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { benchBus } from "./bus.ts";
import { benchCorrelated } from "./bus-correlated.ts";
import { benchCorrelation } from "./correlation.ts";
import { benchEffects } from "./effects.ts";
import { benchEncryption } from "./encryption.ts";
import { benchGrouping } from "./grouping.ts";
import { benchHolds } from "./holds.ts";
import { benchHttp } from "./http.ts";
import { benchIdle } from "./idle.ts";
import { benchMappings } from "./mappings.ts";
import type { BenchOptions } from "./options.ts";
import { benchPages } from "./pages.ts";
import { benchParsers } from "./parsers.ts";
import { plot } from "./plot.ts";
import { benchRelp } from "./relp.ts";
import { type Drawn, type Measure, machineNow, markdownOf, report } from "./report.ts";
import { benchLoading, benchRules } from "./rules.ts";
import { benchShared } from "./shared.ts";
import { benchSimulate } from "./simulate.ts";
import { benchTcp } from "./tcp.ts";
import { benchUdp } from "./udp.ts";

const more = (title: string, measures: readonly Measure[], unit = "a second"): Drawn => ({
  title,
  unit,
  less: false,
  measures,
});
const less = (title: string, unit: string, measures: readonly Measure[]): Drawn => ({
  title,
  unit,
  less: true,
  measures,
});

/** `npm run bench [-- [options] what [names]]`: measures beside peers in one run; asserts nothing. See README.md. */
const BENCHES: Readonly<Record<string, (options: BenchOptions) => Promise<Drawn[]>>> = {
  parsers: async (options) => [more("parser alone, one core", await benchParsers(options))],
  mappings: async (options) => {
    const { records, unknown } = benchMappings(options);
    return [
      less("a product's record, its mapping included", "ns", records),
      less("a line of no product, recognised", "ns", unknown),
    ];
  },
  rules: async (options) => {
    // First, while the process is small.
    const { time, memory } = benchLoading(options);
    return [
      less("rules read", "ms", time),
      less("rules in memory, growth", "MB", memory),
      more("events matched, one core", await benchRules(options)),
    ];
  },
  udp: async (options) => [more("syslog over UDP, datagrams", await benchUdp(options))],
  relp: async (options) => [more("RELP, lines durable", await benchRelp(options))],
  idle: async (options) => [less("idle TCP connections, growth", "MB", await benchIdle(options))],
  tcp: async (options) => [more("syslog over one TCP connection, lines decided", await benchTcp(options))],
  correlation: async (options) => {
    const { speed, size } = await benchCorrelation(options);
    return [more("correlation, detections of one core", speed), less("correlation, memory", "bytes", size)];
  },
  grouping: async (options) => {
    const { each, storm } = await benchGrouping(options);
    return [
      less("grouping, a detection", "µs", each),
      less("grouping, a storm", "ms", storm),
      less("what keeps the main thread, at once", "ms", await benchHolds(options)),
    ];
  },
  pages: async (options) => {
    const { quiet, fired, webhook, weight } = await benchPages(options);
    return [
      less("pages, p99 of requests", "ms", quiet),
      less("pages under a full stream, p99", "ms", fired),
      less("telling the delegate, p99", "ms", webhook),
      less("pages over the wire, style and script included", "kB", weight),
    ];
  },
  effects: async (options) => [less("effects after a week's stop", "ms", await benchEffects(options))],
  encryption: async (options) => [
    less("encryption at rest, CPU of a row", "µs", await benchEncryption(options)),
  ],
  shared: async (options) => {
    const { rates, sizes } = await benchShared(options);
    return [more("commits to a shared record, writes", rates), less("a shared record", "bytes", sizes)];
  },
  bus: async (options) => {
    const { through, cost } = await benchBus(options);
    return [
      more("through the bus into PostgreSQL, alerts", through),
      less("the bus, CPU of receivers", "ns", cost),
    ];
  },
  correlated: async (options) => {
    const { through, cost } = await benchCorrelated(options);
    return [
      more("through the bus into incidents, alerts", through),
      less("the same, CPU an alert", "ns", cost),
    ];
  },
  simulate: async (options) => {
    const { times, loads, connections } = benchSimulate(options);
    return [
      less("simulated: 200 facilities, 1,000,000 lines/s", "ms", times),
      more("simulated: what breaks", loads, "lines a second"),
      less("simulated: connections to PostgreSQL", "", connections),
    ];
  },
  http: async (options) => [more("alerts by HTTP, durable", await benchHttp(options))],
};

const { values, positionals } = parseArgs({
  options: {
    tiny: { type: "boolean" },
    rules: { type: "string" },
    plot: { type: "string" },
    markdown: { type: "string" },
  },
  allowPositionals: true,
});
const [what, ...names] = positionals;
const chosen = what === undefined ? Object.keys(BENCHES) : [what];
const machine = machineNow();
process.stdout.write(`${machine}\n`);
const tables: Drawn[] = [];
for (const name of chosen) {
  const run = BENCHES[name];
  if (run === undefined) throw new Error(`no bench ${name}; one of: ${Object.keys(BENCHES).join(", ")}`);
  const found = await run({ tiny: values.tiny ?? false, names, folder: values.rules });
  for (const table of found) report(table);
  tables.push(...found);
}
if (values.plot !== undefined) {
  // What has a goal: the rest is for who works on one parser.
  const drawn = tables.map((table) => ({
    ...table,
    measures: table.measures.filter(({ goal }) => goal !== undefined),
  }));
  writeFileSync(
    values.plot,
    plot(
      drawn.filter(({ measures }) => measures.length > 0),
      machine,
    ),
  );
}
if (values.markdown !== undefined)
  writeFileSync(values.markdown, `${tables.map(markdownOf).join("\n")}\n\n${machine}\n`);
