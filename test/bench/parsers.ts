import { globSync } from "node:fs";
import { basename, resolve } from "node:path";
import { Bench } from "tinybench";
import type { Inbound } from "../../connectors/contract.ts";
import { INBOUND } from "../../connectors/registry.ts";
import { CONTEXT, recordsOf } from "../support/fixtures.ts";
import type { BenchOptions } from "./options.ts";
import type { Measure } from "./report.ts";

const ROOT = resolve(import.meta.dirname, "../../connectors/inbound");
/** Records of a pass, nearly all different: a parser that remembers the last line gains nothing. */
const RECORDS = 10_000;
const HARD = 2_000;
const TINY = 100;
/** What a format is mostly given, and how many records a second one core shall read, the parser alone. */
const ORDINARY: readonly { connector: string; what: string; goal: number; records: readonly string[] }[] = [
  {
    connector: "syslog",
    what: "RFC 5424",
    goal: 1_000_000,
    records: [
      "<165>1 2026-11-21T22:14:15.1003Z app-01 evntslog 1000 ID47 - An application event log entry of 10000 bytes",
      "<38>1 2026-11-21T22:14:15+01:00 web-03 portail 1234 - - session 100042 of the portal was closed after 1200 s",
      "<30>1 2026-11-21T22:14:15.123456Z db-02 postgres 1001 - - checkpoint complete: wrote 1204 buffers in 3000 ms",
    ],
  },
  {
    connector: "syslog",
    what: "RFC 3164",
    goal: 1_000_000,
    records: [
      "<13>Nov 21 22:14:15 app-01 myapp[1234]: the queue holds 100042 messages, nothing to be done",
      "<38>Nov 21 22:14:15 web-03 portail[1234]: session 100042 of the portal was closed after 1200 s",
      "<30>Nov 21 22:14:15 db-02 dockerd[1234]: container 100042 was started from image 1204",
    ],
  },
  {
    connector: "cef",
    what: "CEF",
    goal: 500_000,
    records: [
      "CEF:0|Security|threatmanager|1.0|100|worm successfully stopped|10|src=192.0.2.10 dst=198.51.100.7 spt=51234 suser=joe act=blocked",
      "CEF:0|Example|Firewall|7.1|2000|Connection denied|5|rt=1700000000000 src=192.0.2.11 dpt=44300 proto=TCP act=deny",
    ],
  },
  {
    connector: "generic",
    what: "JSON alerts",
    goal: 300_000,
    records: [
      '{"@timestamp":"2026-11-21T22:14:15.1003Z","host":{"name":"pc-1001"},"user":{"name":"alice"},"event":{"action":"login","outcome":"failure","severity":5},"source":{"ip":"192.0.2.10"},"message":"failed login of alice"}',
      '{"time":"2026-11-21T22:14:15Z","hostname":"pc-1001","user":"alice","severity":"high","message":"malware 10000 found","src_ip":"192.0.2.7"}',
    ],
  },
];

/**
 * Measures parsers on ordinary records and on each file of their fixtures, which hold what is hard, varied, beside
 * JSON.parse of the same texts as strings.
 */
export async function benchParsers({ tiny, names }: BenchOptions): Promise<Measure[]> {
  const measures: Measure[] = [];
  for (const connector of INBOUND) {
    if (names.length > 0 && !names.includes(connector.name)) continue;
    for (const { what, goal, records } of ORDINARY.filter((each) => each.connector === connector.name))
      measures.push({ ...(await benchParser(connector, what, records, tiny ? TINY : RECORDS)), goal });
    for (const file of globSync(`${ROOT}/${connector.name}/fixtures/*.in`).sort()) {
      const what = `${connector.name}, hard: ${basename(file, ".in")}`;
      measures.push(await benchParser(connector, what, recordsOf(file), tiny ? TINY : HARD));
    }
  }
  return measures;
}

async function benchParser(
  connector: Inbound,
  what: string,
  written: readonly string[],
  length: number,
): Promise<Measure> {
  const records = varied(written, length);
  const tiny = length === TINY;
  const strings = records.map((record) => JSON.stringify(record));
  const bench = new Bench(
    tiny
      ? { time: 0, iterations: 1, warmup: false }
      : { time: 500, iterations: 4, warmupTime: 250, warmupIterations: 2 },
  );
  let read = 0;
  bench.add("parser", () => {
    for (const record of records) if (connector.parse(record, CONTEXT).alert !== undefined) read++;
  });
  bench.add("JSON.parse", () => {
    for (const text of strings) read += (JSON.parse(text) as string).length;
  });
  const [parser, json] = await bench.run();
  if (read === 0) throw new Error(`${what}: nothing was read`);
  const characters = records.reduce((sum, record) => sum + record.length, 0) / records.length;
  return {
    what: `${what}, ${Math.round(characters)} characters`,
    own: { value: passesOf(parser?.result) * records.length },
    against: "JSON.parse, text only",
    peer: { value: passesOf(json?.result) * records.length },
  };
}

/** The records over and over, with the ends of their longer numbers changed, years apart. */
function varied(records: readonly string[], length: number): string[] {
  return Array.from({ length }, (_, n) =>
    (records[n % records.length] ?? "").replace(/\d{4,}(?!-)/g, (digits) => {
      const kept = digits.length < 6 ? digits.slice(0, -1) : digits.slice(0, -3);
      return (
        kept +
        String(n)
          .padStart(4, "0")
          .slice(kept.length - digits.length)
      );
    }),
  );
}

function passesOf(result: unknown): number {
  const { throughput } = result as { throughput?: { mean: number } };
  if (throughput === undefined) throw new Error("a benchmark did not run to its end");
  return throughput.mean;
}
