import { describe, expect, it } from "vitest";
import { correlation, type Event, of, run } from "../../../test/support/correlations.ts";

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
