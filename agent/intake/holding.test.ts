import { setImmediate } from "node:timers/promises";
import { afterEach, describe, expect, it } from "vitest";
import { steppingClock } from "../../test/support/store-samples.ts";
import { TocsinError } from "../core/errors.ts";
import { openHolding, refusesAll } from "./holding.ts";
import { intakeMetrics } from "./metrics.ts";

const problem = (code: string) => new TocsinError({ code, message: "refused" });

/** A holding before a store that takes, refuses or hangs as told. */
function scene(patience = 50) {
  const metrics = intakeMetrics();
  const said: string[] = [];
  const stored: string[] = [];
  let tries = 0;
  let how: "takes" | "hangs" | Error = "takes";
  const holding = openHolding({
    ...{ metrics, clock: steppingClock(), every: 5, patience },
    log: {
      info: (message, fields) => void said.push(`${message}: ${fields?.records}`),
      error: (message, fields) => void said.push(`${message}: ${fields?.count ?? fields?.because}`),
    },
  });
  return {
    ...{ holding, said, stored },
    tries: () => tries,
    is(now: typeof how) {
      how = now;
    },
    keep: (name: string, count = 1, own?: Error) =>
      holding.keep(count, async () => {
        tries += 1;
        await setImmediate();
        if (own !== undefined) throw own;
        if (how === "hangs") await new Promise(() => undefined);
        if (how instanceof Error) throw how;
        stored.push(name);
      }),
    gauges: async () => [
      (await metrics.heldBack.get()).values[0]?.value,
      (await metrics.heldRecords.get()).values[0]?.value,
    ],
  };
}

let here: ReturnType<typeof scene>;
afterEach(() => here.holding.close());

describe("what is refused with all that comes", () => {
  it("is held with what comes after it, and stored in the order of arrival once the store takes again", async () => {
    here = scene();
    const { keep, is, holding, stored, said, gauges } = here;
    let begins = 0;
    const forget = holding.watch(() => begins++);
    is(problem("store_failed"));
    const kept = Array.from({ length: 5 }, (_, i) => keep(`before ${i}`, 10));
    await expect.poll(() => holding.refused()).toBe(true);
    kept.push(...Array.from({ length: 200 }, (_, i) => keep(`after ${i}`, 10)));
    await expect.poll(gauges).toEqual([1, 2050]);
    const again = holding.taken();
    is("takes");
    await again;
    expect(await Promise.all(kept)).toEqual(kept.map(() => undefined));
    expect(stored).toEqual([
      ...Array.from({ length: 5 }, (_, i) => `before ${i}`),
      ...Array.from({ length: 200 }, (_, i) => `after ${i}`),
    ]);
    expect([begins, holding.refused(), await gauges()]).toEqual([1, false, [0, 0]]);
    expect(said).toEqual([
      "plain TCP and TLS are not read: alerts cannot be stored: refused",
      "plain TCP and TLS are read again: 2050",
    ]);
    forget();
    is(problem("bus_full"));
    void keep("later");
    await expect.poll(() => holding.refused()).toBe(true);
    expect(begins).toBe(1);
    is("takes");
    await holding.taken();
  });

  it("is tried one batch at a time, however many wait", async () => {
    here = scene();
    const { keep, is, holding, tries } = here;
    is(problem("spool_failed"));
    void keep("first");
    await expect.poll(() => holding.refused()).toBe(true);
    for (let i = 0; i < 1000; i++) void keep(String(i));
    const before = tries();
    await expect.poll(tries).toBeGreaterThan(before + 3);
    expect(tries()).toBeLessThan(before + 100);
  });

  it("is not held for a batch that is refused by itself, which is lost alone", async () => {
    here = scene();
    const { keep, is, holding, stored } = here;
    const own = problem("unit_malformed");
    expect(await keep("malformed", 1, own)).toEqual({ reason: "refused", error: own });
    expect(holding.refused()).toBe(false);
    is(problem("lease_lost"));
    const [first, bad, last] = [keep("first"), keep("malformed", 1, own), keep("last")];
    await expect.poll(() => holding.refused()).toBe(true);
    is("takes");
    expect([await first, await bad, await last]).toEqual([
      undefined,
      { reason: "refused", error: own },
      undefined,
    ]);
    expect(stored).toEqual(["first", "last"]);
  });
});

describe("at the end", () => {
  it("what is held is tried for a moment more", async () => {
    here = scene(10_000);
    const { keep, is, holding, said } = here;
    is(problem("store_full"));
    const kept = keep("held");
    await expect.poll(() => holding.refused()).toBe(true);
    const closed = holding.close();
    is("takes");
    await closed;
    expect(await kept).toBeUndefined();
    expect(said.at(-1)).toBe("plain TCP and TLS are read again: 1");
  });

  it("what is still refused then is given up, and said with how much it is", async () => {
    here = scene();
    const { keep, is, holding, said } = here;
    const refused = problem("store_full");
    is(refused);
    const kept = [keep("one", 2), keep("two", 3)];
    await expect.poll(() => holding.refused()).toBe(true);
    await holding.close();
    expect(await Promise.all(kept)).toEqual(kept.map(() => ({ reason: "stopped", error: refused })));
    expect(said.at(-1)).toBe("relevant records lost: they could not be stored before the end: 5");
    expect(await keep("late")).toMatchObject({ reason: "stopped" });
  });

  it("is not waited for a store that hangs", async () => {
    here = scene();
    const { keep, is, holding } = here;
    is("hangs");
    void keep("hangs");
    await holding.close();
    expect(holding.refused()).toBe(false);
  });
});

it.each([
  ["store_full", true],
  ["store_uncertain", true],
  ["bus_full", true],
  ["bus_not_durable", true],
  ["spool_failed", true],
  ["lease_lost", true],
  ["unit_malformed", false],
  ["not_canonical", false],
  ["bus_too_large", false],
  ["bus_other_facility", false],
])("takes %s for a refusal of whatever comes: %s", (code, all) => {
  expect(refusesAll(problem(code))).toBe(all);
  expect(refusesAll(new Error(code))).toBe(false);
});
