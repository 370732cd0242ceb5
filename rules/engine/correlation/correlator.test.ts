import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { readRules } from "../read.ts";
import { type CorrelatorOptions, createCorrelator, type Fired, type Matched } from "./correlator.ts";
import { linkCorrelations } from "./link-correlations.ts";

const SECOND = 1_000_000;
const START = 1_785_600_000 * SECOND;

const base = (name: string) => `title: ${name}
id: ${name}
logsource: {category: test}
detection: {sel: {type: ${name}}, condition: sel}
`;
const BASES = ["a", "b", "c", "d"].map(base).join("---\n");

/** The correlations of a text, whose base rules are a, b, c and d. */
function loaded(text: string) {
  const { rules, correlations, refused } = readRules(`${BASES}---\n${text}`, "test.yml");
  expect(refused).toEqual([]);
  const linked = linkCorrelations(rules, correlations);
  expect(linked.unlinked).toEqual([]);
  return linked.correlations;
}

const correlation = (body: string, title = "found") =>
  `title: ${title}\nid: ${title}\ncorrelation: {${body}}\n`;

/** One event: seconds after the start, the rules it matched (`a+b`), its fields; a third number is when it came. */
type Event = [second: number, rules: string, fields?: Record<string, unknown>, came?: number];

function open(text: string, options: CorrelatorOptions = {}) {
  const correlator = createCorrelator(loaded(text), options);
  let ref = 0;
  let now = START;
  return {
    correlator,
    feed([second, rules, fields = {}, came]: Event): Fired[] {
      ref += 1;
      const at = START + second * SECOND;
      now = Math.max(now, came === undefined ? at : START + came * SECOND);
      const matched: Matched = {
        kind: "event",
        event: { u: "u", ...fields },
        id: String(ref),
        at,
        now,
        ref,
        rules: rules.split("+"),
      };
      return correlator.feed(matched);
    },
  };
}

/** Seconds and groups of what fires, in order. */
const told = (fired: readonly Fired[]) =>
  fired.map(({ at, group, correlation: { rule } }) =>
    [
      rule.id === "found" ? "" : `${rule.id} `,
      (at - START) / SECOND,
      ...group.map((one) => ` ${one.value}`),
    ].join(""),
  );

function run(text: string, events: readonly Event[], options?: CorrelatorOptions): string[] {
  const { feed, correlator } = open(text, options);
  return told([...events.flatMap(feed), ...correlator.finish()]);
}

const times = (rules: string, ...seconds: number[]): Event[] => seconds.map((second) => [second, rules]);
const of = (field: string, rule: string, ...values: unknown[]): Event[] =>
  values.map((value, second) => [second, rule, { [field]: value }]);

