import { describe, expect, it } from "vitest";
import { groupAll, inOrderOf, SEEN, type Seen } from "../../../test/support/grouping.ts";
import { NIGHT } from "../../../test/support/incident.ts";
import { BOUNDED, fc } from "../../../test/support/property.ts";
import { orderOfArrival, RECORDING } from "../../../test/support/recordings.ts";
import { MOST_PARTNERS } from "./census.ts";

const RUNS = { ...BOUNDED, numRuns: 100 };

const group = (seen: readonly Seen[], batch?: number) => groupAll(seen, batch);

describe("the partition into incidents", () => {
  it("is that of what shares a key within its window, whatever the order of arrival", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(SEEN, { minLength: 1, maxLength: 100, size: "max" }).chain((seen) =>
          fc.record({
            seen: fc.constant(seen),
            order: fc.shuffledSubarray(
              seen.map((_, i) => i),
              { minLength: seen.length },
            ),
            batch: fc.integer({ min: 1, max: 60 }),
          }),
        ),
        async ({ seen, order, batch }) => {
          const { partition, expected } = await group(seen, batch);
          expect(partition).toEqual(expected);
          const turned = await group(
            order.map((i) => seen[i] as Seen),
            1,
          );
          expect(inOrderOf(turned.partition, order)).toEqual(expected);
        },
      ),
      RUNS,
    );
  });

  it("of attacks, failures and hubs is the same however late each detection arrives", async () => {
    await fc.assert(
      fc.asyncProperty(
        RECORDING.chain((seen) =>
          fc.record({
            seen: fc.constant(seen),
            order: orderOfArrival(seen),
            batch: fc.integer({ min: 1, max: 200 }),
          }),
        ),
        async ({ seen, order, batch }) => {
          const { partition } = await group(seen, 500);
          const turned = await group(
            order.map((i) => seen[i] as Seen),
            batch,
          );
          expect(inOrderOf(turned.partition, order)).toEqual(partition);
          expect(inOrderOf(turned.expected, order)).toEqual(partition);
        },
      ),
      RUNS,
    );
  });
});

const minute = (at: number) => NIGHT + at * 60_000_000;
const sizes = async (seen: readonly Seen[], batch = 1) =>
  (await group(seen, batch)).partition.map((part) => part.length);

describe("what comes with everyone", () => {
  const sweep = (count: number): Seen[] =>
    Array.from({ length: count }, (_, i) => ({ at: minute(i), host: `poste-${i}`, user: "svc-inventaire" }));

  it("ties as long as it comes with few", async () => {
    expect(await sizes(sweep(MOST_PARTNERS))).toEqual([MOST_PARTNERS]);
  });

  it("ties nothing any more once it has come with more, and what it alone had tied is taken apart", async () => {
    const alone = Array.from({ length: MOST_PARTNERS + 1 }, () => 1);
    expect(await sizes(sweep(MOST_PARTNERS + 1))).toEqual(alone);
    expect(await sizes(sweep(MOST_PARTNERS + 1), 100)).toEqual(alone);
  });

  it("keeps together what is about it alone", async () => {
    const seen: Seen[] = [
      ...Array.from({ length: 20 }, (_, i) => ({ at: minute(i), host: "fichiers-1", user: `agent-${i}` })),
      { at: minute(30), host: "fichiers-1" },
      { at: minute(31), host: "fichiers-1" },
    ];
    expect((await sizes(seen)).sort()).toEqual([...Array.from({ length: 20 }, () => 1), 2]);
  });

  it("does not keep a storm of one malicious act from being one incident", async () => {
    const seen: Seen[] = Array.from({ length: 50 }, (_, i) => ({
      at: minute(i % 40),
      host: `poste-${i}`,
      user: `agent-${i}`,
      address: "10.0.0.9",
      cause: "ransomware",
      system: "postes",
    }));
    expect(await sizes(seen)).toEqual([50]);
  });
});

describe("what everything passes through", () => {
  it("ties nothing that it only sees, and an outage of it explains what leans on it", async () => {
    const seen: Seen[] = [
      { at: minute(0), host: "dc01", user: "a.martin" },
      { at: minute(1), host: "dc01", user: "b.petit" },
      { at: minute(2), host: "dc01", user: "a.martin" },
    ];
    expect(await sizes(seen)).toEqual([2, 1]);
    const outages: Seen[] = [
      { at: minute(0), host: "pacs-01", fact: "system_unavailable" },
      { at: minute(1), host: "dpi-01", fact: "system_unavailable" },
      { at: minute(9), host: "dc01", fact: "system_unavailable" },
    ];
    expect(await sizes(outages.slice(0, 2))).toEqual([1, 1]);
    // The image archive leans on the directory, the record does not.
    expect(await sizes(outages)).toEqual([2, 1]);
  });

  it("ties malicious acts by one account of everyone's on one directory", async () => {
    const by = (at: number, host: string, cause: "malware" | "phishing"): Seen => ({
      at: minute(at),
      host,
      user: "administrateur",
      cause,
    });
    expect(await sizes([by(0, "dc01", "malware"), by(90, "dc01", "phishing")])).toEqual([2]);
    expect(await sizes([by(0, "poste-1", "malware"), by(90, "poste-2", "phishing")])).toEqual([1, 1]);
  });
});

describe("time", () => {
  it.each([
    ["the same host three hours later", 180, {}, [2]],
    ["the same host five hours later", 300, {}, [1, 1]],
    ["another host, the same malicious act fifty minutes later", 50, { host: "b", cause: "phishing" }, [2]],
    ["another host, the same malicious act two hours later", 120, { host: "b", cause: "phishing" }, [1, 1]],
    ["another host, another malicious act at once", 0, { host: "b", cause: "malware" }, [1, 1]],
    ["another host, no malicious act", 0, { host: "b" }, [1, 1]],
  ] as const)("%s", async (_, at, other, expected) => {
    const first: Seen = { at: minute(0), host: "a", cause: "phishing" };
    expect(await sizes([first, { at: minute(at), host: "a", ...other }])).toEqual(expected);
  });

  it("joins what a gap had kept apart once something falls into it, and not otherwise", async () => {
    const [early, late]: [Seen, Seen] = [
      { at: minute(0), host: "a" },
      { at: minute(420), host: "a" },
    ];
    expect(await sizes([early, late])).toEqual([1, 1]);
    expect(await sizes([early, late, { at: minute(210), host: "a" }])).toEqual([3]);
  });

  it("takes the full name and the short name of a machine for one, whatever the case", async () => {
    expect(
      await sizes([
        { at: minute(0), host: "POSTE-7.ch.example" },
        { at: minute(1), host: "poste-7" },
      ]),
    ).toEqual([2]);
  });

  it("parts a phishing wave from the failure of the cooling in the same minute", async () => {
    expect(
      await sizes([
        ...[1, 2, 3].map((i): Seen => ({ at: minute(0), user: `agent-${i}`, cause: "phishing" })),
        { at: minute(0), host: "clim-1", cause: "cooling_failure" },
      ]),
    ).toEqual([3, 1]);
  });
});
