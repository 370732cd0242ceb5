import { describe, expect, it } from "vitest";
import {
  correlation,
  type Event,
  open as openCorrelations,
  run,
  SECOND,
  START,
  times,
  told,
} from "../../../test/support/correlations.ts";

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
    const { feed, correlator } = openCorrelations(heartbeat);
    feed([0, "a"]);
    expect(correlator.advance(START + 309 * SECOND)).toEqual([]);
    expect(told(correlator.advance(START + 310 * SECOND))).toEqual(["10 u"]);
    expect(correlator.advance(START + 9_000 * SECOND)).toEqual([]);
    expect(correlator.stats().keys).toBe(0);
  });

  it.each([
    ["before its time", 9, [], [["found", 2]]],
    ["when the first of two is due", 10, ["10 u"], [["found", 1]]],
    ["when both are", 14, ["10 u", "14 v"], []],
  ] as const)("is decided by a recording that ends %s, and says what still waits", (_, end, fired, open) => {
    const { feed, correlator } = openCorrelations(answered);
    feed([0, "a"]);
    feed([4, "a", { u: "v" }]);
    expect(told(correlator.finish(START + end * SECOND))).toEqual(fired);
    const waiting = correlator.waiting().map(({ correlation: { rule }, groups }) => [rule.id, groups]);
    expect(waiting).toEqual(open);
  });
});