describe("event_count", () => {
  const count = (condition: string, more = "") =>
    correlation(`type: event_count, rules: a, group-by: u, timespan: 10s, condition: {${condition}}${more}`);
  it.each<[string, string, Event[], string[]]>([
    ["gte", count("gte: 3"), times("a", 0, 1, 2), ["2 u"]],
    ["gte, one short", count("gte: 3"), times("a", 0, 1), []],
    ["gt", count("gt: 2"), times("a", 0, 1, 2), ["2 u"]],
    ["lte", count("lte: 1"), times("a", 0), ["0 u"]],
    ["lt", count("lt: 2"), times("a", 0), ["0 u"]],
    ["eq", count("eq: 2"), times("a", 0, 1, 2), ["1 u"]],
    ["neq", count("neq: 1"), times("a", 0, 1), ["1 u"]],
    ["a range", count("gt: 1, lte: 2"), times("a", 0, 1, 2, 3), ["1 u"]],
    ["events a timespan apart, to the microsecond", count("gte: 2"), times("a", 0, 10), ["10 u"]],
    ["events more than a timespan apart", count("gte: 2"), times("a", 0, 10.000001), []],
    ["a window that slides over where buckets would part", count("gte: 3"), times("a", 8, 9, 11), ["11 u"]],
    [
      "two rules",
      count("gte: 2").replace("rules: a", "rules: [a, b]"),
      [
        [0, "a"],
        [1, "b"],
      ],
      ["1 u"],
    ],
    [
      "an event that matched two rules, once",
      count("gte: 2").replace("rules: a", "rules: [a, b]"),
      [[0, "a+b"]],
      [],
    ],
    [
      "groups apart",
      count("gte: 2"),
      [
        [0, "a", { u: "x" }],
        [1, "a", { u: "y" }],
        [2, "a", { u: "y" }],
      ],
      ["2 y"],
    ],
    ["groups without case", count("gte: 2"), of("u", "a", "Admin", "ADMIN"), ["1 ADMIN"]],
    ["numbers and texts as one", count("gte: 2"), of("u", "a", 7, "7"), ["1 7"]],
    ["no event without its field", count("gte: 1"), of("u", "a", null, "", {}, []), []],
    ["each value of a list", count("gte: 2"), of("u", "a", ["x", "y"], "x", "y"), ["1 x", "2 y"]],
    [
      "several fields together",
      count("gte: 2").replace("group-by: u", "group-by: [u, v]"),
      [
        [0, "a", { v: 1 }],
        [1, "a", { v: 2 }],
        [2, "a", {}],
        [3, "a", { v: 1 }],
      ],
      ["3 u 1"],
    ],
    [
      "all events where nothing is grouped by",
      count("gte: 2").replace("group-by: u, ", ""),
      of("u", "a", "x", null),
      ["1"],
    ],
    [
      "again once a timespan has passed",
      count("gte: 2"),
      times("a", 0, 1, 2, 10, 11, 12, 20.5, 22),
      ["1 u", "11 u", "22 u"],
    ],
    ["again when it was false meanwhile", count("gte: 2"), times("a", 0, 1, 30, 31), ["1 u", "31 u"]],
    [
      "an event that comes out of order",
      count("gte: 3"),
      [
        [0, "a"],
        [10, "a"],
        [5, "a", {}, 11],
      ],
      ["10 u"],
    ],
    [
      "an event that completes an earlier window",
      count("gte: 3"),
      [
        [0, "a"],
        [5, "a"],
        [60, "a"],
        [2, "a", {}, 60],
      ],
      ["5 u"],
    ],
  ])("%s", (_, text, events, expected) => {
    expect(run(text, events)).toEqual(expected);
  });

  it("cites the events of its window, the first and the last ten", () => {
    const { feed } = open(count("gte: 30"));
    const [fired] = times("a", ...Array.from({ length: 30 }, (_, i) => i / 10)).flatMap(feed);
    expect(fired).toMatchObject({ value: 30, from: START, at: START + 2.9 * SECOND });
    expect(fired?.refs).toEqual([
      ...Array.from({ length: 10 }, (_, i) => i + 1),
      ...Array.from({ length: 10 }, (_, i) => i + 21),
    ]);
  });
});

describe("values", () => {
  const value = (type: string, condition: string) =>
    correlation(`type: ${type}, rules: a, timespan: 10s, condition: {field: n, ${condition}}`);
  it.each<[string, string, Event[], string[]]>([
    ["value_count, distinct only", value("value_count", "gte: 3"), of("n", "a", "x", "y", "x", "z"), ["3"]],
    ["value_count, without case", value("value_count", "gte: 2"), of("n", "a", "X", "x"), []],
    [
      "value_count, within the timespan only",
      value("value_count", "gte: 2"),
      [
        [0, "a", { n: 1 }],
        [11, "a", { n: 2 }],
      ],
      [],
    ],
    [
      "value_count of fields together",
      value("value_count", "gte: 3").replace("field: n", "field: [n, u]"),
      [
        [0, "a", { n: 1, u: "x" }],
        [1, "a", { n: 1, u: "y" }],
        [2, "a", { n: 1, u: "x" }],
        [3, "a", { n: 2, u: "x" }],
      ],
      ["3"],
    ],
    ["value_count, eq", value("value_count", "eq: 2"), of("n", "a", "x", "x", "y"), ["2"]],
    ["value_sum", value("value_sum", "gt: 1000"), of("n", "a", 600, "500"), ["1"]],
    [
      "value_sum, of what is no number nothing",
      value("value_sum", "gt: 1"),
      of("n", "a", "x", null, {}, true),
      [],
    ],
    ["value_avg", value("value_avg", "gt: 500"), of("n", "a", 400, 600, 800), ["2"]],
    [
      "value_avg, of the timespan only",
      value("value_avg", "lt: 0"),
      [
        [0, "a", { n: 100 }],
        [11, "a", { n: -1 }],
      ],
      ["11"],
    ],
    ["value_median", value("value_median", "gte: 20"), of("n", "a", 10, 30), ["1"]],
    [
      "value_percentile",
      value("value_percentile", "percentile: 95, gte: 90"),
      of("n", "a", 1, 2, 100),
      ["2"],
    ],
    [
      "value_percentile, between two values in proportion",
      value("value_percentile", "percentile: 25, eq: 15"),
      of("n", "a", 20, 10, 30),
      ["2"],
    ],
    [
      "value_percentile, the median when none is said",
      value("value_percentile", "eq: 20"),
      of("n", "a", 10, 30),
      ["1"],
    ],
    ["fractions", value("value_sum", "gte: 0.3"), of("n", "a", 0.25, 0.25), ["1"]],
  ])("%s", (_, text, events, expected) => {
    expect(run(text, events)).toEqual(expected);
  });
});

