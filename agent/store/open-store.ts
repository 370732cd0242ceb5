import type { Clock } from "../core/clock.ts";
import type { SigningKey } from "./keys.ts";
import type { RecordPlace } from "./record-place.ts";
import type { Store } from "./store.ts";

/** Opens a record in this process, made when new: for commands and tests. The daemon has a store thread. */
export async function openStore(
  record: RecordPlace,
  { signingKey, clock }: { signingKey: SigningKey; clock: Clock },
): Promise<Store> {
  if (record.engine === "sqlite") {
    const { openSqlite } = await import("./sqlite.ts");
    return openSqlite({ file: record.file, ring: record.ring, signingKey, clock });
  }
  const { openPostgres } = await import("./postgres.ts");
  return openPostgres({ place: record.place, checkpointsFile: record.checkpointsFile, signingKey, clock });
}
