import { describe, expect, it } from "vitest";
import { correlation, open, run, SECOND, START, times, told } from "../../../test/support/correlations.ts";
import { fc } from "../../../test/support/property.ts";

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
