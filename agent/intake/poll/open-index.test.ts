import { describe, expect, it } from "vitest";
import { Poll } from "../../../config/poll.ts";
import type { Question } from "./ask.ts";
import { openIndex, type Place } from "./open-index.ts";
import { type FaultKind, PollFault } from "./poll-fault.ts";

const never = new AbortController().signal;
const SHELL = { timed_out: false, _shards: { total: 3, failed: 0 }, hits: { hits: [] } };
const PLACE: Place = { from: 5, after: undefined, view: undefined, size: 2, sources: true };
const poll = Poll.parse({ url: "https://siem.example:9200", index: "wazuh-alerts-*,other:logs" });

/** An index that gives these answers in turn, and what it was asked. */
function scripted(...answers: (FaultKind | object)[]) {
  const asked: Question[] = [];
  const index = openIndex(poll, async (question) => {
    asked.push(question);
    const answer = answers.shift();
    if (answer === undefined) throw new Error("one question too many");
    if (typeof answer === "string") throw new PollFault(answer, answer);
    return { value: answer, bytes: 1 };
  });
  return { index, asked };
}
const version = (number: string, distribution?: string) => ({ version: { number, distribution } });

describe("the cluster's time", () => {
  const clock = (to: unknown) => ({ ...SHELL, aggregations: { clock: { buckets: [{ to }] } } });
  it.each([
    ["milliseconds", 1_794_704_400_123, 1_794_704_400_123],
    ["a float", 1.794704400123e12, 1_794_704_400_123],
    ["nanoseconds", 1.794704400123456e18, 1_794_704_400_123],
  ])("is the end of a range up to now, in %s", async (_what, to, now) => {
    const { index, asked } = scripted(clock(to));
    expect(await index.now(never)).toBe(now);
    expect(asked).toEqual([
      {
        method: "POST",
        path: "/wazuh-alerts-*,other%3Alogs/_search?request_cache=false",
        body: {
          size: 0,
          track_total_hits: false,
          query: { match_none: {} },
          aggs: { clock: { date_range: { field: "@timestamp", ranges: [{ to: "now" }] } } },
        },
      },
    ]);
  });

  it.each([
    ["no shard", { ...SHELL, _shards: { total: 0 } }, "index_missing"],
    ["no bucket", SHELL, "malformed"],
    ["no number", clock("now"), "malformed"],
    ["nothing", {}, "malformed"],
  ])("is not known from an answer with %s", async (_what, answer, kind) => {
    await expect(scripted(answer).index.now(never)).rejects.toMatchObject({ kind });
  });
});

describe("a view", () => {
  it.each([
    ["7.12.0", undefined, "/wazuh-alerts-*,other%3Alogs/_pit?keep_alive=1m", { id: "v" }],
    ["9.1.2", undefined, "/wazuh-alerts-*,other%3Alogs/_pit?keep_alive=1m", { id: "v" }],
    [
      "2.4.0",
      "opensearch",
      "/wazuh-alerts-*,other%3Alogs/_search/point_in_time?keep_alive=1m",
      { pit_id: "v" },
    ],
    [
      "3.0.0-beta1",
      "opensearch",
      "/wazuh-alerts-*,other%3Alogs/_search/point_in_time?keep_alive=1m",
      { pit_id: "v" },
    ],
  ])("of %s %s is opened, read and closed as it is there", async (number, distribution, path, opened) => {
    const { index, asked } = scripted(version(number, distribution), opened, SHELL, {});
    const view = await index.openView(never);
    if (view === undefined) throw new Error("no view");
    await index.page({ ...PLACE, view, after: [7, 1] }, never);
    await index.closeView(view, never);
    expect(asked.map(({ method, path }) => `${method} ${path}`)).toEqual([
      "GET /",
      `POST ${path}`,
      "POST /_search",
      distribution === undefined ? "DELETE /_pit" : "DELETE /_search/point_in_time",
    ]);
    expect(asked[2]?.body).toMatchObject({
      pit: { id: "v", keep_alive: "1m" },
      search_after: [7, 1],
      sort: [{}, distribution === undefined ? { _shard_doc: {} } : { _seq_no: {} }],
    });
    expect(asked[3]?.body).toEqual(distribution === undefined ? { id: "v" } : { pit_id: ["v"] });
  });

  it.each([
    ["an Elasticsearch before 7.12", [version("7.11.2")]],
    ["an OpenSearch before 2.4", [version("2.3.0", "opensearch")]],
    ["an unknown product", [{ tagline: "You Know" }]],
    ["an index that does not tell what it is", ["denied" as const]],
    ["a role that does not let us", [version("8.0.0"), "denied" as const]],
    ["a node with too many", [version("2.19.0", "opensearch"), "throttled" as const]],
    ["an answer without its name", [version("8.0.0"), {}]],
  ])("is done without on %s, and not asked for again", async (_what, answers) => {
    const { index, asked } = scripted(...answers);
    expect(await index.openView(never)).toBeUndefined();
    expect(await index.openView(never)).toBeUndefined();
    expect(asked).toHaveLength(answers.length);
  });
});

describe("the date field", () => {
  it.each([
    ["there", { indices: ["a"], fields: { "@timestamp": { date: {} } } }, true],
    ["in no index", { indices: ["a"], fields: {} }, false],
    ["not to be asked about", "denied", true],
    ["told in a way of its own", { fields: [] }, true],
  ] as const)("is %s: %j", async (_what, answer, known) => {
    expect(await scripted(answer).index.hasTimeField(never)).toBe(known);
  });
});
