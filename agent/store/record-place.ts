import type { DamagedRow } from "../core/damaged-row.ts";
import type { KeyRing } from "./cipher/key-ring.ts";
import type { PostgresPlace } from "./postgres/connection.ts";
import { openSqliteReads } from "./sqlite/reads.ts";
import type { Reads } from "./store.ts";

/** Where the record is; plain data, so that threads can be given it. */
export type RecordPlace =
  | {
      engine: "sqlite";
      /** The database; made when it does not exist. */
      file: string;
      /** The outer keys, when the record is encrypted. */
      ring?: KeyRing | undefined;
    }
  | {
      engine: "postgres";
      place: PostgresPlace;
      /** Where this process keeps the checkpoints that it signs, besides the table. */
      checkpointsFile: string;
    };

/** Reads with the connections they hold. */
export interface OpenReads extends Reads {
  close(): void | Promise<void>;
}

/** Opens what reads a record; rejects with `store_missing` when there is none. `told`: see `openSqliteReads`. */
export async function openReads(record: RecordPlace, told?: (row: DamagedRow) => void): Promise<OpenReads> {
  if (record.engine === "sqlite") return openSqliteReads(record.file, record.ring, told);
  // Of one machine the other engine is not loaded.
  const { openPostgresReads } = await import("./postgres/reads.ts");
  return openPostgresReads(record.place, told);
}
