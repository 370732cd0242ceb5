import { describe, expect, it } from "vitest";
import { PRODUCT_NAMES } from "../../test/support/fake-index.ts";
import { BEGIN, SECOND, scene } from "../../test/support/poll-scene.ts";
import { fc } from "../../test/support/property.ts";
import { PollFault } from "./poll/poll-fault.ts";

describe("whatever the order of arrival", () => {
  const OVERLAP = 60;
  const arrival = fc.record({
    at: fc.integer({ min: 0, max: 400 }),
    late: fc.oneof(
      { weight: 8, arbitrary: fc.integer({ min: 0, max: OVERLAP }) },
      { weight: 1, arbitrary: fc.constant(OVERLAP) },
      { weight: 1, arbitrary: fc.integer({ min: -100_000, max: 0 }) },
    ),
    shard: fc.integer({ min: 0, max: 2 }),
  });
  const scenario = fc.record({
    arrivals: fc.array(arrival, { minLength: 1, maxLength: 60 }),
    product: fc.constantFrom(...PRODUCT_NAMES),
    page_size: fc.integer({ min: 1, max: 5 }),
    every_seconds: fc.integer({ min: 1, max: 50 }),
    skew: fc.integer({ min: -1_000_000, max: 1_000_000 }),
    /** Of so many questions about one is not answered, in no rhythm; none is lost when 0. */
    faulty: fc.constantFrom(0, 0, 4, 6),
    /** Seconds that answers take, in turn. */
    latencies: fc.array(fc.integer({ min: 0, max: 9 }), { minLength: 1, maxLength: 5 }),
  });

  function play({
    arrivals,
    product,
    page_size,
    every_seconds,
    skew,
    faulty,
    latencies,
  }: typeof scenario extends fc.Arbitrary<infer T> ? T : never) {
    let asked = 0;
    const latency = () => (latencies[asked++ % latencies.length] ?? 0) * SECOND;
    const settings = { page_size, every_seconds, overlap_seconds: OVERLAP };
    const here = scene(settings, { product, skew, latency });
    let questions = 0;
    here.state.answers = (whole) =>
      faulty > 0 && Math.floor(Math.sin(++questions) * 1e6) % faulty === 0
        ? new PollFault("unavailable", "HTTP 503")
        : whole();
    // Before the first answer nothing is promised: what comes from then on is.
    const first = latencies[0] ?? 0;
    const added = arrivals.map(({ at, late, shard }) => here.add(first + at - late, first + at, { shard }));
    return { ...here, added };
  }

  it("takes every document that is no later than the overlap, once", async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async (given) => {
        const { run, taken, added, now } = play(given);
        await run(100_000, () => now() > BEGIN + 600_000 && taken.length >= added.length);
        expect([...taken].sort()).toEqual([...added].sort());
      }),
      { numRuns: 150 },
    );
  }, 60_000);

  it("skips none when it is killed and restarted, or when the disk fails", async () => {
    const falls = fc.array(fc.record({ after: fc.integer({ min: 1, max: 150 }), disk: fc.boolean() }), {
      maxLength: 4,
    });
    await fc.assert(
      fc.asyncProperty(scenario, falls, async (given, crashes) => {
        const { run, taken, added, state, now } = play(given);
        for (const { after, disk } of crashes) {
          state.failing = disk;
          await run(after);
        }
        state.failing = false;
        await run(100_000, () => now() > BEGIN + 900_000 && new Set(taken).size >= added.length);
        expect([...new Set(taken)].sort()).toEqual([...added].sort());
      }),
      { numRuns: 150 },
    );
  }, 60_000);
});