describe("temporal", () => {
  const temporal = (more: string, type = "temporal", rules = "rules: [a, b, c]") =>
    correlation(`type: ${type}, ${rules}, group-by: u, timespan: 10s${more}`);
  const any = (condition: string, type = "temporal") =>
    temporal(`, condition: ${condition}`, type, "generate: true");
  it.each<[string, string, Event[], string[]]>([
    [
      "all rules in any order",
      temporal(""),
      [
        [0, "c"],
        [1, "a"],
        [2, "b"],
      ],
      ["2 u"],
    ],
    [
      "not all",
      temporal(""),
      [
        [0, "c"],
        [1, "a"],
        [2, "a"],
      ],
      [],
    ],
    [
      "not all within the timespan",
      temporal(""),
      [
        [0, "c"],
        [1, "a"],
        [11, "b"],
      ],
      [],
    ],
    [
      "some, by number",
      temporal(", condition: {gte: 2}"),
      [
        [0, "c"],
        [1, "c"],
        [2, "a"],
      ],
      ["2 u"],
    ],
    ["one event that matched all", temporal(""), [[0, "a+b+c"]], ["0 u"]],
    [
      "the first of them late",
      temporal(""),
      [
        [1, "a"],
        [2, "b"],
        [0, "c", {}, 3],
      ],
      ["2 u"],
    ],
    [
      "in order",
      temporal("", "temporal_ordered"),
      [
        [0, "a"],
        [1, "b"],
        [2, "c"],
      ],
      ["2 u"],
    ],
    [
      "in another order",
      temporal("", "temporal_ordered"),
      [
        [0, "a"],
        [1, "c"],
        [2, "b"],
      ],
      [],
    ],
    [
      "in order after others in disorder",
      temporal("", "temporal_ordered"),
      [
        [0, "c"],
        [1, "b"],
        [2, "a"],
        [3, "b"],
        [4, "c"],
      ],
      ["4 u"],
    ],
    [
      "in order though they come in disorder",
      temporal("", "temporal_ordered"),
      [
        [2, "c"],
        [0, "a", {}, 3],
        [1, "b", {}, 4],
      ],
      ["2 u"],
    ],
    [
      "in the same instant",
      temporal("", "temporal_ordered"),
      [
        [0, "c"],
        [0, "b"],
        [0, "a"],
      ],
      ["0 u"],
    ],
    [
      "the longest order, by number",
      temporal(", condition: {gte: 2}", "temporal_ordered"),
      [
        [0, "b"],
        [1, "a"],
        [2, "c"],
      ],
      ["2 u"],
    ],
    [
      "the latest beginning counts",
      temporal("", "temporal_ordered", "rules: [a, b]"),
      [
        [0, "a"],
        [9, "a"],
        [15, "b"],
      ],
      ["15 u"],
    ],
    ["a or b", any("a or b"), [[0, "b"]], ["0 u"]],
    [
      "a and b",
      any("a and b"),
      [
        [0, "b"],
        [1, "a"],
      ],
      ["1 u"],
    ],
    [
      "AND binds closer",
      any("a or b and c"),
      [
        [0, "b"],
        [20, "c"],
        [40, "a"],
      ],
      ["40 u"],
    ],
    [
      "parentheses",
      any('"(a or b) and c"'),
      [
        [0, "b"],
        [1, "c"],
      ],
      ["1 u"],
    ],
    ["1 of", temporal(", condition: 1 of them"), [[0, "b"]], ["0 u"]],
    [
      "2 of",
      temporal(", condition: 2 of them"),
      [
        [0, "b"],
        [1, "b"],
        [2, "c"],
      ],
      ["2 u"],
    ],
    [
      "all of",
      temporal(", condition: all of them"),
      [
        [0, "b"],
        [1, "a"],
        [2, "c"],
      ],
      ["2 u"],
    ],
    [
      "in order, with a choice",
      any('"(a or b) and c"', "temporal_ordered"),
      [
        [0, "b"],
        [1, "c"],
      ],
      ["1 u"],
    ],
    [
      "a choice, not in order",
      any('"(a or b) and c"', "temporal_ordered"),
      [
        [0, "c"],
        [1, "b"],
      ],
      [],
    ],
    ["a and not b", any("a and not b"), [[0, "a"]], ["0 u"]],
    [
      "a and not b, b before",
      any("a and not b"),
      [
        [0, "b"],
        [1, "a"],
      ],
      [],
    ],
    [
      "a and not b, b after",
      any("a and not b"),
      [
        [0, "a"],
        [1, "b"],
      ],
      [],
    ],
    [
      "a and not b, b long after",
      any("a and not b"),
      [
        [0, "a"],
        [11, "b"],
      ],
      ["0 u"],
    ],
    [
      "a and not b, of another group",
      any("a and not b"),
      [
        [0, "a"],
        [1, "b", { u: "v" }],
      ],
      ["0 u"],
    ],
    [
      "a and b and not c",
      any("a and b and not c"),
      [
        [0, "a"],
        [3, "b"],
      ],
      ["3 u"],
    ],
    [
      "a and b and not c, c between",
      any("a and b and not c"),
      [
        [0, "a"],
        [1, "c"],
        [3, "b"],
      ],
      [],
    ],
    [
      "a and b and not c, c too far from b",
      any("a and b and not c"),
      [
        [0, "c"],
        [8, "a"],
        [11, "b"],
      ],
      ["11 u"],
    ],
    [
      "a and not (b or c)",
      any('"a and not (b or c)"'),
      [
        [0, "a"],
        [3, "c"],
      ],
      [],
    ],
    [
      "in order and not",
      any("a and b and not c", "temporal_ordered"),
      [
        [0, "b"],
        [1, "a"],
        [20, "a"],
        [21, "b"],
      ],
      ["21 u"],
    ],
    ["not not", any("not not a"), [[0, "a"]], ["0 u"]],
  ])("%s", (_, text, events, expected) => {
    expect(run(text, events)).toEqual(expected);
  });

  it("reads a group under the name that the events of each rule have for it", () => {
    const text = correlation(
      "type: temporal, rules: [a, b], group-by: ip, timespan: 10s, aliases: {ip: {a: src, b: dst}}",
    );
    expect(
      run(text, [
        [0, "a", { src: "x" }],
        [1, "b", { src: "x", dst: "y" }],
        [2, "b", { dst: "X" }],
      ]),
    ).toEqual(["2 X"]);
  });

  it("decides a `not` only once what could speak against it must have come", () => {
    const { feed, correlator } = open(any("a and not b"));
    expect(feed([0, "a"])).toEqual([]);
    expect(correlator.advance(START + 309 * SECOND)).toEqual([]);
    expect(told(correlator.advance(START + 310 * SECOND))).toEqual(["0 u"]);
  });
});

