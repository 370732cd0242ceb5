import { type Instant, MICROSECONDS } from "../../core/clock.ts";
import type { Effect } from "../../core/effect.ts";
import type { Calls } from "../../core/roster.ts";
import { isCall, isPersonal } from "../escalate.ts";
import { LONGEST_NAG, type NotifyPayload, waitsForDay } from "../notify.ts";
import { type Courier, LONGEST_WAIT } from "./courier.ts";

/** No attempt at a delivery is planned further ahead, µs: over the longest wait between two questions to a receiver. */
const FURTHEST_DELIVERY = 3 * MICROSECONDS.hour;
/** A wait is drawn out by a quarter at most. */
const FURTHEST_RETRY = 1.25 * LONGEST_WAIT;
/** How far a clock goes back before it is minded, µs: less is how clocks are kept right. */
const SET_BACK = MICROSECONDS.minute;
/** Effects looked through. */
const MOST = 20_000;
const BECAUSE = "horloge remise en arrière : essai ramené à maintenant";

/**
 * Brings forward deliveries, messages and calls that wait for a time that no plan can have meant: a clock planned them
 * that was set back since. Looks at the first call, and each time that the clock goes back.
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
    for (const effect of await store.reads.effectsIn(setup.facility.id, ["planned"], MOST)) {
      const { key, fence, due } = effect;
      const furthest = furthestOf(effect, setup.calls);
      if (furthest === undefined || due <= now + furthest + SET_BACK) continue;
      // By a claim, so that of two processes one alone moves it; whoever took it meanwhile keeps it.
      await commit([
        { write: "claim", key, fence, owner },
        { write: "settle", key, fence: fence + 1, state: "planned", due: now, because: BECAUSE },
      ]);
    }
  };
}

/** How far ahead an effect may have been planned, µs; undefined when it waits for a date. */
function furthestOf(
  { kind, key, attempt, payload }: Effect,
  calls: Pick<Calls, "remindAfter" | "nextAfter"> | undefined,
): number | undefined {
  switch (kind) {
    case "deliver":
      return FURTHEST_DELIVERY;
    case "clock":
      if (calls === undefined || !isCall(payload) || waitsForDay(payload.call.key)) return undefined;
      return Math.max(calls.remindAfter, calls.nextAfter);
    case "notify":
      if (attempt > 0) return FURTHEST_RETRY;
      return waitsForDay(key) && !isPersonal(payload) ? undefined : 0;
    case "reminder":
      if (attempt > 0) return FURTHEST_RETRY;
      return (payload as Partial<NotifyPayload>).event === "not_filed" ? LONGEST_NAG : undefined;
  }
}
