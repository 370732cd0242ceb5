import type { Store } from "../store/store.ts";
import { within } from "./span.ts";

/** Traces what is committed: how much, never what. */
export function traceCommits(store: Store): Store {
  return {
    ...store,
    commit: (unit) =>
      within("commit", "internal", async (span) => {
        span.set({ "tocsin.writes": unit.writes.length });
        const receipt = await store.commit(unit);
        span.set({ "tocsin.outcome": receipt.outcome });
        return receipt;
      }),
  };
}
