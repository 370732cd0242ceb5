import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { type Schedule, schedule } from "./schedule.ts";

beforeEach(() => void vi.useFakeTimers({ now: Date.UTC(2026, 10, 15, 1, 10) }));
afterEach(() => void vi.useRealTimers());

const HOUR = 3_600_000;

it.each([
  ["stands", 0],
  ["is set back an hour", -HOUR],
  ["is set on by three days", 72 * HOUR],
  ["was set in 1970 until now", -56 * 365 * 24 * HOUR],
])("wakes every second while the clock %s", async (_, jump) => {
  let runs = 0;
  const waking: Schedule = schedule(async () => {
    runs++;
    return "nothing";
  });
  waking.start();
  await vi.advanceTimersByTimeAsync(3000);
  expect(runs).toBe(3);
  vi.setSystemTime(Date.now() + jump);
  await vi.advanceTimersByTimeAsync(3000);
  expect(runs).toBe(6);
  await waking.stop();
  await vi.advanceTimersByTimeAsync(3000);
  expect(runs).toBe(6);
});
