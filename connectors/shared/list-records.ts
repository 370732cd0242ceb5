import type { Decoded, RecordList } from "../contract.ts";

/** Lists the records of a body; `decode` reads some of them, as a body that is a list. */
export function listRecords(records: readonly unknown[], decode: (some: unknown[]) => Decoded): RecordList {
  return { count: records.length, decode: (from, to) => decode(records.slice(from, to)) };
}
