import type { Poll } from "../../../config/poll.ts";
import { at, isObject } from "../../../connectors/shared/json.ts";
import type { Ask, Question } from "./ask.ts";
import { PollFault } from "./poll-fault.ts";
import { type Page, readClock, readPage } from "./read-page.ts";

/** A frozen view of an index (point in time), so that a long reading sees every document once. */
export interface View {
  product: "elasticsearch" | "opensearch";
  id: string;
}

/** Where a page begins. */
export interface Place {
  /** Earliest time, milliseconds since 1970. */
  from: number;
  /** Latest time, milliseconds since 1970. (Default: none.) */
  to?: number | undefined;
  /** What the last document before it was sorted by. */
  after: readonly unknown[] | undefined;
  view: View | undefined;
  size: number;
  /** False asks for what the documents are sorted by and not for themselves. */
  sources: boolean;
}

/** The questions that an index is asked. */
export interface OpenIndex {
  /** The cluster's own time, milliseconds since 1970; rejects with `index_missing` when no index has the name. */
  now(signal: AbortSignal): Promise<number>;
  page(place: Place, signal: AbortSignal): Promise<Page & { bytes: number }>;
  /** Undefined when this index has no such thing, or does not let us. */
  openView(signal: AbortSignal): Promise<View | undefined>;
  closeView(view: View, signal: AbortSignal): Promise<void>;
  /** False when the indices that there are have no such field; true when that cannot be told. */
  hasTimeField(signal: AbortSignal): Promise<boolean>;
}

/** How long a view is kept between two pages. */
const KEEP_ALIVE = "1m";

/** True when what the pages of this place are sorted by is another for every document. */
export function sortsUniquely({ view }: Pick<Place, "view">): boolean {
  return view?.product === "elasticsearch";
}

/** Opens an index, by the ways that Elasticsearch from 7.2 and OpenSearch have in common, or each of its own. */
export function openIndex(poll: Poll, ask: Ask): OpenIndex {
  const index = poll.index.split(",").map(encodeURIComponent).join(",");
  const field = poll.time_field;
  /** Undefined until asked; `none` when there are no views, or none for us. */
  let product: View["product"] | "none" | undefined;

  async function search(path: string, body: unknown, signal: AbortSignal) {
    return ask({ method: "POST", path, body }, signal);
  }

  return {
    async now(signal) {
      // Neither product tells its time in a header: the end of a range in date arithmetic is its own now.
      const clock = { date_range: { field, ranges: [{ to: "now" }] } };
      const body = { size: 0, track_total_hits: false, query: { match_none: {} }, aggs: { clock } };
      const now = readClock((await search(`/${index}/_search?request_cache=false`, body, signal)).value);
      if (now === undefined) throw new PollFault("index_missing", `no index is named ${poll.index}`);
      return now;
    },

    async page(place, signal) {
      const path = place.view === undefined ? `/${index}/_search` : "/_search";
      const { value, bytes } = await search(path, pageQuestion(poll, place), signal);
      return { ...readPage(value), bytes };
    },

    async openView(signal) {
      product ??= await productOf(ask, signal);
      if (product === "none") return undefined;
      const path = product === "elasticsearch" ? "_pit" : "_search/point_in_time";
      const question: Question = { method: "POST", path: `/${index}/${path}?keep_alive=${KEEP_ALIVE}` };
      const value = await unlessFault(ask(question, signal));
      const id = at(value, product === "elasticsearch" ? "id" : "pit_id");
      if (typeof id === "string") return { product, id };
      // Not allowed, or too many open: reading goes on without, and is as right.
      product = "none";
      return undefined;
    },

    async closeView({ product, id }, signal) {
      const question: Question =
        product === "elasticsearch"
          ? { method: "DELETE", path: "/_pit", body: { id } }
          : { method: "DELETE", path: "/_search/point_in_time", body: { pit_id: [id] } };
      // One that is not closed ends by itself.
      await unlessFault(ask(question, signal));
    },

    async hasTimeField(signal) {
      const path = `/${index}/_field_caps?fields=${encodeURIComponent(field)}`;
      const fields = at(await unlessFault(ask({ method: "GET", path }, signal)), "fields");
      return !isObject(fields) || Object.hasOwn(fields, field);
    },
  };
}

/** The search for one page: oldest first, from a time on, up to another when there is one. */
function pageQuestion(poll: Poll, { from, to, after, view, size, sources }: Place): unknown {
  const field = poll.time_field;
  const bounds = { gte: from, ...(to === undefined ? {} : { lte: to }), format: "epoch_millis" };
  const range = { range: { [field]: bounds } };
  const { query } = poll;
  const wanted = query === undefined ? [] : [typeof query === "string" ? { query_string: { query } } : query];
  return {
    size,
    track_total_hits: false,
    query: { bool: { filter: [range, ...wanted] } },
    sort: [
      // In milliseconds whatever the field has: nanoseconds are more than a JSON number holds.
      { [field]: { order: "asc", numeric_type: "date", unmapped_type: "date" } },
      // Sorting by _id is switched off by default; a sequence number is the same on every copy of a shard.
      { [sortsUniquely({ view }) ? "_shard_doc" : "_seq_no"]: { order: "asc" } },
    ],
    ...(sources ? {} : { _source: false }),
    ...(after === undefined ? {} : { search_after: after }),
    ...(view === undefined ? {} : { pit: { id: view.id, keep_alive: KEEP_ALIVE } }),
  };
}

/** Which product this is, if it has views: Elasticsearch sorts them by `_shard_doc` from 7.12, OpenSearch has them from 2.4. */
async function productOf(ask: Ask, signal: AbortSignal): Promise<View["product"] | "none"> {
  const version = at(await unlessFault(ask({ method: "GET", path: "/" }, signal)), "version");
  const [, major, minor] = /^(\d+)\.(\d+)/.exec(String(at(version, "number"))) ?? [];
  const known = Number(major) * 1000 + Number(minor);
  if (at(version, "distribution") === "opensearch") return known >= 2004 ? "opensearch" : "none";
  return known >= 7012 ? "elasticsearch" : "none";
}

/** The answer's value; undefined when it was a fault, which is then no reason to stop. */
async function unlessFault(answer: ReturnType<Ask>): Promise<unknown> {
  try {
    return (await answer).value;
  } catch (error) {
    if (error instanceof PollFault) return undefined;
    throw error;
  }
}
