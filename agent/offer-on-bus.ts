import type { LoadedConfig } from "../config/load.ts";
import { connectBus } from "./bus/connect.ts";
import { busOf } from "./bus-settings.ts";
import type { PostgresPlace } from "./store/postgres/connection.ts";

/** Held by one of those that stand by and reach NATS: who acts and does not reach it may let go. */
export const REACHES_BUS = "correlator that stands by and reaches the bus";

/** Says in the record, while this process stands by, that it reaches NATS; stops by what it returns. */
export function offerOnBus(
  loaded: Pick<LoadedConfig, "config" | "secrets">,
  place: PostgresPlace,
  owner: string,
): () => Promise<void> {
  const settings = busOf(loaded);
  if (settings === undefined) return async () => undefined;
  const facility = loaded.config.facility.id;
  const link = connectBus(settings, { role: "correlator", facility });
  const stopping = new AbortController();
  const offering = offer();

  async function offer(): Promise<void> {
    const { takeLease } = await import("./store/postgres/lease.ts");
    while (!stopping.signal.aborted) {
      await linkIs(true);
      const away = new AbortController();
      void linkIs(false).then(() => away.abort());
      // Rejects once it is given up before it was had.
      const lease = await takeLease(place, {
        ...{ facility, name: REACHES_BUS, owner, signal: away.signal },
      }).catch(() => undefined);
      if (lease === undefined) continue;
      await Promise.race([linkIs(false), lease.lost]);
      await lease.release();
    }
  }

  /** Resolves once the connection stands or does not, and at the end. */
  function linkIs(connected: boolean): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        unwatch();
        stopping.signal.removeEventListener("abort", done);
        resolve();
      };
      const look = () => (link.status().connected === connected ? done() : undefined);
      const unwatch = link.watch(look);
      stopping.signal.addEventListener("abort", done);
      if (stopping.signal.aborted) done();
      else look();
    });
  }

  return async () => {
    stopping.abort();
    await offering;
    await link.close();
  };
}
