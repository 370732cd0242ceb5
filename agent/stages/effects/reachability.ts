import type { Reachability } from "../../../connectors/contract.ts";
import type { Clock, Instant } from "../../core/clock.ts";
import { messageOf } from "../../core/errors.ts";
import type { Store } from "../../store/store.ts";
import type { OpenOutbound } from "../transmit.ts";

/** Longest that a receiver is looked for, ms. */
const PATIENCE = 10_000;

/** Whether the receiver of a way can be reached: as it was looked last, and since when that is so. */
export interface WayReach extends Reachability {
  looked: Instant;
  since: Instant;
}

/** Looks, time and again, whether each way out would arrive, before it is needed. */
export interface Reachabilities {
  /** Looks at every way that can be looked at; what changed is noted in the journal. */
  look(): Promise<void>;
  /** Null for a way of which nothing is known. */
  of(way: string): WayReach | null;
}

/** Builds what looks whether the receivers can be reached; it sends nothing to any of them. */
export function openReachability(parts: {
  store: Store;
  facility: string;
  clock: Clock;
  outbounds: ReadonlyMap<string, OpenOutbound>;
  signal: AbortSignal;
}): Reachabilities {
  const { store, facility, clock, outbounds } = parts;
  const known = new Map<string, WayReach>();

  async function lookAt(way: string, open: OpenOutbound): Promise<void> {
    if (open.probe === undefined) return;
    const signal = AbortSignal.any([parts.signal, AbortSignal.timeout(PATIENCE)]);
    const found = await open
      .probe({ now: clock.now(), signal })
      .catch((error: unknown): Reachability => ({ reachable: false, because: messageOf(error) }));
    if (parts.signal.aborted) return;
    const looked = clock.now();
    const before = known.get(way);
    const same = before?.reachable === found.reachable;
    known.set(way, { ...found, looked, since: same ? before.since : looked });
    if (same || (before === undefined && found.reachable)) return;
    const content = { way, reachable: found.reachable, because: found.because };
    await store.commit({
      facility,
      at: looked,
      writes: [{ write: "note", what: "way_out_reach", incident: null, content }],
    });
  }

  return {
    look: async () => {
      await Promise.all([...outbounds].map(([way, open]) => lookAt(way, open)));
    },
    of: (way) => known.get(way) ?? null,
  };
}