describe("correlations of correlations", () => {
  const chain = (outer: string) =>
    `${correlation("type: event_count, rules: a, group-by: [u, h], timespan: 10s, condition: {gte: 3}", "many")}---\n${correlation(outer)}`;
  const then = chain("type: temporal_ordered, rules: [many, b], group-by: u, timespan: 20s");
  it.each<[string, string, Event[], string[]]>([
    [
      "many, then another",
      then,
      [...times("a", 0, 1, 2).map(([s, r]): Event => [s, r, { h: 1 }]), [9, "b"]],
      ["9 u"],
    ],
    [
      "another, then many",
      then,
      [[0, "b"], ...times("a", 1, 2, 3).map(([s, r]): Event => [s, r, { h: 1 }])],
      [],
    ],
    [
      "many that last, then another long after they began",
      then,
      [...Array.from({ length: 40 }, (_, i): Event => [i * 3, "a", { h: 1 }]), [125, "b"]],
      ["125 u"],
    ],
    [
      "several that are many",
      chain("type: value_count, rules: many, group-by: u, timespan: 1m, condition: {field: h, gte: 2}"),
      [0, 1, 2].flatMap((s): Event[] => [
        [s, "a", { h: "x" }],
        [s, "a", { h: "y" }],
      ]),
      ["2 u"],
    ],
    [
      "how often they were many",
      chain("type: event_count, rules: many, group-by: u, timespan: 1m, condition: {gte: 2}"),
      times("a", 0, 1, 2, 3, 4, 13, 14, 15).map(([s, r]): Event => [s, r, { h: 1 }]),
      ["13 u"],
    ],
  ])("%s", (_, text, events, expected) => {
    expect(run(text, events)).toEqual(expected);
  });

  it("tells the inner one too when it is to be generated", () => {
    const text = then.replace("rules: [many, b]", "generate: true, rules: [many, b]");
    expect(run(text, [...times("a", 0, 1, 2).map(([s, r]): Event => [s, r, { h: 1 }]), [9, "b"]])).toEqual([
      "many 2 u 1",
      "9 u",
    ]);
  });

  it("counts an absence as an event of its group", () => {
    const text = `${correlation("type: absence, rules: [a, b], group-by: u, timespan: 10s", "missed")}---\n${correlation(
      "type: event_count, rules: missed, group-by: u, timespan: 1h, condition: {gte: 2}",
    )}`;
    const { feed, correlator } = open(text);
    expect([...times("a", 0, 60), ...times("d", 1000)].flatMap(feed)).toMatchObject([
      { at: START + 70 * SECOND },
    ]);
    expect(correlator.finish()).toEqual([]);
  });
});

