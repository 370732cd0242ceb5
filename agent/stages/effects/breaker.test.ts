import { describe, expect, it } from "vitest";
import { MICROSECONDS } from "../../core/clock.ts";
import { type Breaker, openBreaker } from "./breaker.ts";

const fail = (breaker: Breaker, times: number, at = 0) => {
  for (let i = 0; i < times; i++) breaker.tried("portail", "unreachable", at);
};

describe("a way out that fails", () => {
  it("rests for a minute after five failures in a row, and no other way does", () => {
    const breaker = openBreaker();
    fail(breaker, 4);
    expect(breaker.restsUntil("portail", 1)).toBeUndefined();
    fail(breaker, 1);
    expect(breaker.restsUntil("portail", 1)).toBe(MICROSECONDS.minute);
    expect(breaker.restsUntil("autre", 1)).toBeUndefined();
    expect(breaker.restsUntil("portail", MICROSECONDS.minute)).toBeUndefined();
  });

  it("rests again at the first failure after its rest, and no more once it answered", () => {
    const breaker = openBreaker();
    fail(breaker, 5);
    fail(breaker, 1, 2 * MICROSECONDS.minute);
    expect(breaker.restsUntil("portail", 2 * MICROSECONDS.minute + 1)).toBe(3 * MICROSECONDS.minute);
    breaker.tried("portail", "refused", 4 * MICROSECONDS.minute);
    fail(breaker, 4, 4 * MICROSECONDS.minute);
    expect(breaker.restsUntil("portail", 4 * MICROSECONDS.minute + 1)).toBeUndefined();
  });

  it("does not rest for long when the clock was set back", () => {
    const breaker = openBreaker();
    fail(breaker, 5, 10 * MICROSECONDS.day);
    expect(breaker.restsUntil("portail", 0)).toBeUndefined();
  });
});
