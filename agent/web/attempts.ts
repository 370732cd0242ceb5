import { createRequire } from "node:module";
import { isIPv6 } from "node:net";
import { setTimeout } from "node:timers/promises";

// Its index brings the clients of twenty databases with it.
const limiter = createRequire(import.meta.url);
const RateLimiterMemory = limiter(
  "rate-limiter-flexible/lib/RateLimiterMemory.js",
) as typeof import("rate-limiter-flexible").RateLimiterMemory;
const RateLimiterRes = limiter(
  "rate-limiter-flexible/lib/RateLimiterRes.js",
) as typeof import("rate-limiter-flexible").RateLimiterRes;

/** Counts attempts before they are made, gives them back when they succeed. */
export interface Attempts {
  /**
   * Takes one attempt from every key; seconds to wait when one of them has none left. While many fail everywhere, one
   * from a `stranger` is held for some seconds first.
   */
  take(
    keys: readonly AttemptKey[],
    options?: { stranger?: boolean },
  ): Promise<{ outcome: "allowed" } | { outcome: "wait"; seconds: number }>;
  /** The attempt was good: forgets the narrow keys and gives the wide one back. */
  succeeded(keys: readonly AttemptKey[], options?: { stranger?: boolean }): Promise<void>;
}

/**
 * `device`: one browser that the person signed in from before; `narrow`: one person from one place; `wide`: one place.
 * Never a person alone: it would let anyone lock them out.
 */
export interface AttemptKey {
  width: "device" | "narrow" | "wide";
  key: string;
}

const WINDOW_SECONDS = 15 * 60;
/** Failures of strangers, from all places, from which on each further one is held longer. */
const CALM = 100;
const LONGEST_MS = 5000;
/** Attempts held at once; more are sent away. */
const HELD = 200;

/** Allows 8 failures to a device or a narrow key and 40 to a wide one, a quarter of an hour. */
export function attempts(pause: (ms: number) => Promise<unknown> = setTimeout): Attempts {
  const narrow = new RateLimiterMemory({ points: 8, duration: WINDOW_SECONDS });
  const limiters = {
    device: narrow,
    narrow,
    wide: new RateLimiterMemory({ points: 40, duration: WINDOW_SECONDS }),
  };
  const everywhere = new RateLimiterMemory({ points: Number.MAX_SAFE_INTEGER, duration: WINDOW_SECONDS });
  let held = 0;
  return {
    async take(keys, { stranger = false } = {}) {
      for (const { width, key } of keys) {
        try {
          await limiters[width].consume(key);
        } catch (refused) {
          if (!(refused instanceof RateLimiterRes)) throw refused;
          return { outcome: "wait", seconds: Math.max(1, Math.ceil(refused.msBeforeNext / 1000)) };
        }
      }
      if (!stranger) return { outcome: "allowed" };
      const { consumedPoints } = await everywhere.consume("all");
      const ms = Math.min(LONGEST_MS, (consumedPoints - CALM) * 50);
      if (ms <= 0) return { outcome: "allowed" };
      if (held >= HELD) return { outcome: "wait", seconds: LONGEST_MS / 1000 };
      held++;
      try {
        await pause(ms);
      } finally {
        held--;
      }
      return { outcome: "allowed" };
    },
    async succeeded(keys, { stranger = false } = {}) {
      for (const { width, key } of keys) {
        if (width === "wide") await limiters.wide.reward(key);
        else await limiters[width].delete(key);
      }
      if (stranger) await everywhere.reward("all");
    },
  };
}

/** The place an address stands for: an IPv6 subscriber holds a whole /64. */
export function placeOf(address: string | undefined): string {
  if (address === undefined) return "unknown";
  if (!isIPv6(address) || address.startsWith("::ffff:")) return address.replace(/^::ffff:/, "");
  const [head = "", tail = ""] = address.split("::");
  const left = head === "" ? [] : head.split(":");
  const right = tail === "" ? [] : tail.split(":");
  const zeros = address.includes("::")
    ? Array<string>(Math.max(0, 8 - left.length - right.length)).fill("0")
    : [];
  return `${[...left, ...zeros, ...right].slice(0, 4).join(":")}::/64`;
}
