import { type Hears, sendOpening } from "../bench/openings-heard.ts";
import type { BenchDaemon } from "../bench/scene.ts";
import type { Browser as Visitor } from "../bench/signed-in.ts";
import { startWatch } from "../bench/watch.ts";
import { eventually, FACILITY } from "../support/daemon.ts";
import { askMetrics } from "./ask-metrics.ts";
import { incidentsOpened } from "./broken-by.ts";
import { steadily } from "./steadily.ts";
import { type Vitals, watchVitals } from "./watch-vitals.ts";

/** Without the message of an attack for so long, nobody is told, seconds. */
const PATIENCE = 60;
/** Pages that are named. */
const SLOWEST = 5;

/** What was measured for a while: ms, where nothing else is said. */
export interface Spell {
  seconds: number;
  /** From the sending of an attack to its answer, durable, and to the delegate's webhook. */
  answered: number[];
  told: number[];
  pages: number[];
  /** The pages that took longest, once each. */
  slowest: readonly Visit[];
  /** Of the event loop of the daemon's main thread. */
  delay: { p50: number; p99: number; max: number };
  /** Taken over TCP, and committed. */
  lines: { all: number; stored: number };
  /** Cores that the daemon kept busy. */
  cores: number;
  /** Of the main thread, MB. */
  heap: number;
  /** Second by second. */
  vitals: readonly Vitals[];
}

/** A page that was asked for, and how long it took, ms. */
interface Visit {
  path: string;
  milliseconds: number;
}

/** What goes on at a steady rate while something else does or does not. */
export interface Background {
  /** Attacks that were acknowledged so far. */
  readonly attacks: number;
  /** Measures while attacks come in and pages are asked for, beside something that is told when it is over. */
  measure(seconds: number, beside?: (over: AbortSignal) => Promise<unknown>): Promise<Spell>;
}

/** Opens what goes on; `paths` may grow. */
export function openBackground(parts: {
  daemon: BenchDaemon;
  visitor: Visitor;
  hears: Hears;
  paths: readonly string[];
  /** Attacks that are an incident each, and pages by plain HTTP, a second. */
  rates: { attacks: number; pages: number };
}): Background {
  const { daemon, visitor, hears, paths, rates } = parts;
  const pid = daemon.process.pid ?? 0;
  let visited = 0;
  /** When each attack was sent. */
  const sent: number[] = [];

  /** From each attack to its message; undefined while one is untold. */
  async function timesTold(from: number): Promise<number[] | undefined> {
    const incidents = await incidentsOpened(daemon, sent.length, from);
    const times = incidents.map((incident, i) => {
      const at = hears.heard.get(`decision_needed ${incident}`);
      return at === undefined ? undefined : at - (sent[from + i] ?? 0);
    });
    return times.every((time) => time !== undefined) ? times : undefined;
  }

  return {
    get attacks() {
      return sent.length;
    },
    async measure(seconds, beside) {
      const over = AbortSignal.timeout(Math.round(seconds * 1000));
      const from = sent.length;
      const answered: number[] = [];
      const visits: Visit[] = [];
      const attack = async () => {
        const begin = performance.now();
        await sendOpening(daemon, sent.push(begin) - 1);
        answered.push(performance.now() - begin);
      };
      const visit = async () => {
        const path = paths[visited++ % paths.length] ?? "";
        const { status, milliseconds } = await visitor.get(`/${FACILITY}/${path}`);
        if (status >= 500) throw new Error(`${path}: ${status}`);
        visits.push({ path, milliseconds });
      };
      const vitals = watchVitals(pid);
      try {
        const first = await askMetrics(daemon);
        const [watch, start] = [startWatch(pid), performance.now()];
        await Promise.all([
          steadily(rates.attacks, over, attack),
          steadily(rates.pages, over, visit),
          beside?.(over),
        ]);
        const last = await askMetrics(daemon);
        const [one, two] = [first.decided("lines"), last.decided("lines")];
        const measured = {
          seconds: (performance.now() - start) / 1000,
          ...{ answered, pages: visits.map(({ milliseconds }) => milliseconds) },
          ...{ slowest: slowestOf(visits), delay: last.delay, heap: last.heap, cores: watch.read(0).cores },
          lines: { all: two.all - one.all, stored: two.stored - one.stored },
          vitals: vitals.seen,
        };
        const told = await eventually("every attack to be told", () => timesTold(from), PATIENCE);
        return { ...measured, told };
      } finally {
        vitals.end();
      }
    },
  };
}

function slowestOf(visits: readonly Visit[]): Visit[] {
  const longest = new Map<string, number>();
  for (const { path, milliseconds } of visits)
    longest.set(path, Math.max(milliseconds, longest.get(path) ?? 0));
  const sorted = [...longest].sort(([, one], [, other]) => other - one);
  return sorted.slice(0, SLOWEST).map(([path, milliseconds]) => ({ path, milliseconds }));
}
