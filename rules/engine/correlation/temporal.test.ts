import { describe, expect, it } from "vitest";
import {
  correlation,
  type Event,
  open,
  run,
  SECOND,
  START,
  told,
} from "../../../test/support/correlations.ts";

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
