import { createHash } from "node:crypto";

/** A document of the imitated index. */
export interface FakeDocument {
  id: string;
  /** Its own time, ms since 1970. */
  time: number;
  /** When it can be found, ms since 1970. */
  visible: number;
  source: Record<string, unknown>;
  index?: string;
  /** Of SHARDS. */
  shard?: number;
}

interface Kept extends Required<FakeDocument> {
  seqNo: number;
}

interface SearchBody {
  size: number;
  query: { match_none?: object; bool?: { filter: Record<string, never>[] } };
  sort?: Record<string, Record<string, string>>[];
  search_after?: number[];
  pit?: { id: string };
  _source?: boolean;
}

export type FakeAnswer = { status: number; body: unknown };

const SHARDS = 3;
const PRODUCTS = {
  elasticsearch: { number: "8.17.0" },
  "old elasticsearch": { number: "7.10.2" },
  opensearch: { number: "2.19.1", distribution: "opensearch" },
  "old opensearch": { number: "1.3.0", distribution: "opensearch" },
} as const;
export type Product = keyof typeof PRODUCTS;
export const PRODUCT_NAMES = Object.keys(PRODUCTS) as Product[];

/** Imitates the part of Elasticsearch or OpenSearch that is asked, strictly: what these refuse, it refuses. */
export function fakeIndex(options: { product: Product; name: string; field: string; now: () => number }) {
  const { product, name, field, now } = options;
  const version = PRODUCTS[product];
  const views = new Map<string, Kept[]>();
  const documents: Kept[] = [];
  const counters = new Map<string, number>();
  const seen = { searches: [] as SearchBody[], opened: 0, closed: 0 };
  let asked = 0;

  const error = (status: number, type: string, reason: string): FakeAnswer => ({
    status,
    body: { error: { root_cause: [{ type, reason }], type, reason }, status },
  });
  const visible = () => documents.filter((each) => each.visible <= now());

  function answer(method: string, url: string, body: unknown): FakeAnswer {
    const path = url.split("?")[0] ?? "";
    const patterns = `/${name}`;
    if (method === "GET" && path === "/") return { status: 200, body: { version } };
    if (method === "GET" && path === `${patterns}/_field_caps`)
      return { status: 200, body: { indices: [name], fields: { [field]: { date: {} } } } };
    if (product === "elasticsearch" && path === `${patterns}/_pit` && method === "POST")
      return { status: 200, body: { id: open() } };
    if (product === "elasticsearch" && path === "/_pit" && method === "DELETE")
      return close([(body as { id: string }).id]);
    if (product === "opensearch" && path === `${patterns}/_search/point_in_time` && method === "POST")
      return { status: 200, body: { pit_id: open(), creation_time: now() } };
    if (product === "opensearch" && path === "/_search/point_in_time" && method === "DELETE")
      return close((body as { pit_id: string[] }).pit_id);
    if (method === "POST" && path === `${patterns}/_search`) return search(body as SearchBody);
    if (method === "POST" && path === "/_search" && (body as SearchBody).pit !== undefined)
      return search(body as SearchBody);
    return error(
      400,
      "illegal_argument_exception",
      `no handler found for uri [${url}] and method [${method}]`,
    );
  }

  function open(): string {
    const id = `view-${++seen.opened}`;
    views.set(id, visible());
    return id;
  }

  function close(ids: string[]): FakeAnswer {
    for (const id of ids) if (views.delete(id)) seen.closed++;
    return { status: 200, body: { succeeded: true } };
  }

  function search(body: SearchBody): FakeAnswer {
    asked++;
    const shell = {
      took: 1,
      timed_out: false,
      _shards: { total: SHARDS, successful: SHARDS, skipped: 0, failed: 0 },
    };
    if (body.query.match_none !== undefined) {
      const buckets = [{ key: `*-${now()}`, to: now(), doc_count: 0 }];
      return {
        status: 200,
        body: { ...shell, hits: { max_score: null, hits: [] }, aggregations: { clock: { buckets } } },
      };
    }
    seen.searches.push(body);
    const inView = body.pit === undefined ? visible() : views.get(body.pit.id);
    if (inView === undefined)
      return error(404, "search_context_missing_exception", "No search context found");
    const [byTime = {}, byTie = {}] = body.sort ?? [];
    const [tie = ""] = Object.keys(byTie);
    const known = ["order", "numeric_type", "unmapped_type"];
    if (Object.keys(byTime[field] ?? {}).some((key) => !known.includes(key)))
      return error(400, "x_content_parse_exception", "[field_sort] unknown field");
    if (tie !== "_seq_no" && !(tie === "_shard_doc" && product === "elasticsearch" && body.pit !== undefined))
      return error(400, "illegal_argument_exception", `sorting on ${tie} is not allowed`);
    const range = body.query.bool?.filter[0]?.range as
      | Record<string, { gte: number; lte?: number; format: string }>
      | undefined;
    const from = range?.[field];
    if (from?.format !== "epoch_millis") return error(400, "parsing_exception", "no range");
    const valuesOf = (each: Kept, place: number): [number, number] => [
      each.time,
      tie === "_seq_no" ? each.seqNo : each.shard * 1_000_000 + place,
    ];
    const after = body.search_after;
    const hits = inView
      .map((each, place) => ({ each, values: valuesOf(each, place) }))
      .filter(({ each }) => each.time >= from.gte && each.time <= (from.lte ?? each.time))
      .filter(({ values: [time, tied] }) => {
        const [t = 0, n = 0] = after ?? [];
        return after === undefined || time > t || (time === t && tied > n);
      })
      // What is equal comes in another order every time, as from another copy of the shards.
      .sort(
        (a, b) =>
          a.values[0] - b.values[0] || a.values[1] - b.values[1] || shuffled(a.each) - shuffled(b.each),
      )
      .slice(0, body.size)
      .map(({ each, values }) => ({
        _index: each.index,
        _id: each.id,
        _score: null,
        ...(body._source === false ? {} : { _source: each.source }),
        sort: values,
      }));
    const pit = body.pit === undefined ? {} : { pit_id: body.pit.id };
    return { status: 200, body: { ...pit, ...shell, hits: { max_score: null, hits } } };
  }

  function shuffled({ id }: Kept): number {
    return createHash("sha256").update(`${asked}${id}`).digest().readUInt32BE();
  }

  return {
    answer,
    seen,
    documents,
    add(document: FakeDocument): void {
      const index = document.index ?? "logs-000001";
      const shard = (document.shard ?? documents.length) % SHARDS;
      const counter = `${index} ${shard}`;
      const seqNo = counters.get(counter) ?? 0;
      counters.set(counter, seqNo + 1);
      documents.push({ ...document, index, shard, seqNo });
    },
    /** Lets every view expire. */
    expire: () => views.clear(),
  };
}
