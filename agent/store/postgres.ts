import { TocsinError } from "../core/errors.ts";
import type { Committed } from "./committed.ts";
import { openPostgresReads } from "./postgres/reads.ts";
import { openPostgresWriter, type PostgresOptions } from "./postgres/writer.ts";
import { type SealedUnit, sealUnit } from "./seal.ts";
import type { Receipt, Store } from "./store.ts";

type Waiting = { unit: SealedUnit; settle: (done: Committed) => void };

/** Opens a shared record in this process: for commands and tests. The daemon has a store thread. */
export async function openPostgres(options: PostgresOptions): Promise<Store> {
  const writer = await openPostgresWriter(options);
  const reads = await openPostgresReads(options.place);
  let waiting: Waiting[] = [];
  let working: Promise<void> | undefined;
  let open = true;

  /** What is handed in while a group is on its way makes the next group. */
  async function work(): Promise<void> {
    await undefined;
    for (let group = waiting; group.length > 0; group = waiting) {
      waiting = [];
      const done = await writer.commitGroup(group.map(({ unit }) => unit));
      for (const [index, { settle }] of group.entries()) settle(done[index] as Committed);
    }
    working = undefined;
  }

  function refuseClosed(): void {
    if (!open) throw new TocsinError({ code: "store_closed", message: "the store is closed" });
  }

  return {
    reads,
    async commit(unit): Promise<Receipt> {
      refuseClosed();
      const sealed = sealUnit(unit);
      const done = await new Promise<Committed>((settle) => {
        waiting.push({ unit: sealed, settle });
        working ??= work();
      });
      if (done.outcome === "failed") throw new TocsinError(done.problem);
      return done;
    },
    async checkpoint(facility) {
      refuseClosed();
      return writer.checkpoint(facility);
    },
    async close() {
      if (!open) return;
      open = false;
      await working;
      try {
        for (const facility of writer.unsigned(1)) await writer.checkpoint(facility);
      } finally {
        await reads.close();
        await writer.close();
      }
    },
  };
}
