import { describe, expect, it } from "vitest";
import {
  correlation,
  type Event,
  open,
  run,
  SECOND,
  START,
  times,
} from "../../../test/support/correlations.ts";

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
