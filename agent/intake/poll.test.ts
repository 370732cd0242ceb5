import { describe, expect, it } from "vitest";
import { generic } from "../../connectors/inbound/generic/index.ts";
import { PRODUCT_NAMES } from "../../test/support/fake-index.ts";
import { BEGIN, metricOf, rounds, SECOND, scene } from "../../test/support/poll-scene.ts";
import { PollFault } from "./poll/poll-fault.ts";
import { openPoll } from "./poll.ts";

describe("a poll", () => {
  it.each(PRODUCT_NAMES)(
    "takes each document of %s once, with its place and its own text",
    async (product) => {
      const { add, run, taken, alerts, fake } = scene({ page_size: 3 }, { product });
      const added = Array.from({ length: 20 }, (_, i) => add(i % 7, i * 3));
      await run(200);
      expect([...taken].sort()).toEqual([...added].sort());
      expect(alerts.get("logs-000001/d4")).toMatchObject({
        "@timestamp": "2026-11-15T01:00:04.000Z",
        event: { id: "d4", original: '{"@timestamp":"2026-11-15T01:00:04.000Z","message":"d4"}' },
        fields: { _index: "logs-000001", _id: "d4" },
      });
      expect(fake.seen.closed).toBe(fake.seen.opened);
      expect(fake.seen.opened > 0).toBe(!product.startsWith("old"));
    },
  );

  it.each(PRODUCT_NAMES)("takes all that share one time, across pages, of %s", async (product) => {
    const { add, run, taken } = scene({ page_size: 1 }, { product });
    const added = Array.from({ length: 30 }, () => add(1, 1));
    await run(60);
    expect([...taken].sort()).toEqual([...added].sort());
  });

  it("reads a long past in rounds without a wait, each with a view of its own", async () => {
    const { add, run, taken, fake, waits, metrics } = scene({ page_size: 1, start: "2026-11-14" });
    const added = Array.from({ length: 450 }, (_, i) => add(-Math.floor(i / 5) - 1, 0));
    await run(10);
    expect([...taken].sort()).toEqual([...added].sort());
    expect(waits).toEqual([15]);
    expect(await rounds(metrics, "documents")).toBe(fake.seen.opened);
    expect(fake.seen).toMatchObject({ opened: 3, closed: 3 });
  });

  it("asks for what it is told to, oldest first, without counting", async () => {
    const query = { range: { "rule.level": { gte: 7 } } };
    const { add, run, fake } = scene({ query, time_field: "event.ingested", overlap_seconds: 60 });
    add(1);
    await run(20);
    expect(fake.seen.searches[0]).toEqual({
      size: 500,
      track_total_hits: false,
      query: {
        bool: {
          filter: [{ range: { "event.ingested": { gte: BEGIN - 60_000, format: "epoch_millis" } } }, query],
        },
      },
      sort: [
        { "event.ingested": { order: "asc", numeric_type: "date", unmapped_type: "date" } },
        { _seq_no: { order: "asc" } },
      ],
    });
  });

  it("takes a text for query string syntax", async () => {
    const { run, fake } = scene({ query: "rule.level:>=7" });
    await run(1);
    expect(fake.seen.searches[0]?.query.bool?.filter[1]).toEqual({
      query_string: { query: "rule.level:>=7" },
    });
  });

  it("begins at a date, and before it takes nothing", async () => {
    const { add, run, taken } = scene({ start: "2026-11-15T00:00:00Z" });
    add(-3601, -3601);
    const first = add(-3600, -3600);
    await run(60);
    expect(taken).toEqual([first]);
  });

  it("goes on where it stood before a restart, whatever came meanwhile", async () => {
    const { add, run, taken } = scene();
    const added = [add(1), add(30), add(300, 301), add(500)];
    await run(60);
    await run(600);
    expect(new Set(taken)).toEqual(new Set(added));
  });

  it("leaves the cursor where it is until a page is durable", async () => {
    const { add, run, state, taken, metrics } = scene();
    add(1);
    state.failing = true;
    await run(60);
    expect(state.bookmark).toBe('{"through":"2026-11-15T01:00:00.000Z"}');
    expect(await rounds(metrics, "not_stored")).toBeGreaterThan(0);
    state.failing = false;
    await run(60);
    expect(taken).toEqual(["logs-000001/d0"]);
    expect(state.bookmark).toBe('{"through":"2026-11-15T01:00:01.000Z"}');
  });

  it("takes a document of the far future at once, and once, and does not follow it there", async () => {
    const { add, run, taken, state } = scene();
    const future = add(86_400 * 365, 5);
    const present = add(50, 60);
    await run(120);
    expect(taken).toEqual([future, present]);
    expect(Date.parse(JSON.parse(state.bookmark ?? "").through)).toBeLessThanOrEqual(BEGIN + 120_000);
  });

  it.each([-86_400_000, 86_400_000])("minds no difference of %i ms between the clocks", async (skew) => {
    const { add, run, taken } = scene({}, { skew });
    const added = [add(1), add(100, 200), add(210, 211)];
    await run(400);
    expect(taken).toEqual(added);
  });

  it("waits for an index that is missing, and takes what came since it waits", async () => {
    const { add, run, taken, state, log, now, metrics } = scene({ overlap_seconds: 0 });
    const [first, second] = [add(40), add(100)];
    state.answers = (whole) =>
      now() < BEGIN + 90_000 ? new PollFault("index_missing", "HTTP 404: no such index") : whole();
    await run(400);
    expect(taken).toEqual([first, second]);
    expect(await rounds(metrics, "index_missing")).toBe(3);
    expect(log).toMatchObject([{ level: "warn", fields: { outcome: "index_missing" } }, { level: "info" }]);
  });

  it("takes what the rest of the index answers, and what was missing once it is back", async () => {
    const { add, run, taken, state, now, log, metrics } = scene({ overlap_seconds: 10 });
    const missing = add(5, 5, { shard: 2 });
    const there = [add(6, 6, { shard: 0 }), add(100, 100, { shard: 0 }), add(200, 200, { shard: 0 })];
    state.answers = (whole) => {
      const answer = whole();
      const body = answer.body as { _shards?: { failed: number }; hits?: { hits: { _id: string }[] } };
      if (now() >= BEGIN + 300_000 || body._shards === undefined || body.hits === undefined) return answer;
      body._shards.failed = 1;
      body.hits.hits = body.hits.hits.filter(({ _id }) => _id !== "d0");
      return answer;
    };
    await run(290);
    expect(taken).toEqual(there);
    expect(state.bookmark).toBe('{"through":"2026-11-15T01:00:00.000Z"}');
    await run(60);
    expect(new Set(taken)).toEqual(new Set([...there, missing]));
    expect(state.bookmark).toBe('{"through":"2026-11-15T01:03:20.000Z"}');
    expect(log[0]).toMatchObject({ level: "warn", fields: { outcome: "partial" } });
    expect(await rounds(metrics, "partial")).toBeGreaterThan(10);
  });

  it("catches up in one process when the missing part comes back", async () => {
    const { add, run, taken, state, now } = scene({ overlap_seconds: 10 });
    const missing = add(5, 5);
    const there = [add(100), add(200)];
    state.answers = (whole) => {
      const answer = whole();
      const body = answer.body as { timed_out?: boolean; hits?: { hits: { _id: string }[] } };
      if (now() >= BEGIN + 250_000 || body.hits === undefined) return answer;
      body.timed_out = true;
      body.hits.hits = body.hits.hits.filter(({ _id }) => _id !== "d0");
      return answer;
    };
    await run(300);
    expect(taken).toEqual([...there, missing]);
    expect(state.bookmark).toBe('{"through":"2026-11-15T01:03:20.000Z"}');
  });

  it("asks for half as much when an answer is too large, and passes over a document that is too large alone", async () => {
    const { add, run, taken, state, refused, metrics } = scene(
      { page_size: 8 },
      { product: "old opensearch" },
    );
    const added = Array.from({ length: 16 }, (_, i) => add(i, 0));
    state.answers = (whole) => {
      const answer = whole();
      const hits =
        (answer.body as { hits?: { hits: { _id: string; _source?: unknown }[] } }).hits?.hits ?? [];
      const weight = hits.reduce(
        (sum, { _id, _source }) => sum + (_source === undefined ? 0 : _id === "d5" ? 9 : 1),
        0,
      );
      return weight > 4 ? new PollFault("too_large", "too large") : answer;
    };
    await run(30);
    expect(taken).toEqual(added.filter((each) => !each.endsWith("/d5")));
    expect(refused).toEqual(["document_too_large"]);
    expect(await rounds(metrics, "too_large")).toBeUndefined();
  });

  it("goes on without a view that has expired or is refused", async () => {
    for (const lost of ["expired", "refused"]) {
      const { add, run, taken, state, fake } = scene({ page_size: 2 });
      const added = Array.from({ length: 12 }, (_, i) => add(i >> 2, 0));
      let pages = 0;
      state.answers = (whole, { path, body }) => {
        if (lost === "refused" && path.includes("_pit")) return new PollFault("denied", "HTTP 403");
        if (path === "/_search" && body !== undefined && ++pages === 3) fake.expire();
        return whole();
      };
      await run(14);
      expect([...taken].sort()).toEqual([...added].sort());
    }
  });

  it("quarantines what cannot be read, once, and takes the rest", async () => {
    const { add, run, taken, refused } = scene();
    const none = undefined as unknown as Record<string, unknown>;
    add(1, 1, { source: none });
    const good = add(2, 2);
    await run(60);
    expect(taken).toEqual([good]);
    expect(refused).toEqual(["no_source"]);
  });

  it.each([
    ["denied", "error"],
    ["untrusted", "error"],
    ["redirected", "error"],
    ["refused", "error"],
    ["unavailable", "warn"],
    ["timeout", "warn"],
    ["throttled", "warn"],
    ["malformed", "warn"],
  ] as const)("tells once of an index that is %s, as %s, and comes back ever later", async (kind, level) => {
    const { add, run, taken, state, log, waits, metrics, refused } = scene();
    const added = add(1);
    state.answers = () => new PollFault(kind, "because");
    await run(1500);
    expect(log).toMatchObject([{ level, fields: { source: "siem", outcome: kind, because: "because" } }]);
    expect(waits.slice(0, 7)).toEqual([15, 30, 60, 120, 240, 300, 300]);
    expect(await rounds(metrics, kind)).toBe(waits.length);
    expect(refused).toEqual(kind === "malformed" ? ["malformed_answer"] : []);
    state.answers = undefined;
    await run(60);
    expect(taken).toEqual([added]);
  });

  it.each(PRODUCT_NAMES)(
    "does not turn for ever when %s gives the same full page to every question",
    async (product) => {
      const { add, run, taken, state, metrics, refused } = scene({ page_size: 2 }, { product });
      const added = add(1);
      let asked = 0;
      state.answers = (ask, { body }) => {
        asked++;
        const { size = 0, sort } = (body ?? {}) as { size?: number; sort?: unknown };
        if (sort === undefined) return ask();
        const hit = { _index: "logs-1", _source: { message: "again" }, sort: [BEGIN + SECOND, 1] };
        const hits = Array.from({ length: size }, (_, i) => ({ ...hit, _id: `same-${i % 2}` }));
        return { status: 200, body: { _shards: { total: 1 }, hits: { hits } } };
      };
      await run(100);
      expect(await rounds(metrics, "malformed")).toBeGreaterThan(1);
      expect(asked).toBeLessThan(500);
      expect(refused).toEqual(["malformed_answer"]);
      state.answers = undefined;
      await run(100);
      expect(taken).toContain(added);
    },
  );

  it("comes back soon after a failure that followed a page", async () => {
    const { add, run, state, waits } = scene({ page_size: 1 });
    for (let i = 0; i < 50; i++) add(i, 0);
    let asked = 0;
    state.answers = (whole, { path }) =>
      path.endsWith("_search") && ++asked % 3 === 0 ? new PollFault("timeout", "late") : whole();
    await run(100);
    expect(new Set(waits)).toEqual(new Set([15]));
  });

  it("waits as long as the index asks, within bounds", async () => {
    for (const [asked, wait] of [
      [45, 45],
      [100_000, 300],
      [1, 15],
    ] as const) {
      const { run, state, waits } = scene();
      state.answers = () => new PollFault("throttled", "HTTP 429", asked);
      await run(1);
      expect(waits).toEqual([wait]);
    }
  });

  it("says that no document can come when the index has no such field", async () => {
    const { run, state, log } = scene({ time_field: "@timestmap" });
    state.answers = (whole, { path }) =>
      path.includes("_field_caps") ? { status: 200, body: { indices: ["logs-1"], fields: {} } } : whole();
    await run(100);
    expect(log).toMatchObject([{ level: "error", fields: { field: "@timestmap" } }]);
  });

  it("is heard of when documents come, not when the index answers nothing, nor when a restart reads them again", async () => {
    const { add, run, metrics } = scene();
    await run(60);
    expect(await rounds(metrics, "empty")).toBe(4);
    const heard = () =>
      metricOf(metrics.registry.getSingleMetric("tocsin_intake_last_seen_seconds") as never, {});
    expect(await heard()).toBeUndefined();
    add(70);
    await run(20);
    const first = await heard();
    expect(first).toBe(BEGIN / 1000 + 75);
    await run(60);
    expect(await heard()).toBe(first);
    expect(await metricOf(metrics.pollLag, { source: "siem" })).toBeGreaterThan(60);
  });

  it("stops in the middle of a question", async () => {
    const stopped = Promise.withResolvers<void>();
    const { poll, metrics } = scene();
    const asking = Promise.withResolvers<void>();
    const poller = openPoll({
      source: { id: "siem", connector: generic, zone: "UTC" },
      poll,
      way: {
        ask: (_question, signal) =>
          new Promise((_resolve, reject) => {
            signal.addEventListener("abort", () => reject(signal.reason));
            asking.resolve();
          }),
        close: stopped.resolve,
      },
      bookmark: { read: async () => undefined, write: async () => undefined },
      taker: { take: async () => [], quarantine: () => undefined, unrecognised: () => undefined },
      clock: { now: () => BEGIN * 1000 },
      random: () => 0,
      sleep: async () => undefined,
      metrics,
      log: { info: () => undefined, warn: () => undefined, error: () => undefined },
    });
    await asking.promise;
    await poller.stop();
    await stopped.promise;
    expect((await metrics.pollRounds.get()).values).toEqual([]);
  });
});