describe("absence", () => {
  const answered = correlation("type: absence, rules: [a, b], group-by: u, timespan: 10s");
  const heartbeat = correlation("type: absence, rules: a, group-by: u, timespan: 10s");
  it.each<[string, string, Event[], string[]]>([
    [
      "nothing follows",
      answered,
      [
        [0, "a"],
        [400, "d"],
      ],
      ["10 u"],
    ],
    [
      "the other follows",
      answered,
      [
        [0, "a"],
        [10, "b"],
        [400, "d"],
      ],
      [],
    ],
    [
      "the other follows too late",
      answered,
      [
        [0, "a"],
        [10.5, "b"],
        [400, "d"],
      ],
      ["10 u"],
    ],
    [
      "the other of another group",
      answered,
      [
        [0, "a"],
        [1, "b", { u: "v" }],
        [400, "d"],
      ],
      ["10 u"],
    ],
    [
      "the other came before",
      answered,
      [
        [0, "b"],
        [1, "a"],
        [400, "d"],
      ],
      ["11 u"],
    ],
    [
      "the other arrives late and was in time",
      answered,
      [
        [0, "a"],
        [5, "b", {}, 200],
        [400, "d"],
      ],
      [],
    ],
    [
      "the first arrives after its answer",
      answered,
      [
        [5, "b"],
        [0, "a", {}, 6],
        [400, "d"],
      ],
      [],
    ],
    [
      "time that has not passed",
      answered,
      [
        [0, "a"],
        [300, "d"],
      ],
      [],
    ],
    ["a heartbeat that stops", heartbeat, [...times("a", 0, 9, 18), [400, "d"]], ["28 u"]],
    ["a heartbeat that goes on", heartbeat, times("a", ...Array.from({ length: 80 }, (_, i) => i * 5)), []],
    ["a heartbeat that stops twice", heartbeat, [...times("a", 0, 100, 105), [900, "d"]], ["10 u", "115 u"]],
    [
      "a heart that never beat",
      heartbeat,
      [
        [0, "d"],
        [900, "d"],
      ],
      [],
    ],
  ])("%s", (_, text, events, expected) => {
    expect(run(text, events)).toEqual(expected);
  });

  it("is told by the passing of time alone, once", () => {
    const { feed, correlator } = open(heartbeat);
    feed([0, "a"]);
    expect(correlator.advance(START + 309 * SECOND)).toEqual([]);
    expect(told(correlator.advance(START + 310 * SECOND))).toEqual(["10 u"]);
    expect(correlator.advance(START + 9_000 * SECOND)).toEqual([]);
    expect(correlator.stats().keys).toBe(0);
  });
});

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

