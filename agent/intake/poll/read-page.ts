import { at, isObject } from "../../../connectors/shared/json.ts";
import { PollFault } from "./poll-fault.ts";

/** One document of an answer. */
export interface Hit {
  index: string;
  id: string;
  /** Undefined when the index keeps none, or was asked for none. */
  source: unknown;
  /** Its time, milliseconds since 1970. */
  time: number;
  /** What it was sorted by, as the index wants it back. */
  sort: readonly unknown[];
}

/** Characters of an index's name and of an id together: twice what an index lets them have. */
const LONGEST_IDENTITY = 2048;

/** One answer to a search. */
export interface Page {
  hits: Hit[];
  /** False when a shard, or another cluster, did not answer. */
  whole: boolean;
  /** How many shards were asked; none when no index has the name. */
  shards: number;
  /** The name under which the view goes on. */
  view: string | undefined;
}

/** Reads the answer to a search; throws `malformed` when it is not one. */
export function readPage(value: unknown): Page {
  const hits = at(value, "hits", "hits");
  const shards = at(value, "_shards", "total");
  if (!Array.isArray(hits) || typeof shards !== "number")
    throw new PollFault("malformed", "the answer has no list of hits and no count of shards");
  const view = at(value, "pit_id");
  return {
    hits: hits.map(readHit),
    whole:
      at(value, "timed_out") !== true &&
      none(at(value, "_shards", "failed")) &&
      ["skipped", "partial", "failed"].every((word) => none(at(value, "_clusters", word))),
    shards,
    view: typeof view === "string" ? view : undefined,
  };
}

/**
 * Reads the cluster's own time, milliseconds since 1970, from the answer to `clockQuestion`; undefined when no index
 * has the name.
 */
export function readClock(value: unknown): number | undefined {
  const { shards } = readPage(value);
  if (shards === 0) return undefined;
  const buckets = at(value, "aggregations", "clock", "buckets");
  const to = Array.isArray(buckets) ? at(buckets[0], "to") : undefined;
  if (typeof to !== "number" || !(to > 0)) throw new PollFault("malformed", "the answer tells no time");
  // A date_nanos field counts in nanoseconds.
  return Math.floor(to > 1e16 ? to / 1e6 : to);
}

function none(count: unknown): boolean {
  return count === undefined || count === 0;
}

function readHit(hit: unknown): Hit {
  const [index, id, source, sort] = ["_index", "_id", "_source", "sort"].map((name) => at(hit, name));
  if (typeof index !== "string" || typeof id !== "string" || !Array.isArray(sort))
    throw new PollFault("malformed", "a hit lacks its index, its id or what it was sorted by");
  if (index.length + id.length > LONGEST_IDENTITY)
    throw new PollFault("malformed", "a hit has a longer id than any index gives");
  const time: unknown = sort[0];
  if (typeof time !== "number" || !Number.isSafeInteger(time))
    throw new PollFault("malformed", "a hit was not sorted by a date");
  return { index, id, source: isObject(source) ? source : undefined, time, sort };
}
