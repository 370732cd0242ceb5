import type { Instant } from "../../agent/core/clock.ts";
import { MICROSECONDS } from "../../agent/core/clock.ts";
import { SEEN, type Seen } from "./grouping.ts";
import { NIGHT } from "./incident.ts";
import { fc } from "./property.ts";

const minute = (at: number): Instant => NIGHT + Math.round(at * MICROSECONDS.minute);
const within = (from: number, span: number) => fc.integer({ min: from, max: from + span }).map(minute);

/** Workstations encrypted within the hour, each under the name of who sits there. */
const storm: fc.Arbitrary<Seen[]> = fc
  .record({ from: fc.integer({ min: 0, max: 300 }), hosts: fc.integer({ min: 40, max: 60 }) })
  .map(({ from, hosts }) =>
    Array.from({ length: hosts }, (_, i) => ({
      at: minute(from + (i % 45)),
      host: `poste-${i}`,
      user: `agent-${i}`,
      ...(i % 3 === 0 && { address: "10.0.0.9" }),
      cause: "ransomware" as const,
    })),
  );

/** Phishing in many mailboxes, and the cooling that fails in the same minute. */
const waveAndCooling: fc.Arbitrary<Seen[]> = fc
  .record({ from: fc.integer({ min: 0, max: 300 }), boxes: fc.integer({ min: 2, max: 12 }) })
  .map(({ from, boxes }) => [
    ...Array.from(
      { length: boxes },
      (_, i): Seen => ({ at: minute(from), user: `boite-${i}`, cause: "phishing" }),
    ),
    { at: minute(from), host: "clim-1", cause: "cooling_failure", fact: "system_unavailable" },
  ]);

/** One account that comes to about as many machines as make a hub, on which other things happen too. */
const hub: fc.Arbitrary<Seen[]> = fc
  .record({ from: fc.integer({ min: 0, max: 300 }), hosts: fc.integer({ min: 12, max: 24 }) })
  .map(({ from, hosts }) =>
    Array.from({ length: hosts }, (_, i) => ({
      at: minute(from + i * 7),
      host: `poste-${i}`,
      user: "svc-inventaire",
    })),
  );

/** The directory fails, and what leans on it with it, seen in any order. */
const cascade: fc.Arbitrary<Seen[]> = fc
  .array(
    fc.record({
      at: within(0, 120),
      host: fc.constantFrom("dc01", "pacs-01", "dpi-01", "samu-1", "imprimante-1"),
    }),
    { minLength: 2, maxLength: 8 },
  )
  .map((outages) => outages.map((each): Seen => ({ ...each, fact: "system_unavailable" })));

/** A recording as a hospital has it: attacks, failures, what comes with everyone, and noise over twenty hours. */
export const RECORDING: fc.Arbitrary<Seen[]> = fc
  .tuple(
    fc.array(fc.oneof(storm, waveAndCooling, hub, cascade), { minLength: 1, maxLength: 3 }),
    fc.array(SEEN, { maxLength: 30 }),
  )
  .map(([scenes, noise]) => [...scenes.flat(), ...noise]);

/** An order in which detections may arrive: most at once and some hours late, or any order at all. */
export function orderOfArrival(seen: readonly Seen[]): fc.Arbitrary<number[]> {
  const late = fc.array(
    fc.oneof({ weight: 5, arbitrary: fc.constant(0) }, fc.integer({ min: 1, max: 30 * 60 })),
    { minLength: seen.length, maxLength: seen.length },
  );
  const behind = late.map((minutes) => {
    const received = seen.map(({ at }, i) => at + (minutes[i] as number) * MICROSECONDS.minute);
    return seen.map((_, i) => i).sort((a, b) => (received[a] as number) - (received[b] as number) || a - b);
  });
  const any = fc.shuffledSubarray(
    seen.map((_, i) => i),
    { minLength: seen.length },
  );
  return fc.oneof(behind, any);
}
