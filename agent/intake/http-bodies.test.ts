import { connect } from "node:net";
import { brotliCompressSync, deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { relevant } from "../../test/support/daemon.ts";
import { PUSH_FACILITY, type Sent, servePushes } from "../../test/support/pushes.ts";

const pushes = servePushes();
const { post, refusals, stored } = pushes;
const json = (body: unknown, sent?: Sent) => post(JSON.stringify(body), sent);
const many = (count: number, each: unknown = null) => new Array(count).fill(each);

describe("what a body may hold", () => {
  it.each([
    ["a list", "generic", many(50_000)],
    ["a list one too long", "generic", many(10_001)],
    ["a list of alerts", "generic", { alerts: many(10_001, {}) }],
    ["a list of events", "generic", { events: many(10_001, {}) }],
    ["a list of any name", "generic", { logs: many(10_001, {}) }],
    ["hits of an index", "anything", { hits: { hits: many(10_001, {}) } }],
    ["an Alertmanager group", "alertmanager", { version: "4", alerts: many(10_001) }],
  ])("refuses %s of more records than are taken at once, naming the limit", async (_what, name, body) => {
    const answer = await json(body, { name });
    expect(answer).toMatchObject({ status: 422, body: { title: "too_many_records", limit: 10_000 } });
    expect(answer.body.detail).toContain("10000 at most");
    expect(await refusals()).toMatchObject([{ source: name, code: "too_many_records" }]);
  });

  it.each([
    ["values", "generic", "application/x-ndjson", "{}\n"],
    ["lines of text", "lines", "text/plain", "a\n"],
  ])("refuses more %s than are taken at once", async (_what, name, type, line) => {
    const answer = await post(line.repeat(10_001), { name, headers: { "content-type": type } });
    expect(answer).toMatchObject({ status: 422, body: { title: "too_many_records" } });
  });

  it.each([
    ["its size", 413, "authorization: Bearer generic\r\n"],
    ["its sender", 401, ""],
  ])("is answered also when the sender closes and is refused for %s", async (_, status, authorization) => {
    const { promise, resolve, reject } = Promise.withResolvers<string>();
    const socket = connect(pushes.port, "127.0.0.1");
    let answer = "";
    socket.on("data", (chunk) => {
      answer += chunk.toString();
    });
    socket.on("error", reject).on("end", () => resolve(answer));
    const body = Buffer.alloc(20_000_000, " ");
    socket.write(
      `POST /api/v1/alerts/generic HTTP/1.1\r\nhost: x\r\nconnection: close\r\n${authorization}content-length: ${body.length}\r\n\r\n`,
    );
    socket.write(body);
    expect(await promise).toMatch(new RegExp(`^HTTP/1.1 ${status} [^]*"status":${status}`));
  });

  it("stores long records a few at a time, so that others are matched between them", async () => {
    let units = 0;
    pushes.disk = async () => void units++;
    const long = (id: number) => ({ ...relevant(`long-${id}`), more: "x".repeat(60_000) });
    expect((await json([1, 2].map(long))).body).toMatchObject({ accepted: 2 });
    expect(units).toBe(2);
    expect((await json(many(100).map((_, id) => relevant(`short-${id}`)))).body).toMatchObject({
      accepted: 100,
    });
    expect(units).toBe(3);
  });

  it("lists 100 rejections and says how many there were, and keeps few of them", async () => {
    const answer = await json([...many(9_999), { message: "fine" }]);
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
    expect((await refusals()).length).toBeLessThanOrEqual(20);
    const { values } = await pushes.metrics.refused.get();
    expect(values).toMatchObject([{ value: 9_999, labels: { code: "not_an_object" } }]);
  });

  it("keeps the documented answer while every rejection fits, and the beginning of what was rejected", async () => {
    expect((await json([3, { message: "fine" }])).body).toEqual({
      accepted: 1,
      duplicates: 0,
      rejected: [{ index: 0, code: "not_an_object", message: expect.any(String) }],
    });
    expect((await json(many(100))).body).not.toHaveProperty("rejected_total");
    expect(await refusals()).toContainEqual(expect.objectContaining({ code: "not_an_object", sample: "3" }));
  });
});

describe("NDJSON", () => {
  const lines = `${JSON.stringify(relevant("n-1"))}\r\n\n{"message": broken}\n${JSON.stringify(relevant("n-2"))}\n`;

  it.each(["application/x-ndjson", "application/jsonl; charset=utf-8", "application/ndjson"])(
    "of type %s stands line by line: a bad one is rejected with its index and kept",
    async (type) => {
      expect(await post(lines, { headers: { "content-type": type } })).toMatchObject({
        status: 202,
        body: { accepted: 2, rejected: [{ index: 1, code: "not_json" }] },
      });
      expect((await stored()).map(({ alert }) => alert.eventId)).toEqual(["n-1", "n-2"]);
      expect(await refusals()).toMatchObject([{ code: "not_json", sample: '{"message": broken}' }]);
    },
  );

  it("is recognised whatever its type, when every line is a JSON value", async () => {
    const body = `${JSON.stringify(relevant("n-3"))}\n${JSON.stringify(relevant("n-3"))}\n${JSON.stringify(relevant("n-4"))}`;
    expect((await post(body)).body).toEqual({ accepted: 2, duplicates: 1, rejected: [] });
    const declared = await post(lines, { headers: { "content-type": "application/json" } });
    expect(declared).toMatchObject({ status: 422, body: { title: "not_json", field: "(body)" } });
    expect(await post(lines)).toMatchObject({
      status: 202,
      body: { rejected: [{ index: 1, code: "not_json" }] },
    });
    expect((await stored()).map(({ alert }) => alert.eventId)).toEqual(["n-3", "n-4", "n-1", "n-2"]);
  });

  it("counts a line that the connector refuses among the rejected", async () => {
    const group = {
      version: "4",
      alerts: [{ labels: { alertname: "HostDown", host: "pacs-01" }, status: "firing" }],
    };
    const body = `${JSON.stringify(group)}\n{"version":"4"}`;
    expect(await post(body, { name: "alertmanager" })).toMatchObject({
      status: 202,
      body: { accepted: 1, rejected: [{ index: 1, code: "missing_field" }] },
    });
  });
});

describe("lines of text", () => {
  const line = (host: string) => `<13>1 2026-06-07T00:10:00Z ${host} app - - - vssadmin delete shadows /all`;

  it("are one record each, read by the connector", async () => {
    const body = `${line("pacs-01")}\r\n\n${line("pacs-02")}\n<13>1 - h a - - - all is well`;
    const answer = await post(body, { name: "lines", headers: { "content-type": "text/plain" } });
    expect(answer).toMatchObject({ status: 202, body: { accepted: 3, rejected: [] } });
    const hosts = (await stored()).map(({ alert }) => alert.alert.host?.name);
    expect(hosts).toEqual(["pacs-01", "pacs-02"]);
  });

  it("are cut and marked where a line of a socket would be", async () => {
    const body = `${line("pacs-01")} ${"x".repeat(2000)}`;
    await post(body, { name: "lines", headers: { "content-type": "text/plain" } });
    const [found] = await stored();
    expect(found?.alert.alert.tags).toContain("tocsin_cut");
    expect(found?.alert.alert.event?.original).toHaveLength(1024);
  });

  it("are asked of a source whose connector reads nothing else", async () => {
    const answer = await json({}, { name: "lines", headers: { "content-type": "application/json" } });
    expect(answer).toMatchObject({ status: 415, body: { title: "not_text" } });
  });

  it("are read record by record by a source of any format, JSON among them", async () => {
    const body = `${line("pacs-01")}\n${JSON.stringify(relevant("t-1", "pacs-02"))}\n`;
    expect((await post(body, { name: "anything" })).body).toMatchObject({ accepted: 2 });
    expect((await json([relevant("t-2", "pacs-03")], { name: "anything" })).body).toMatchObject({
      accepted: 1,
    });
    const hosts = (await stored()).map(({ alert }) => alert.alert.host?.name);
    expect(hosts).toEqual(["pacs-01", "pacs-02", "pacs-03"]);
  });
});

describe("bytes that are not UTF-8", () => {
  const latin1 = (text: string) => Buffer.from(text, "latin1");
  const kept = async () => {
    const found = (await stored()).at(-1);
    const { tags, fields, message } = found?.alert.alert ?? {};
    return { tags, message, bytes: Buffer.from(String(fields?.["event.original_base64"] ?? ""), "base64") };
  };

  it.each([
    ["a line", "lines", "<13>1 2026-06-07T00:10:00Z pacs-01 a - - - vssadmin delete shadows é"],
    ["a JSON value", "generic", '{"host":"pacs-01","message":"vssadmin delete shadows é"}'],
    ["a line of NDJSON", "generic", '{"host":"pacs-01","message":"vssadmin delete shadows é"}\n{}'],
  ])(
    "are read as Windows-1252 in %s, or replaced; it is marked, and they stand beside it",
    async (_, name, text) => {
      const headers = { "content-type": name === "lines" ? "text/plain" : "application/json" };
      for (const [written, read] of [
        [text, "vssadmin delete shadows é"],
        [text.replace("é", "\xff"), "vssadmin delete shadows \ufffd"],
      ] as const) {
        expect((await post(latin1(written), { name, headers })).status).toBe(202);
        const { tags, message, bytes } = await kept();
        expect(message).toBe(read);
        expect(tags).toContain("tocsin_not_utf8");
        expect(bytes).toEqual(latin1(written.split("\n{}")[0] ?? ""));
      }
    },
  );

  it("are read by the charset that the sender names", async () => {
    const headers = { "content-type": "application/json; charset=ISO-8859-1" };
    await post(latin1('{"host":"pacs-01","message":"vssadmin delete shadows é"}'), { headers });
    expect(await kept()).toMatchObject({ message: "vssadmin delete shadows é", bytes: Buffer.alloc(0) });
    const unknown = await post("{}", { headers: { "content-type": "text/plain; charset=klingon" } });
    expect(unknown).toMatchObject({ status: 415, body: { title: "charset_unsupported" } });
  });
});

describe("compressed bodies", () => {
  const body = Buffer.from(JSON.stringify(relevant("z-1")));

  it.each([
    ["gzip", gzipSync(body)],
    ["x-gzip", gzipSync(body)],
    ["deflate", deflateSync(body)],
    ["deflate", deflateRawSync(body)],
    ["br", brotliCompressSync(body)],
    ["zstd", zstdCompressSync(body)],
    ["identity", body],
  ])("are read as %s", async (coding, bytes) => {
    const answer = await post(bytes, { headers: { "content-encoding": coding } });
    expect(answer).toMatchObject({ status: 202, body: { accepted: 1 } });
    expect(await pushes.store.reads.countAlerts(PUSH_FACILITY)).toBe(1);
  });

  it.each([
    ["gzip", gzipSync(Buffer.alloc(64 * 1024 * 1024)), 413, "body_too_large"],
    ["br", brotliCompressSync(Buffer.alloc(8 * 1024 * 1024)), 413, "body_too_large"],
    ["gzip", gzipSync(body).subarray(0, 40), 422, "bad_encoding"],
    ["gzip", body, 422, "bad_encoding"],
    ["compress", body, 415, "encoding_unsupported"],
    ["gzip, gzip", gzipSync(gzipSync(body)), 415, "encoding_unsupported"],
  ])(
    "in %s are refused when they are a bomb, broken or unknown (%#)",
    async (coding, bytes, status, code) => {
      const answer = await post(bytes, { headers: { "content-encoding": coding } });
      expect(answer).toMatchObject({ status, body: { title: code } });
      if (status === 415) expect(answer.headers.get("accept-encoding")).toBe("gzip, deflate, br, zstd");
      expect(await refusals()).toMatchObject([{ source: "generic", code }]);
    },
  );
});
