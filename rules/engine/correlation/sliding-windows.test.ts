import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { correlation, open, SECOND, START } from "../../../test/support/correlations.ts";

/** The definition, written down without any care for cost: fires of one group, in order of arrival. */
function oracle(arrivals: readonly number[], span: number, holds: (window: number[]) => boolean): number[] {
  const fires: number[] = [];
  let quiet = Number.NEGATIVE_INFINITY;
  const seen: { time: number; arrival: number }[] = [];
  for (const [arrival, time] of arrivals.entries()) {
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
          .map((other) => other.arrival),
      );
    });
    if (end === undefined) continue;
    fires.push(end.time);
    quiet = end.time + span;
  }
  return fires;
}

describe("sliding windows", () => {
  const LATENESS = 30;
  /** Times in seconds, each at most the lateness behind the latest before it. */
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
      return list.map(({ step, back, value }) => {
        latest += step;
        return { time: Math.max(0, latest - (back % 3 === 0 ? back : 0)), value };
      });
    });
  const span = fc.integer({ min: 1, max: 40 });
  const bounds = fc.constantFrom("gte", "gt", "lte", "lt", "eq", "neq");
  const actual = (
    text: string,
    events: { time: number; value: number }[],
    rule: (value: number) => string,
  ) => {
    const { feed } = open(text, { lateness: LATENESS * SECOND });
    return events
      .flatMap(({ time, value }) => feed([time, rule(value), { n: value }]))
      .map((fired) => (fired.at - START) / SECOND);
  };
  const compare = {
    gte: (x: number, y: number) => x >= y,
    gt: (x: number, y: number) => x > y,
    lte: (x: number, y: number) => x <= y,
    lt: (x: number, y: number) => x < y,
    eq: (x: number, y: number) => x === y,
    neq: (x: number, y: number) => x !== y,
  };

  it("count as the definition does, in whatever order events come within the lateness", () => {
    fc.assert(
      fc.property(
        arrivals,
        span,
        bounds,
        fc.integer({ min: 1, max: 6 }),
        (events, seconds, operator, number) => {
          const text = correlation(
            `type: event_count, rules: a, group-by: u, timespan: ${seconds}s, condition: {${operator}: ${number}}`,
          );
          const holds = (window: number[]) => compare[operator as "gte"](window.length, number);
          expect(actual(text, events, () => "a")).toEqual(
            oracle(
              events.map((each) => each.time),
              seconds,
              holds,
            ),
          );
        },
      ),
      { numRuns: 400 },
    );
  });

  it("count distinct values as the definition does", () => {
    fc.assert(
      fc.property(
        arrivals,
        span,
        bounds,
        fc.integer({ min: 1, max: 4 }),
        (events, seconds, operator, number) => {
          const text = correlation(
            `type: value_count, rules: a, timespan: ${seconds}s, condition: {field: n, ${operator}: ${number}}`,
          );
          const holds = (window: number[]) =>
            compare[operator as "gte"](new Set(window.map((each) => events[each]?.value)).size, number);
          expect(actual(text, events, () => "a")).toEqual(
            oracle(
              events.map((each) => each.time),
              seconds,
              holds,
            ),
          );
        },
      ),
      { numRuns: 400 },
    );
  });

  it("sum, average and rank as the definition does", () => {
    const numbers = {
      value_sum: (of: number[]) => of.reduce((x, y) => x + y, 0),
      value_avg: (of: number[]) => of.reduce((x, y) => x + y, 0) / of.length,
      value_median: median,
    };
    fc.assert(
      fc.property(
        fc.constantFrom("value_sum", "value_avg", "value_median"),
        arrivals,
        span,
        fc.integer({ min: 0, max: 8 }),
        (type, events, seconds, number) => {
          const text = correlation(
            `type: ${type}, rules: a, timespan: ${seconds}s, condition: {field: n, gte: ${number / 2}}`,
          );
          const holds = (window: number[]) =>
            numbers[type as "value_sum"](window.map((each) => events[each]?.value ?? 0)) >= number / 2;
          expect(actual(text, events, () => "a")).toEqual(
            oracle(
              events.map((each) => each.time),
              seconds,
              holds,
            ),
          );
        },
      ),
      { numRuns: 400 },
    );
  });

  it("find rules together, and in order, as the definition does", () => {
    fc.assert(
      fc.property(fc.boolean(), arrivals, span, (ordered, events, seconds) => {
        const text = correlation(
          `type: temporal${ordered ? "_ordered" : ""}, rules: [a, b, c], timespan: ${seconds}s`,
        );
        const holds = (window: number[]) =>
          ordered
            ? inOrder(window.map((each) => events[each] ?? { time: 0, value: 0 }))
            : [0, 1, 2].every((rule) => window.some((each) => events[each]?.value === rule));
        const found = actual(
          text,
          events.map((each) => ({ ...each, value: each.value % 3 })),
          (value) => "abc"[value] as string,
        );
        const mapped = events.map((each) => ({ ...each, value: each.value % 3 }));
        events = mapped;
        const expected = oracle(
          mapped.map((each) => each.time),
          seconds,
          holds,
        );
        // Of events in one instant the order of ends may differ; whether and when it fires may not.
        expect(found).toEqual(expected);
      }),
      { numRuns: 400 },
    );
  });
});

function median(of: number[]): number {
  const sorted = of.toSorted((x, y) => x - y);
  const middle = (sorted.length - 1) / 2;
  return ((sorted[Math.floor(middle)] as number) + (sorted[Math.ceil(middle)] as number)) / 2;
}

/** Whether some choice of events has rules 0, 1, 2 at times that do not fall. */
function inOrder(window: { time: number; value: number }[]): boolean {
  const of = (rule: number) => window.filter((each) => each.value === rule);
  return of(0).some((x) => of(1).some((y) => y.time >= x.time && of(2).some((z) => z.time >= y.time)));
}
