import { type Clock, MICROSECONDS } from "../core/clock.ts";

const SECONDS = 60;

/** Counts what came in the last minute, second by second. */
export function flowRate(clock: Clock): {
  add(amount: number): void /** A second's share. */;
  second(): number;
} {
  const amounts = new Float64Array(SECONDS);
  const began = Math.floor(clock.now() / MICROSECONDS.second);
  let last = began;

  function advance(): number {
    const now = Math.floor(clock.now() / MICROSECONDS.second);
    if (now - last >= SECONDS) amounts.fill(0);
    else for (let second = last + 1; second <= now; second++) amounts[second % SECONDS] = 0;
    last = Math.max(last, now);
    return last;
  }

  return {
    add(amount) {
      const now = advance();
      amounts[now % SECONDS] = (amounts[now % SECONDS] ?? 0) + amount;
    },
    second() {
      const over = Math.min(SECONDS, advance() - began + 1);
      return amounts.reduce((sum, amount) => sum + amount, 0) / over;
    },
  };
}
