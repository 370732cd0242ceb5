import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { seldom } from "./seldom.ts";

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

it("tells a message at once, then after a minute how often it came, with its latest fields", () => {
  const told: unknown[] = [];
  const warn = seldom({ warn: (message, fields) => void told.push([message, fields]) });
  for (let i = 0; i < 1000; i++) warn("client refused", { peer: i });
  warn("handshake failed");
  expect(told).toEqual([
    ["client refused", { peer: 0 }],
    ["handshake failed", {}],
  ]);
  vi.advanceTimersByTime(60_000);
  expect(told.slice(2)).toEqual([["client refused", { peer: 999, times: 999 }]]);
  warn("client refused", { peer: 1000 });
  expect(told.at(-1)).toEqual(["client refused", { peer: 1000 }]);
});
