import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { intakeMetrics } from "./metrics.ts";
import { tellShed } from "./tell-shed.ts";

let said: { message: string; fields: Record<string, unknown> | undefined }[];
let metrics: ReturnType<typeof intakeMetrics>;
let stop: () => void;
let now = 0;
beforeEach(() => {
  vi.useFakeTimers();
  [said, metrics] = [[], intakeMetrics()];
  const log = (message: string, fields?: Record<string, unknown>) => void said.push({ message, fields });
  stop = tellShed({ metrics, clock: { now: () => now }, log: { info: log, warn: log } });
});
afterEach(() => {
  stop();
  vi.useRealTimers();
});

async function look(): Promise<void> {
  now += 10_000_000;
  await vi.advanceTimersByTimeAsync(10_000);
}
const lose = (count: number) =>
  metrics.lost.inc({ source: "lines", transport: "udp", reason: "no_room" }, count);

it("says once that some is shed, and once that it is over, with how much by source and reason", async () => {
  let dropped = 7;
  metrics.dropped.watch("lines", () => dropped);
  await look();
  lose(3);
  metrics.refused.inc({ source: "siem", code: "overloaded" }, 2);
  metrics.refused.inc({ source: "siem", code: "bad_token" }, 9);
  await look();
  dropped += 5;
  await look();
  expect(said).toHaveLength(1);
  await look();
  await look();
  lose(1);
  await look();
  const remedy = expect.any(String);
  expect(said.map(({ fields }) => fields)).toEqual([
    { "lines udp kernel": 7, remedy },
    { "lines udp no_room": 3, "lines udp kernel": 12, "siem http pushed_back": 2, after: 30 },
    { "lines udp no_room": 1, remedy },
  ]);
});

it("says nothing while all is taken", async () => {
  await look();
  await look();
  expect(said).toEqual([]);
});
