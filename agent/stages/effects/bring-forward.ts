import { type Instant, MICROSECONDS } from "../../core/clock.ts";
import type { Courier } from "./courier.ts";

/** No attempt at a delivery is planned further ahead, µs: over the longest wait between two questions to a receiver. */
const FURTHEST = 3 * MICROSECONDS.hour;
/** How far a clock goes back before it is minded, µs: less is how clocks are kept right. */
const SET_BACK = MICROSECONDS.minute;
/** Effects looked through. */
const MOST = 20_000;
const BECAUSE = "horloge remise en arrière : essai ramené à maintenant";

/**
 * Brings forward deliveries that wait for a time that no plan can have meant: a clock planned them that was set back
 * since. Looks at the first call, and each time that the clock goes back.
 */
export function openBringForward({
  store,
  setup,
  owner,
  commit,
}: Pick<Courier, "store" | "setup" | "owner" | "commit">): (now: Instant) => Promise<void> {
  let seen = Number.POSITIVE_INFINITY;
  return async (now) => {
    const back = now < seen - SET_BACK;
    seen = now;
    if (!back) return;
    for (const { kind, key, fence, due } of await store.reads.effectsIn(
      setup.facility.id,
      ["planned"],
      MOST,
    )) {
      if (kind !== "deliver" || due <= now + FURTHEST) continue;
      // By a claim, so that of two processes one alone moves it; whoever took it meanwhile keeps it.
      await commit([
        { write: "claim", key, fence, owner },
        { write: "settle", key, fence: fence + 1, state: "planned", due: now, because: BECAUSE },
      ]);
    }
  };
}
