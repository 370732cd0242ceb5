import { isIPv6 } from "node:net";
import { RateLimiterMemory, RateLimiterRes } from "rate-limiter-flexible";

/** Counts attempts before they are made, gives them back when they succeed. */
export interface Attempts {
  /** Takes one attempt from every key; seconds to wait when one of them has none left. */
  take(keys: readonly AttemptKey[]): Promise<{ outcome: "allowed" } | { outcome: "wait"; seconds: number }>;
  /** The attempt was good: forgets the narrow keys and gives the wide one back. */
  succeeded(keys: readonly AttemptKey[]): Promise<void>;
}

/** `narrow`: one person from one place; `wide`: one place. Never a person alone: it would let anyone lock them out. */
interface AttemptKey {
  width: "narrow" | "wide";
  key: string;
}

const WINDOW_SECONDS = 15 * 60;

/** Allows 8 failures to a narrow key and 40 to a wide one, a quarter of an hour. */
export function attempts(): Attempts {
  const limiters = {
    narrow: new RateLimiterMemory({ points: 8, duration: WINDOW_SECONDS }),
    wide: new RateLimiterMemory({ points: 40, duration: WINDOW_SECONDS }),
  };
  return {
    async take(keys) {
      for (const { width, key } of keys) {
        try {
          await limiters[width].consume(key);
        } catch (refused) {
          if (!(refused instanceof RateLimiterRes)) throw refused;
          return { outcome: "wait", seconds: Math.max(1, Math.ceil(refused.msBeforeNext / 1000)) };
        }
      }
      return { outcome: "allowed" };
    },
    async succeeded(keys) {
      for (const { width, key } of keys) {
        if (width === "narrow") await limiters.narrow.delete(key);
        else await limiters.wide.reward(key);
      }
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
