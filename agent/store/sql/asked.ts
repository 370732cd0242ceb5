import type { Reads } from "../store.ts";
import type { Asking } from "./sql.ts";

/** The questions to the record, as work for an engine. */
export type Asked = {
  [Q in Exclude<keyof Reads, "damaged">]: (
    ...given: Parameters<Reads[Q]>
  ) => Asking<Awaited<ReturnType<Reads[Q]>>>;
};

/** Those that ask several things of one view of the record. */
export const OF_ONE_VIEW: ReadonlySet<keyof Asked> = new Set<keyof Asked>([
  "ofIncidents",
  "byState",
  "effectsDue",
  "effectsIn",
  "journalOfHouse",
  "journalEnd",
  "countOverTime",
  "event",
]);
