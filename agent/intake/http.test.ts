import { createHash } from "node:crypto";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { alertmanager } from "../../connectors/inbound/alertmanager/index.ts";
import { generic } from "../../connectors/inbound/generic/index.ts";
import { compileRules } from "../../rules/engine/rule-set.ts";
import { steppingClock } from "../../test/support/store-samples.ts";
import { uuidv7 } from "../core/id.ts";
import { type HttpServer, listenHttp } from "../http-server.ts";
import type { Write } from "../store/store.ts";
import { alertsApp } from "./http.ts";
import { intakeMetrics } from "./metrics.ts";
import { openTaker, type Taker } from "./taker.ts";

let server: HttpServer;
let taker: Taker;
let written: Write[];
let metrics: ReturnType<typeof intakeMetrics>;

beforeEach(async () => {
  const clock = steppingClock();
  written = [];
  metrics = intakeMetrics();
  taker = openTaker({
    facility: "ch-x",
    rules: compileRules([]),
    async commit({ writes }) {
      written.push(...writes);
      return { outcome: "committed", alerts: [] };
    },
    clock,
    newId: uuidv7(clock),
    metrics,
    detected: () => undefined,
    failed: () => undefined,
  });
  const source = (id: string, connector: typeof generic) => ({
    id,
    connector,
    zone: "UTC",
    tokenDigest: createHash("sha256").update(id).digest(),
  });
  server = await listenHttp({ address: "127.0.0.1", port: 0 }, "listeners.intake");
  server.serve(
    alertsApp({
      facility: "ch-x",
      sources: [source("generic", generic), source("alertmanager", alertmanager)],
      taker,
      bodyBytes: 5 * 1024 * 1024,
      clock,
      metrics,
      log: () => undefined,
    }),
  );
});
afterEach(async () => {
  await server.close();
  await taker.close();
});

async function post(body: unknown, connector = "generic") {
  const response = await fetch(`${server.url}/api/v1/alerts/${connector}`, {
    method: "POST",
    headers: { authorization: `Bearer ${connector}` },
    body: JSON.stringify(body),
  });
  const text = await response.text();
  return { status: response.status, size: text.length, body: JSON.parse(text) };
}
const many = (count: number, each: unknown = null) => new Array(count).fill(each);

describe("POST /api/v1/alerts/<connector>", () => {
  it.each([
    ["a list", "generic", many(1_000_000)],
    ["a list one too long", "generic", many(10_001)],
    ["a list of alerts", "generic", { alerts: many(10_001, {}) }],
    ["a list of events", "generic", { events: many(10_001, {}) }],
    ["an Alertmanager group", "alertmanager", { version: "4", alerts: many(10_001) }],
  ])(
    "refuses %s of more records than are taken at once, naming the limit",
    async (_what, connector, body) => {
      const answer = await post(body, connector);
      expect(answer).toMatchObject({ status: 422, body: { title: "too_many_records", limit: 10_000 } });
      expect(answer.body.detail).toContain("10000 at most");
      await taker.close();
      expect(written).toMatchObject([
        { write: "quarantine", entry: { source: connector, code: "too_many_records" } },
      ]);
    },
  );

  it("lists 100 rejections and says how many there were, and keeps few of them", async () => {
    const answer = await post([...many(9_999), { message: "fine" }]);
    expect(answer).toMatchObject({
      status: 202,
      body: { accepted: 1, duplicates: 0, rejected_total: 9_999 },
    });
    expect(answer.body.rejected).toHaveLength(100);
    expect(answer.body.rejected[99]).toEqual({
      index: 99,
      code: "not_an_object",
      message: expect.any(String),
    });
    await taker.close();
    expect(written.filter(({ write }) => write === "quarantine").length).toBeLessThanOrEqual(20);
    const { values } = await metrics.refused.get();
    expect(values).toMatchObject([{ value: 9_999, labels: { code: "not_an_object" } }]);
  });

  it("keeps the documented answer while every rejection fits", async () => {
    expect((await post([null, { message: "fine" }])).body).toEqual({
      accepted: 1,
      duplicates: 0,
      rejected: [{ index: 0, code: "not_an_object", message: expect.any(String) }],
    });
    expect((await post(many(100))).body).not.toHaveProperty("rejected_total");
  });
});
