import { TocsinError } from "../core/errors.ts";
import type { Committed } from "./committed.ts";
import { type SealedUnit, sealUnit } from "./seal.ts";
import { openSqliteReads } from "./sqlite/reads.ts";
import { openSqliteWriter, type SqliteOptions } from "./sqlite/writer.ts";
import type { Receipt, Store } from "./store.ts";

/** Opens a database in this process, made when new: for `init`, replay and tests. The daemon has a store thread. */
export function openSqlite(options: SqliteOptions): Store {
  const writer = openSqliteWriter(options);
  const reads = openSqliteReads(options.file, options.ring);
  let waiting: { unit: SealedUnit; settle: (done: Committed) => void; fail: (error: unknown) => void }[] = [];
  let open = true;

  function commitWaiting(): void {
    const group = waiting;
    waiting = [];
    if (group.length === 0) return;
    try {
      const done = writer.commitGroup(group.map(({ unit }) => unit));
      for (const [index, { settle }] of group.entries()) settle(done[index] as Committed);
    } catch (error) {
      for (const { fail } of group) fail(error);
    }
  }

  function refuseClosed(): void {
    if (!open)
      throw new TocsinError({ code: "store_closed", where: options.file, message: "the store is closed" });
  }

  return {
    reads,
    async commit(unit): Promise<Receipt> {
      refuseClosed();
      const sealed = sealUnit(unit);
      const done = await new Promise<Committed>((settle, fail) => {
        // Units handed in during one turn go together, in one durable transaction.
        if (waiting.push({ unit: sealed, settle, fail }) === 1) queueMicrotask(commitWaiting);
      });
      if (done.outcome === "failed") throw new TocsinError(done.problem);
      return done;
    },
    async checkpoint(facility) {
      refuseClosed();
      commitWaiting();
      return writer.checkpoint(facility);
    },
    async close() {
      if (!open) return;
      open = false;
      commitWaiting();
      try {
        for (const facility of writer.unsigned(1)) writer.checkpoint(facility);
      } finally {
        reads.close();
        writer.close();
      }
    },
  };
}
