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
const TINY = 100;
/** Records a second that a format shall reach on one core, the parser alone. */
const GOALS: Readonly<Record<string, number>> = { syslog: 1_000_000, cef: 500_000, generic: 300_000 };

/** Measures every parser on each file of its fixtures, varied, beside JSON.parse of the same texts as strings. */
export async function benchParsers({ tiny, names }: BenchOptions): Promise<Measure[]> {
  const measures: Measure[] = [];
  for (const connector of INBOUND) {
    if (names.length > 0 && !names.includes(connector.name)) continue;
    for (const file of globSync(`${ROOT}/${connector.name}/fixtures/*.in`).sort()) {
      measures.push(await benchParser(connector, file, tiny));
    }
  }
  return measures;
}

async function benchParser(connector: Inbound, file: string, tiny: boolean): Promise<Measure> {
  const records = varied(recordsOf(file), tiny ? TINY : RECORDS);
  const strings = records.map((record) => JSON.stringify(record));
  const bench = new Bench(tiny ? { time: 0, iterations: 1, warmup: false } : { time: 1000, warmupTime: 500 });
  let read = 0;
  bench.add("parser", () => {
    for (const record of records) if (connector.parse(record, CONTEXT).alert !== undefined) read++;
  });
  bench.add("JSON.parse", () => {
    for (const text of strings) read += (JSON.parse(text) as string).length;
  });
  const [parser, json] = await bench.run();
  if (read === 0) throw new Error(`${file}: nothing was read`);
  const characters = records.reduce((sum, record) => sum + record.length, 0) / records.length;
  return {
    what: `${connector.name} ${basename(file, ".in")}, ${Math.round(characters)} characters`,
    own: { value: passesOf(parser?.result) * records.length },
    goal: GOALS[connector.name],
    against: "JSON.parse, text only",
    peer: { value: passesOf(json?.result) * records.length },
  };
}

/** The records over and over, with the ends of their longer numbers changed. */
function varied(records: readonly string[], length: number): string[] {
  return Array.from({ length }, (_, n) =>
    (records[n % records.length] ?? "").replace(/\d{4,}/g, (digits) => {
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
