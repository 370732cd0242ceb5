import { describe, expect, it } from "vitest";
import {
  correlation,
  type Event,
  of,
  open,
  run,
  SECOND,
  START,
  times,
} from "../../../test/support/correlations.ts";

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
      "several fields apart, whatever separates their values",
      count("gte: 2").replace("group-by: u", "group-by: [u, v]"),
      [
        [0, "a", { u: "x\u001fy", v: "z" }],
        [1, "a", { u: "x", v: "y\u001fz" }],
      ],
      [],
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
