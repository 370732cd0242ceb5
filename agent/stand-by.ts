import { setTimeout } from "node:timers/promises";
import type { LoadedConfig } from "../config/load.ts";
import { messageOf, TocsinError } from "./core/errors.ts";
import { listenHttp } from "./http-server.ts";
import type { Duties } from "./roles.ts";
import type { PostgresPlace } from "./store/postgres/connection.ts";
import type { Lease } from "./store/postgres/lease.ts";
import type { RecordPlace } from "./store/record-place.ts";
import type { Log } from "./telemetry/log.ts";
import { operationsApp } from "./web/operations.ts";

/** The lease of the process that sorts detections and carries out what is due. */
export const CORRELATOR = "correlator";

/** How often a PostgreSQL that is away is asked for at the start, ms. */
const ASK_MS = 1_000;

/**
 * Waits until PostgreSQL serves, and for a process that correlates until it alone may act for its facility; without a
 * lease when it does not, or when the record is its own. Meanwhile the operations listener answers that it lives, and
 * that it is not ready when others would be sent to it.
 */
export async function standBy(
  loaded: Pick<LoadedConfig, "config" | "secrets">,
  record: RecordPlace,
  parts: {
    duties: Duties;
    owner: string;
    log: Log;
    signal?: AbortSignal | undefined;
    standing?: (() => void) | undefined;
  },
): Promise<Lease | undefined> {
  if (record.engine === "sqlite") return undefined;
  const { config } = loaded;
  const { place } = record;
  const { duties, owner, log, signal } = parts;
  const { takeLease } = await import("./store/postgres/lease.ts");
  let why = "starting";
  let waiting = false;
  const waits = (because: string) => {
    why = because;
    if (!waiting) parts.standing?.();
    waiting = true;
  };
  const operations = await listenHttp(config.listeners.operations, "listeners.operations", { log });
  operations.serve(
    operationsApp({
      causes: () => (duties.listens || duties.serves ? [`standing by: ${why}`] : []),
      stalled: async () => [],
      metrics: async () => ({ text: "tocsin_standing_by 1\n", type: "text/plain; version=0.0.4" }),
    }),
  );
  try {
    await awaitSchema(place, {
      signal,
      away(because) {
        if (because !== why) log.warn("waiting for PostgreSQL", { why: because });
        waits(because);
      },
    });
    if (!duties.correlates) return undefined;
    const offer = config.bus && (await import("./offer-on-bus.ts")).offerOnBus;
    let withdraw: (() => Promise<void>) | undefined;
    try {
      return await takeLease(place, {
        ...{ facility: config.facility.id, name: CORRELATOR, owner, signal },
        waiting(because) {
          log.info("standing by", { why: because });
          waits(because);
          withdraw ??= offer?.(loaded, place, owner);
        },
      });
    } finally {
      void withdraw?.();
    }
  } finally {
    await operations.close();
  }
}

/** A service manager gives up who ends over and over: what is only away is waited for. */
async function awaitSchema(
  place: PostgresPlace,
  { signal, away }: { signal: AbortSignal | undefined; away: (why: string) => void },
): Promise<void> {
  const [{ migratePostgres }, { isAway }] = await Promise.all([
    import("./store/postgres/schema.ts"),
    import("./store/postgres/connection.ts"),
  ]);
  for (;;) {
    try {
      return await migratePostgres(place);
    } catch (error) {
      if (!isAway(error)) throw error;
      away(messageOf(error));
    }
    await setTimeout(ASK_MS, undefined, { signal }).catch(() => undefined);
    if (signal?.aborted === true)
      throw new TocsinError({ code: "stopped", message: "asked to stop while it waited for PostgreSQL" });
  }
}
