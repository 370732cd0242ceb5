import { describe, expect, it } from "vitest";
import { correlation, open, SECOND, START } from "../../../test/support/correlations.ts";
import { fc } from "../../../test/support/property.ts";

interface Arrival {
  /** Seconds. */
  time: number;
  value: number;
}

/** A correlation, and when it holds for the events of a window. */
interface Asked {
  body: string;
  seconds: number;
  holds: (window: Arrival[]) => boolean;
}

/** The definition, written down without any care for cost: fires of one group, in order of arrival. */
function oracle(arrivals: readonly Arrival[], { seconds: span, holds }: Asked): number[] {
  const fires: number[] = [];
  let quiet = Number.NEGATIVE_INFINITY;
  const seen: { time: number; arrival: number }[] = [];
  for (const [arrival, { time }] of arrivals.entries()) {
    seen.push({ time, arrival });
    seen.sort((x, y) => x.time - y.time || x.arrival - y.arrival);
    const ends = seen.filter(
      (one) => one.time <= time + span && (one.time > time || (one.time === time && one.arrival >= arrival)),
    );
    const end = ends.find((one) => {
      if (one.time < quiet) return false;
      const place = seen.indexOf(one);
      return holds(
        seen
          .slice(0, place + 1)
          .filter((other) => other.time >= one.time - span)
          .map((other) => arrivals[other.arrival] as Arrival),
      );
    });
    if (end === undefined) continue;
    fires.push(end.time);
    quiet = end.time + span;
  }
  return fires;
}

const LATENESS = 30;
/** Times each at most the lateness behind the latest before it. */
const arrivals = fc
  .array(
    fc.record({
      step: fc.integer({ min: 0, max: 9 }),
      back: fc.integer({ min: 0, max: LATENESS }),
      value: fc.integer({ min: 0, max: 3 }),
    }),
    { maxLength: 60 },
  )
  .map((list) => {
    let latest = 0;
    return list.map(({ step, back, value }): Arrival => {
      latest += step;
      return { time: Math.max(0, latest - (back % 3 === 0 ? back : 0)), value };
    });
  });
const span = fc.integer({ min: 1, max: 40 });

/** Puts random events to random correlations; with several rules, the value of an event says which it matched. */
function expectDefinition(asked: fc.Arbitrary<Asked>, rules = "a"): void {
  fc.assert(
    fc.property(arrivals, asked, (list, one) => {
      const events = list.map(({ time, value }) => ({
        time,
        value: rules.length > 1 ? value % rules.length : value,
      }));
      const text = correlation(`${one.body}, timespan: ${one.seconds}s`);
      const { feed } = open(text, { lateness: LATENESS * SECOND });
      const fired = events.flatMap(({ time, value }) => feed([time, rules[value] ?? rules, { n: value }]));
      expect(fired.map(({ at }) => (at - START) / SECOND)).toEqual(oracle(events, one));
    }),
    { numRuns: 400 },
  );
}

describe("sliding windows", () => {
  const bounds = fc.constantFrom("gte", "gt", "lte", "lt", "eq", "neq");
  const compare = {
    gte: (x: number, y: number) => x >= y,
    gt: (x: number, y: number) => x > y,
    lte: (x: number, y: number) => x <= y,
    lt: (x: number, y: number) => x < y,
    eq: (x: number, y: number) => x === y,
    neq: (x: number, y: number) => x !== y,
  };

  it("count as the definition does, in whatever order events come within the lateness", () => {
    expectDefinition(
      fc.tuple(span, bounds, fc.integer({ min: 1, max: 6 })).map(([seconds, operator, number]) => ({
        body: `type: event_count, rules: a, group-by: u, condition: {${operator}: ${number}}`,
        seconds,
        holds: (window) => compare[operator as "gte"](window.length, number),
      })),
    );
  });

  it("count distinct values as the definition does", () => {
    expectDefinition(
      fc.tuple(span, bounds, fc.integer({ min: 1, max: 4 })).map(([seconds, operator, number]) => ({
        body: `type: value_count, rules: a, condition: {field: n, ${operator}: ${number}}`,
        seconds,
        holds: (window) => compare[operator as "gte"](new Set(window.map(({ value }) => value)).size, number),
      })),
    );
  });

  it("sum, average and rank as the definition does", () => {
    const numbers = {
      value_sum: (of: number[]) => of.reduce((x, y) => x + y, 0),
      value_avg: (of: number[]) => of.reduce((x, y) => x + y, 0) / of.length,
      value_median: median,
    };
    const types = fc.constantFrom("value_sum", "value_avg", "value_median");
    expectDefinition(
      fc.tuple(span, types, fc.integer({ min: 0, max: 8 })).map(([seconds, type, number]) => ({
        body: `type: ${type}, rules: a, condition: {field: n, gte: ${number / 2}}`,
        seconds,
        holds: (window) => numbers[type as "value_sum"](window.map(({ value }) => value)) >= number / 2,
      })),
    );
  });

  it("find rules together, and in order, as the definition does", () => {
    expectDefinition(
      fc.tuple(span, fc.boolean()).map(([seconds, ordered]) => ({
        body: `type: temporal${ordered ? "_ordered" : ""}, rules: [a, b, c]`,
        seconds,
        holds: (window) =>
          ordered ? inOrder(window) : [0, 1, 2].every((rule) => window.some(({ value }) => value === rule)),
      })),
      "abc",
    );
  });
});

function median(of: number[]): number {
  const sorted = of.toSorted((x, y) => x - y);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] as number) + (sorted[Math.ceil(middle)] as number)) / 2;
}

/** Whether some choice of events has rules 0, 1, 2 at times that do not fall. */
function inOrder(window: Arrival[]): boolean {
  const of = (rule: number) => window.filter((each) => each.value === rule);
  return of(0).some((x) => of(1).some((y) => y.time >= x.time && of(2).some((z) => z.time >= y.time)));
}
