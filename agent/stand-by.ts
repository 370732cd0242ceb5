import type { LoadedConfig } from "../config/load.ts";
import { listenHttp } from "./http-server.ts";
import type { Duties } from "./roles.ts";
import type { Lease } from "./store/postgres/lease.ts";
import type { RecordPlace } from "./store/record-place.ts";
import type { Log } from "./telemetry/log.ts";
import { operationsApp } from "./web/operations.ts";

/** The lease of the process that sorts detections and carries out what is due. */
export const CORRELATOR = "correlator";

/**
 * Waits until this process alone may act for its facility; undefined at once when the record is its own. Meanwhile the
 * operations listener answers that it lives, and that it is not ready when others would be sent to it.
 */
export async function standBy(
  { config }: Pick<LoadedConfig, "config">,
  record: RecordPlace,
  parts: {
    duties: Pick<Duties, "listens" | "serves">;
    owner: string;
    log: Log;
    signal?: AbortSignal | undefined;
    standing?: (() => void) | undefined;
  },
): Promise<Lease | undefined> {
  if (record.engine === "sqlite") return undefined;
  const { duties, owner, log, signal } = parts;
  const [{ takeLease }, { migratePostgres }] = await Promise.all([
    import("./store/postgres/lease.ts"),
    import("./store/postgres/schema.ts"),
  ]);
  await migratePostgres(record.place);
  let why = "starting";
  let waiting = false;
  const operations = await listenHttp(config.listeners.operations, "listeners.operations", { log });
  operations.serve(
    operationsApp({
      causes: () => (duties.listens || duties.serves ? [`standing by: ${why}`] : []),
      stalled: async () => [],
      metrics: async () => ({ text: "tocsin_standing_by 1\n", type: "text/plain; version=0.0.4" }),
    }),
  );
  try {
    return await takeLease(record.place, {
      ...{ facility: config.facility.id, name: CORRELATOR, owner, signal },
      waiting(because) {
        why = because;
        log.info("standing by", { why });
        if (!waiting) parts.standing?.();
        waiting = true;
      },
    });
  } finally {
    await operations.close();
  }
}
