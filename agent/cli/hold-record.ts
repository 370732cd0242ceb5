import type { LoadedConfig } from "../../config/load.ts";
import { TocsinError } from "../core/errors.ts";
import { recordOf } from "../record.ts";
import { CORRELATOR } from "../stand-by.ts";
import { lockState } from "../store/lock.ts";
import type { PostgresPlace } from "../store/postgres/connection.ts";
import { accountName } from "./restore.ts";

/** A record that no daemon takes meanwhile. */
export interface HeldRecord {
  /** Lets a daemon have it; once. */
  release(): Promise<void>;
}

/** Keeps daemons from a record; throws `state_in_use` when one has it, here or, where it is shared, on another machine. */
export async function holdRecord(loaded: LoadedConfig): Promise<HeldRecord> {
  const lock = lockState(loaded.stateDirectory);
  try {
    const record = recordOf(loaded);
    if (record.engine === "sqlite") return { release: async () => lock.release() };
    const { checkSchema } = await import("../store/postgres/schema.ts");
    await checkSchema(record.place);
    const lease = await holdLease(record.place, loaded.config.facility.id);
    return {
      async release() {
        await lease.release();
        lock.release();
      },
    };
  } catch (error) {
    lock.release();
    throw error;
  }
}

/** Takes the lease of a facility in PostgreSQL when nobody has it; throws `state_in_use` when somebody has. */
export async function holdLease(place: PostgresPlace, facility: string): Promise<HeldRecord> {
  const [{ takeLease }, { placeName }] = await Promise.all([
    import("../store/postgres/lease.ts"),
    import("../store/postgres/connection.ts"),
  ]);
  const giveUp = new AbortController();
  let because = "";
  try {
    return await takeLease(place, {
      ...{ facility, name: CORRELATOR, owner: `a command of ${accountName()}`, signal: giveUp.signal },
      waiting(why) {
        because = why;
        giveUp.abort();
      },
    });
  } catch (error) {
    if (!giveUp.signal.aborted) throw error;
    throw new TocsinError(
      {
        code: "state_in_use",
        where: placeName(place),
        message: because,
        remedy: "stop that daemon first, and those that stand by",
      },
      { cause: error },
    );
  }
}
