import { autoOf, surestOf } from "../../connectors/auto.ts";
import type { Inbound } from "../../connectors/contract.ts";
import type { Mapping } from "../../connectors/mapping/compile.ts";
import { loadMappings } from "../../connectors/mapping/load-mappings.ts";
import { CASE_CONTEXT, runMappingCases } from "../../connectors/mapping/run-cases.ts";
import { selectAmong } from "../../connectors/mapping/select-mapping.ts";
import { catalogueWith, INBOUND, SHIPPED_MAPPINGS } from "../../connectors/registry.ts";
import type { BenchOptions } from "./options.ts";
import type { Measure } from "./report.ts";

/** How often a mapped record may cost its bare parser. */
const MOST_TIMES = 2;
/** ns that it may cost to find which format a line has and that no mapping knows it. */
const MOST_RECOGNITION = 2_000;
/** Rounds of each, the bare and the mapped in turn, and how long one takes: what else runs disturbs few of them. */
const SIZES = { rounds: 40, ms: 2, warm: 400 };
const TINY = { rounds: 1, ms: 0, warm: 0 };

/** What no mapping knows, by its format. */
const UNKNOWN: readonly { what: string; line: string }[] = [
  {
    what: "RFC 3164",
    line: "<13>Nov 21 22:14:15 app-01 myapp[1234]: the queue holds 100042 messages, nothing to be done",
  },
  {
    what: "RFC 5424",
    line: "<165>1 2026-11-21T22:14:15.100Z app-01 evntslog 1000 ID47 - An application event log entry of 10000 bytes",
  },
  {
    what: "CEF",
    line: "CEF:0|Example|Nothing|7.1|2000|Connection denied|5|rt=1700000000000 src=192.0.2.11 dpt=44300 act=deny",
  },
  {
    what: "JSON",
    line: '{"time":"2026-11-21T22:14:15Z","hostname":"pc-1001","user":"alice","severity":"high","message":"malware 10000 found","src_ip":"192.0.2.7"}',
  },
  {
    what: "pairs",
    line: "date=2026-11-21 time=22:14:15 device=fw-01 src=192.0.2.7 dst=192.0.2.9 action=deny proto=tcp user=alice",
  },
  { what: "a text", line: "the queue holds 100042 messages, nothing to be done" },
];

type Read = (record: string) => unknown;
interface Job {
  record: string;
  bare: Read;
  mapped: Read;
}

/**
 * Measures what a mapping costs over the parser of its format alone, on the cases of each, and what it costs to find
 * that a line is no product's.
 */
export function benchMappings({ tiny, names }: BenchOptions): { records: Measure[]; unknown: Measure[] } {
  const formats = [...INBOUND.map(({ name }) => name), "text"];
  const { mappings } = loadMappings([SHIPPED_MAPPINGS], formats, { trusted: true });
  const wanted = mappings.filter(({ name }) => names.length === 0 || names.includes(name));
  const sizes = tiny ? TINY : SIZES;
  const products = jobsOf(tiny ? wanted.slice(0, 2) : wanted);
  // All of them first: one alone would run in code that knows no other.
  for (let n = 0; n < sizes.warm; n++)
    for (const { jobs } of products)
      for (const { record, bare, mapped } of jobs) {
        bare(record);
        mapped(record);
      }
  const records = products.map(({ name, jobs }): Measure => {
    const { bare, mapped } = timesOf(jobs, sizes);
    return {
      what: name,
      own: { value: mapped },
      goal: bare * MOST_TIMES,
      against: "its parser alone",
      peer: { value: bare },
    };
  });
  return { records, unknown: names.length === 0 ? benchUnknown(mappings, sizes) : [] };
}

/** The records of each product's cases, with the parser of their format and the same as the daemon has it. */
function jobsOf(mappings: readonly Mapping[]): { name: string; jobs: Job[] }[] {
  const catalogue = catalogueWith([]);
  const auto = autoOf(INBOUND);
  return mappings.map((mapping) => {
    const jobs: Job[] = [];
    runMappingCases([mapping], (as, record) => {
      const format = surestOf(INBOUND, record)?.connector ?? auto;
      const same = catalogue.named(format.name);
      const known = same?.parse(record, CASE_CONTEXT).alert?.event?.dataset === mapping.name;
      const source = (known ? same : catalogue.named(as)) ?? format;
      jobs.push({ record, bare: reading(format), mapped: reading(source) });
      return source.parse(record, CASE_CONTEXT);
    });
    return { name: mapping.name, jobs };
  });
}

const reading =
  (source: Inbound): Read =>
  (record) =>
    source.parse(record, CASE_CONTEXT);

function benchUnknown(mappings: readonly Mapping[], sizes: typeof SIZES): Measure[] {
  const select = selectAmong(mappings);
  const auto = autoOf(INBOUND);
  return UNKNOWN.map(({ what, line }) => {
    const { alert } = auto.parse(line, CASE_CONTEXT);
    if (alert === undefined || select(alert) !== undefined) throw new Error(`${what}: a mapping knows it`);
    // Two in turn: what remembers the last line gains nothing.
    const jobs = [line, `${line} `].map((record) => ({
      record,
      bare: () => surestOf(INBOUND, record),
      mapped: () => {
        surestOf(INBOUND, record);
        select(alert);
      },
    }));
    const { bare, mapped } = timesOf(jobs, sizes);
    return {
      what: `${what}, ${INBOUND.length} formats and ${mappings.length} mappings`,
      own: { value: mapped },
      goal: MOST_RECOGNITION,
      against: "its format alone",
      peer: { value: bare },
    };
  });
}

/** ns a record, bare and mapped, of the rounds that were disturbed least. */
function timesOf(jobs: readonly Job[], { rounds, ms, warm }: typeof SIZES): { bare: number; mapped: number } {
  let passes = 1;
  const round = (kind: "bare" | "mapped"): number => {
    const start = performance.now();
    for (let n = 0; n < passes; n++) for (const job of jobs) job[kind](job.record);
    return ((performance.now() - start) * 1e6) / passes / jobs.length;
  };
  for (let n = 0; n < warm; n++) {
    round("bare");
    round("mapped");
  }
  passes = Math.max(1, Math.ceil((ms * 1e6) / (round("mapped") * jobs.length)));
  const bare: number[] = [];
  const mapped: number[] = [];
  for (let n = 0; n < rounds; n++) {
    bare.push(round("bare"));
    mapped.push(round("mapped"));
  }
  return { bare: leastOf(bare), mapped: leastOf(mapped) };
}

/** The quarter of the least, whose greatest is no lucky one. */
function leastOf(times: readonly number[]): number {
  return times.toSorted((a, b) => a - b)[Math.floor(times.length / 4)] ?? Number.NaN;
}
