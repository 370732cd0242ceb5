import { resolve } from "node:path";
import { Bench } from "tinybench";
import { INBOUND } from "../../connectors/registry.ts";
import { loadRules } from "../../rules/engine/load.ts";
import type { LoadedRule } from "../../rules/engine/rule.ts";
import { compileRules, matchAlert, matchEvent } from "../../rules/engine/rule-set.ts";
import { CONTEXT } from "../support/fixtures.ts";
import type { BenchOptions } from "./options.ts";
import type { Measure } from "./report.ts";
import { makeWindowsEvents } from "./windows-events.ts";

const OWN = resolve(import.meta.dirname, "../../rules/detection");
const EVENTS = 20_000;
const TINY = 100;
/** Rules of the small set, of Windows' process starts where the folder has as many. */
const FEW = 100;
const GOALS = { all: 100_000, few: 600_000, load: 2_000, memory: 250 };

/** Measures JSON events matched by all rules of a folder and by a hundred, each beside JSON.parse of the same. */
export async function benchRules({ tiny, folder }: BenchOptions): Promise<Measure[]> {
  const { rules } = loadRules([folder ?? OWN]);
  const lines = makeWindowsEvents(tiny ? TINY : EVENTS);
  const few = fewOf(rules);
  const [all, goal] = [`all ${rules.length} rules`, folder === undefined ? undefined : GOALS.all];
  return [
    await benchMatching(`JSON events, ${all}`, rules, lines, { tiny, goal }),
    await benchMatching(`JSON events, some rules: ${few.length}`, few, lines, { tiny, goal: GOALS.few }),
    await benchMatching(`parsed as alerts, ${all}`, rules, lines, { tiny, goal, parsed: true }),
  ];
}

/** Measures how long it takes to load and compile all rules of a folder, in milliseconds and in megabytes. */
export function benchLoading({ folder }: BenchOptions): { time: Measure[]; memory: Measure[] } {
  const before = process.memoryUsage().rss;
  const start = performance.now();
  const { rules } = loadRules([folder ?? OWN]);
  const loaded = performance.now();
  const set = compileRules(rules);
  const compiled = performance.now();
  matchEvent(set, {});
  const what = `${rules.length} rules`;
  const peer = { against: "", peer: undefined };
  return {
    time: [
      { what: `${what}, loaded`, own: { value: loaded - start }, ...peer },
      { what: `${what}, loaded and compiled`, own: { value: compiled - start }, goal: GOALS.load, ...peer },
    ],
    memory: [
      { what, own: { value: (process.memoryUsage().rss - before) / 1e6 }, goal: GOALS.memory, ...peer },
    ],
  };
}

function fewOf(rules: readonly LoadedRule[]): LoadedRule[] {
  const starts = rules.filter(
    ({ logsource }) => logsource.category === "process_creation" && logsource.product === "windows",
  );
  const from = starts.length < FEW ? rules : starts;
  const step = Math.max(1, Math.floor(from.length / FEW));
  return from.filter((_, at) => at % step === 0).slice(0, FEW);
}

interface Matching {
  tiny: boolean;
  goal: number | undefined;
  /** Through the parser of JSON, and by log source. */
  parsed?: boolean;
}

async function benchMatching(
  what: string,
  rules: readonly LoadedRule[],
  lines: readonly string[],
  { tiny, goal, parsed = false }: Matching,
): Promise<Measure> {
  const set = compileRules(rules);
  const generic = INBOUND.find(({ name }) => name === "generic");
  const bench = new Bench(
    tiny
      ? { time: 0, iterations: 1, warmup: false }
      : { time: 2000, iterations: 4, warmupTime: 1000, warmupIterations: 2 },
  );
  let read = 0;
  bench.add("rules", () => {
    for (const line of lines) {
      if (!parsed) read += matchEvent(set, JSON.parse(line)).length;
      else read += matchAlert(set, generic?.parse(line, CONTEXT).alert ?? {}).length;
    }
  });
  bench.add("JSON.parse", () => {
    for (const line of lines) read += Object.keys(JSON.parse(line) as object).length;
  });
  const [own, json] = await bench.run();
  if (read === 0) throw new Error(`${what}: nothing was read`);
  return {
    what,
    own: { value: passesOf(own?.result) * lines.length },
    goal,
    against: "JSON.parse alone",
    peer: { value: passesOf(json?.result) * lines.length },
  };
}

function passesOf(result: unknown): number {
  const { throughput } = result as { throughput?: { mean: number } };
  if (throughput === undefined) throw new Error("a benchmark did not run to its end");
  return throughput.mean;
}