describe("bounds", () => {
  const count = correlation("type: event_count, rules: a, group-by: u, timespan: 1h, condition: {gte: 3}");

  it("gives up the groups that were heard of longest ago, and counts them", () => {
    const { feed, correlator } = open(count, { mostKeys: 100 });
    for (let turn = 0; turn < 1_000; turn += 1) feed([turn / 10, "a", { u: `user-${turn}` }]);
    expect(correlator.stats()).toMatchObject({ groupsEvicted: expect.any(Number) });
    expect(correlator.stats().keys).toBeLessThanOrEqual(100);
    expect(correlator.stats().keys + correlator.stats().groupsEvicted).toBe(1_000);
    expect(told([...feed([101, "a", { u: "user-999" }]), ...feed([102, "a", { u: "user-999" }])])).toEqual([
      "102 user-999",
    ]);
    expect([...feed([103, "a", { u: "user-0" }]), ...feed([104, "a", { u: "user-0" }])]).toEqual([]);
  });

  it("keeps of a group that floods only what its condition needs", () => {
    const { feed, correlator } = open(count);
    for (let turn = 0; turn < 50_000; turn += 1) feed([turn / 100, "a"]);
    expect(correlator.stats()).toMatchObject({ keys: 1, eventsEvicted: 0, late: 0 });
    expect(correlator.stats().events).toBeLessThan(10);
  });

  it("keeps every value of a group that one value floods", () => {
    const text = correlation("type: value_count, rules: a, timespan: 1h, condition: {field: n, gte: 4}");
    const { feed } = open(text, { mostEvents: 50 });
    feed([0, "a", { n: "x" }]);
    feed([1, "a", { n: "y" }]);
    for (let turn = 0; turn < 2_000; turn += 1) feed([2 + turn / 100, "a", { n: "z" }]);
    expect(told(feed([60, "a", { n: "w" }]))).toEqual(["60"]);
  });

  it("keeps what came first though what should follow is flooded with it", () => {
    const text = correlation("type: temporal_ordered, rules: [a, b, c], timespan: 1h");
    const { feed, correlator } = open(text, { mostEvents: 64 });
    feed([0, "a"]);
    for (let turn = 0; turn < 2_000; turn += 1) feed([1 + turn / 100, "b"]);
    expect(told(feed([60, "c"]))).toEqual(["60"]);
    expect(correlator.stats()).toMatchObject({ eventsEvicted: 0 });
  });

  it("counts the events that it gives up, and those that come after everything that is looked at", () => {
    const text = correlation("type: value_sum, rules: a, timespan: 10s, condition: {field: n, gte: 1000}");
    const { feed, correlator } = open(text, { mostEvents: 10, lateness: 0 });
    for (let turn = 0; turn < 25; turn += 1) feed([turn / 10, "a", { n: 1 }]);
    feed([100, "a", { n: 1 }]);
    feed([50, "a", { n: 1 }]);
    feed([101, "a"]);
    expect(correlator.stats()).toMatchObject({ eventsEvicted: 15, late: 1, events: 1, fieldless: 1 });
  });

  it("forgets groups whose windows are over, whatever the clocks of their events say", () => {
    const { feed, correlator } = open(count, { lateness: 0 });
    for (let turn = 0; turn < 500; turn += 1) feed([turn, "a", { u: `user-${turn}` }]);
    // What a relay held back for a day counts as it would have.
    expect(
      told([-86_400, -86_399, -86_398].flatMap((second) => feed([second, "a", { u: "slow" }, 501]))),
    ).toEqual(["-86398 slow"]);
    correlator.advance(START + 5_000 * SECOND);
    expect(correlator.stats()).toMatchObject({ keys: 0, events: 0 });
  });

  it("never throws on hostile fields", () => {
    const text = correlation(
      "type: value_count, rules: a, group-by: [u, v], timespan: 1h, condition: {field: n, gte: 2}",
    );
    fc.assert(
      fc.property(
        fc.array(fc.dictionary(fc.constantFrom("u", "v", "n", "__proto__"), fc.anything()), {
          maxLength: 20,
        }),
        (events) => {
          const { feed } = open(text);
          for (const [second, fields] of events.entries()) feed([second, "a", fields]);
        },
      ),
    );
  });
});

describe("a restart", () => {
  it("fires nothing twice and counts the half that came before", () => {
    const text = correlation("type: event_count, rules: a, group-by: u, timespan: 1m, condition: {gte: 4}");
    const events = times("a", ...Array.from({ length: 60 }, (_, i) => i * 5));
    const whole = run(text, events);
    for (let cut = 0; cut <= events.length; cut += 1) {
      const before = open(text);
      const fired = events.slice(0, cut).flatMap(before.feed);
      const after = open(text);
      after.correlator.restore(true);
      // Only the record of the last timespans is read again.
      for (const event of events.slice(Math.max(0, cut - 80), cut)) {
        after.feed(event);
        for (const one of fired.filter((each) => each.at === START + event[0] * SECOND))
          after.correlator.noteFired("found", {
            group: one.group.map((each) => each.value),
            at: one.at,
            now: one.at,
          });
      }
      after.correlator.restore(false);
      expect(told([...fired, ...events.slice(cut).flatMap(after.feed)])).toEqual(whole);
    }
  });
});
