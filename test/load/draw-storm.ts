import { quantile } from "../bench/quantile.ts";
import type { Drawn, Measure } from "../bench/report.ts";
import { STEPS, type Worked } from "./delegates-at-work.ts";
import type { Spell } from "./open-background.ts";

/** DESIGN's budgets: lines a second, then ms. */
const GOALS = {
  lines: 1_000_000,
  webhook: { storm: 1000, quiet: 250 },
  page: { storm: 250, quiet: 100 },
} as const;
/** Memory is shown every so often, seconds. */
const EVERY = 10;

/** What a storm came to, beside the quiet before it. */
export interface StormFigures {
  quiet: Spell;
  fired: Spell;
  times: Worked["times"];
  /** From the end of the storm until all of it was in its incident, seconds. */
  behind: number;
  /** After so many seconds of rest, MB. */
  memory: { after: number; settling: number };
  /** How late the event loop of what measures was, p99, ms. */
  measurer: number;
}

const most = (values: readonly number[]) => Math.max(0, ...values);

/** Draws the figures of a storm, each beside its budget where it has one. */
export function drawStorm({ quiet, fired, times, behind, memory, measurer }: StormFigures): Drawn[] {
  const alone = (what: string, value: number, goal?: number): Measure => ({
    ...{ what, own: { value }, goal },
    ...{ against: "", peer: undefined },
  });
  const both = (
    what: string,
    of: (spell: Spell) => number,
    goal?: { storm: number; quiet: number },
  ): Measure => ({
    ...{ what, own: { value: of(fired) }, goal: goal?.storm },
    ...{ against: goal ? `quiet, at most ${goal.quiet}` : "quiet", peer: { value: of(quiet) } },
  });
  const rate = (what: string, count: number, goal?: number): Measure => ({
    ...{ what, own: { value: count / fired.seconds, cores: fired.cores }, goal },
    ...{ against: "", peer: undefined },
  });
  const spread = (what: string, of: (spell: Spell) => number[], goal?: { storm: number; quiet: number }) => [
    both(`${what}, p50 of ${of(fired).length}`, (spell) => quantile(of(spell), 0.5)),
    both(`${what}, p99`, (spell) => quantile(of(spell), 0.99), goal),
    both(`${what}, longest`, (spell) => most(of(spell))),
  ];
  return [
    {
      ...{ title: `storm of ${fired.seconds.toFixed(0)} s`, unit: "a second", less: false },
      measures: [
        rate("lines taken over one TCP connection", fired.lines.all, GOALS.lines),
        rate("alerts of them committed", fired.lines.stored),
      ],
    },
    {
      ...{ title: "while it lasts", unit: "ms", less: true },
      measures: [
        both("attack to its answer, durable, p50", ({ answered }) => quantile(answered, 0.5)),
        both("attack to its answer, durable, p99", ({ answered }) => quantile(answered, 0.99)),
        ...spread("attack to webhook", ({ told }) => told, GOALS.webhook),
        ...spread("page by plain HTTP", ({ pages }) => pages, GOALS.page),
        ...STEPS.flatMap((step) => [
          alone(`Chromium: ${step}, p50 of ${times[step].length}`, quantile(times[step], 0.5)),
          alone(`Chromium: ${step}, longest`, most(times[step])),
        ]),
        both("event loop of the main thread late, p50", ({ delay }) => delay.p50),
        both("event loop of the main thread late, p99", ({ delay }) => delay.p99),
        both("event loop of the main thread late, longest", ({ delay }) => delay.max),
        alone("event loop of what measures late, p99", measurer),
        alone("from its end until all is in its incident", behind * 1000),
      ],
    },
    {
      ...{ title: "resident memory, all threads", unit: "MB", less: true },
      measures: [
        both("most", ({ vitals }) => most(vitals.map(({ rss }) => rss))),
        ...fired.vitals.flatMap(({ rss }, second) =>
          second % EVERY === 0 ? [alone(`after ${second} s of it`, rss)] : [],
        ),
        alone(`${memory.settling} s after it`, memory.after),
      ],
    },
  ];
}
