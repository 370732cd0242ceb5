import { inspect } from "node:util";
import { gzipSync } from "node:zlib";
import nock from "nock";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Poll } from "../../../config/poll.ts";
import { openAsk } from "./ask.ts";

const AUTHORIZATION = "ApiKey c2VjcmV0LW9mLXRoZS1pbmRleA==";
const URL = "https://siem.example:9200";
const poll = Poll.parse({ url: `${URL}/under/`, index: "logs", timeout_seconds: 1, response_bytes: 65_536 });
const { ask } = openAsk(poll, AUTHORIZATION);
const question = { method: "POST", path: "/logs/_search", body: { size: 1 } } as const;
const never = new AbortController().signal;
const asked = () => nock(URL).post("/under/logs/_search", { size: 1 });

beforeEach(() => nock.disableNetConnect());
afterEach(() => {
  const left = nock.pendingMocks();
  nock.cleanAll();
  nock.enableNetConnect();
  expect(left).toEqual([]);
});

describe("ask", () => {
  it("asks in JSON under the address of the index, with the secret, and reads JSON", async () => {
    nock(URL, { reqheaders: { authorization: AUTHORIZATION, "content-type": "application/json" } })
      .post("/under/logs/_search", { size: 1 })
      .reply(200, { hits: {} });
    expect(await ask(question, never)).toEqual({ value: { hits: {} }, bytes: 11 });
  });

  it("asks without a body", async () => {
    nock(URL).get("/under/", "").reply(200, {});
    expect(await ask({ method: "GET", path: "/" }, never)).toEqual({ value: {}, bytes: 2 });
  });

  it("reads a compressed answer", async () => {
    asked().reply(200, gzipSync('{"a":1}'), { "content-encoding": "gzip" });
    expect(await ask(question, never)).toEqual({ value: { a: 1 }, bytes: 7 });
  });

  it.each([
    [302, "redirected"],
    [308, "redirected"],
    [400, "refused"],
    [401, "denied"],
    [403, "denied"],
    [404, "index_missing"],
    [405, "refused"],
    [408, "timeout"],
    [413, "refused"],
    [429, "throttled"],
    [500, "unavailable"],
    [502, "unavailable"],
    [503, "unavailable"],
    [504, "timeout"],
  ])("takes HTTP %i for %s, follows it nowhere and says why", async (status, kind) => {
    const body = { error: { root_cause: [{ reason: "no such index [logs]" }], type: "x" }, status };
    asked().reply(status, body, { location: "https://elsewhere.example/" });
    await expect(ask(question, never)).rejects.toMatchObject({
      kind,
      message: `HTTP ${status}: no such index [logs]`,
      retryAfterSeconds: undefined,
    });
  });

  it.each([
    ["120", 120],
    ["0", undefined],
    ["Sun, 15 Nov 2026 01:00:00 GMT", undefined],
  ])("hears how long to stay away from Retry-After: %s", async (header, seconds) => {
    asked().reply(429, "slow down", { "retry-after": header });
    await expect(ask(question, never)).rejects.toMatchObject({
      message: "HTTP 429",
      retryAfterSeconds: seconds,
    });
  });

  it.each([
    ["an empty body", "", {}],
    ["a page in HTML", "<html>Sign in</html>", {}],
    ["a body cut short", '{"hits":{"hits":[{"_id":"a"', {}],
    ["a list", "[]", {}],
    ["null", "null", {}],
    ["what is not the gzip that it says it is", "plainly not gzip", { "content-encoding": "gzip" }],
  ])("takes %s for malformed", async (_what, body, headers) => {
    asked().reply(200, body, headers as Record<string, string>);
    await expect(ask(question, never)).rejects.toMatchObject({ kind: "malformed" });
  });

  it.each([
    ["plain", Buffer.alloc(70_000, " "), {}],
    ["said beforehand", Buffer.alloc(70_000, " "), { "content-length": "70000" }],
    ["compressed", gzipSync(Buffer.alloc(50_000_000, " ")), { "content-encoding": "gzip" }],
  ])("takes more than it may read for too large: %s", async (_what, body, headers) => {
    asked().reply(200, body, headers as Record<string, string>);
    await expect(ask(question, never)).rejects.toMatchObject({ kind: "too_large" });
  });

  it.each([
    ["ECONNREFUSED", "unavailable"],
    ["ECONNRESET", "unavailable"],
    ["ENOTFOUND", "unavailable"],
    ["ETIMEDOUT", "timeout"],
    ["DEPTH_ZERO_SELF_SIGNED_CERT", "untrusted"],
    ["SELF_SIGNED_CERT_IN_CHAIN", "untrusted"],
    ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "untrusted"],
    ["CERT_HAS_EXPIRED", "untrusted"],
    ["ERR_TLS_CERT_ALTNAME_INVALID", "untrusted"],
    ["HPE_INVALID_CONSTANT", "malformed"],
  ])("takes %s for %s", async (code, kind) => {
    asked().replyWithError(Object.assign(new Error("why"), { code }));
    await expect(ask(question, never)).rejects.toMatchObject({ kind });
  });

  it("waits for a whole answer for so long only", async () => {
    asked().delay(5000).reply(200, {});
    await expect(ask(question, never)).rejects.toMatchObject({ kind: "timeout" });
    nock.abortPendingRequests();
  });

  it("ends with the reason of who stops it", async () => {
    const stopping = new AbortController();
    asked().reply(200, () => {
      stopping.abort(new Error("stopped"));
      return {};
    });
    await expect(ask(question, stopping.signal)).rejects.toThrow("stopped");
  });

  it("leaks no secret", async () => {
    asked().replyWithError(Object.assign(new Error("reset"), { code: "ECONNRESET" }));
    const fault: unknown = await ask(question, never).catch((error: unknown) => error);
    expect(inspect(fault, { depth: 10, showHidden: true })).not.toContain(AUTHORIZATION);
    expect(JSON.stringify(fault)).not.toContain(AUTHORIZATION);
  });
});
