import { createHmac } from "node:crypto";
import { request } from "node:http";
import { Webhook } from "standardwebhooks";
import { describe, expect, it } from "vitest";
import { relevant } from "../../test/support/daemon.ts";
import {
  PUSH_BYTES,
  PUSH_FACILITY,
  PUSH_SECRET,
  PUSH_SOURCES,
  type Sent,
  servePushes,
} from "../../test/support/pushes.ts";
import { NIGHT } from "../../test/support/store-samples.ts";
import { MICROSECONDS } from "../core/clock.ts";

const pushes = servePushes();
const { post, refusals, stored } = pushes;
const json = (body: unknown, sent?: Sent) => post(JSON.stringify(body), sent);

it("keeps nothing of what strangers send to a source that only a signature proves", async () => {
  const answer = await post("x".repeat(PUSH_BYTES + 1), { name: "signed", token: "" });
  expect(answer).toMatchObject({ status: 413, body: { title: "body_too_large" } });
  expect(await refusals()).toEqual([]);
});

describe("who may post", () => {
  const basic = (password: string) => `Basic ${Buffer.from(`anyone:${password}`).toString("base64")}`;

  it.each([
    ["its token on its own path", { name: "second" }, 202],
    ["its token on the path of its connector", { name: "generic", token: "second" }, 202],
    ["its token as the password of Basic", { token: "", headers: { authorization: basic("generic") } }, 202],
    [
      "its token, on the facility's path",
      { path: `/api/v1/facilities/${PUSH_FACILITY}/alerts/generic` },
      202,
    ],
    ["a wrong password", { token: "", headers: { authorization: basic("nobody") } }, 401, "bad_token"],
    ["Basic without a colon", { token: "", headers: { authorization: "Basic bm9ib2R5" } }, 401, "bad_token"],
    ["no token", { token: "" }, 401, "bad_token"],
    ["a token of nobody", { token: "nobody" }, 401, "bad_token"],
    ["a path of nobody", { name: "nobody", token: "" }, 401, "bad_token"],
    ["the token of another source", { name: "alertmanager", token: "second" }, 404, "wrong_connector"],
    ["a certificate that there is none of", { name: "certified", token: "" }, 403, "client_refused"],
    ["no signature", { name: "signed", token: "" }, 401, "bad_signature"],
    ["a token where a signature is due too", { name: "both" }, 401, "bad_signature"],
  ] as [string, Sent, number, string?][])(
    "answers %s with what it deserves",
    async (_what, sent, status, code) => {
      const answer = await json({}, sent);
      expect(answer.status).toBe(status);
      expect(answer.body.title).toBe(code);
      if (status === 401) expect(answer.headers.get("www-authenticate")).toBeTruthy();
      const heard = PUSH_SOURCES.some(({ id }) => pushes.metrics.lastSeen.of(id) !== undefined);
      expect(heard).toBe(status === 202);
    },
  );

  it("takes both of a token and a signature when a source asks for both", async () => {
    const body = JSON.stringify(relevant("s-1"));
    const signature = createHmac("sha256", "a shared secret").update(body).digest("hex");
    const headers = { "x-hub-signature-256": `sha256=${signature}` };
    expect((await post(body, { name: "both", headers })).status).toBe(202);
    expect((await post(body, { name: "both", token: "", headers })).status).toBe(401);
    expect((await post(`${body} `, { name: "both", headers })).status).toBe(401);
  });
});

describe("Standard Webhooks", () => {
  /** The package's own signature is the judge of ours. */
  function signed(body: string, { id = "msg_1", at = new Date(NIGHT / 1000) } = {}): Sent {
    return {
      name: "signed",
      token: "",
      headers: {
        "webhook-id": id,
        "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
        "webhook-signature": `v1,bm9wZQ== ${new Webhook(PUSH_SECRET).sign(id, at, body)}`,
      },
    };
  }
  const lines = JSON.stringify([
    { message: "vssadmin delete shadows" },
    { message: "vssadmin delete shadows" },
  ]);

  it("are taken, and a delivery played again is known by its id: no record twice", async () => {
    expect((await post(lines, signed(lines))).body).toMatchObject({ accepted: 2, duplicates: 0 });
    expect((await post(lines, signed(lines))).body).toMatchObject({ accepted: 0, duplicates: 2 });
    expect((await post(lines, signed(lines, { id: "msg_2" }))).body).toMatchObject({ accepted: 2 });
    expect((await stored()).map(({ alert }) => alert.eventId)).toEqual([
      "msg_1/0",
      "msg_1/1",
      "msg_2/0",
      "msg_2/1",
    ]);
  });

  it.each([
    ["too old", { at: new Date(NIGHT / 1000 - 6 * 60_000) }, "stale_timestamp"],
    ["from the future", { at: new Date(NIGHT / 1000 + 6 * 60_000) }, "stale_timestamp"],
  ])("are refused when %s", async (_what, over, code) => {
    expect(await post("{}", signed("{}", over))).toMatchObject({ status: 401, body: { title: code } });
  });

  it("are refused when the body is another", async () => {
    expect(await post("[]", signed("{}"))).toMatchObject({ status: 401, body: { title: "bad_signature" } });
    expect(await pushes.store.reads.countAlerts(PUSH_FACILITY)).toBe(0);
  });
});

describe("an event that comes twice", () => {
  it("is a duplicate within a body and between bodies, and not when another source sends it", async () => {
    const event = relevant("e-1");
    expect((await json([event, event])).body).toEqual({ accepted: 1, duplicates: 1, rejected: [] });
    expect((await json(event)).body).toEqual({ accepted: 0, duplicates: 1, rejected: [] });
    expect((await json(event, { name: "second" })).body).toEqual({
      accepted: 1,
      duplicates: 0,
      rejected: [],
    });
  });

  it("is known by the sender's key for the delivery where it has no id, and by its id where it has one", async () => {
    const headers = { "idempotency-key": "k-1" };
    const body = [{ message: "vssadmin delete shadows" }, relevant("e-2")];
    expect((await json(body, { headers })).body).toMatchObject({ accepted: 2, duplicates: 0 });
    expect((await json(body, { headers })).body).toMatchObject({ accepted: 0, duplicates: 2 });
    expect((await json(body)).body).toMatchObject({ accepted: 1, duplicates: 1 });
    expect((await json(body, { headers: { "idempotency-key": "" } })).body).toMatchObject({ accepted: 1 });
  });
});

it.each(["x-forwarded-for", "forwarded", "x-real-ip", "x-client-ip", "true-client-ip"])(
  "takes no %s for where an alert comes from",
  async (name) => {
    const headers = {
      [name]: name === "forwarded" ? "for=203.0.113.66" : "203.0.113.66",
      "content-type": "text/plain",
    };
    await post("<13>su: vssadmin delete shadows /all", { name: "lines", headers });
    const [found] = await stored();
    expect(found?.alert.alert.host).toEqual({ name: "127.0.0.1", ip: ["127.0.0.1"] });
  },
);

describe("requests that are no alert", () => {
  it.each(["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "PATCH"])(
    "by %s are answered 405 with what is allowed",
    async (method) => {
      for (const what of ["alerts", "heartbeats"]) {
        const answer = await post(undefined, { path: `/api/v1/${what}/generic`, method });
        expect([answer.status, answer.headers.get("allow")]).toEqual([405, "POST"]);
      }
    },
  );

  it.each([
    ["", "empty_body"],
    ["\ufeff \r\n", "empty_body"],
    ["{", "not_json"],
  ])("of body %j are refused as %s", async (body, code) => {
    const answer = await post(body);
    expect(answer).toMatchObject({ status: 422, body: { title: code, field: "(body)" } });
    expect(answer.headers.get("content-type")).toContain("application/problem+json");
  });

  it("go nowhere elsewhere", async () => {
    expect(await post("{}", { path: "/api/v1/alert" })).toMatchObject({
      status: 404,
      body: { title: "not_found" },
    });
    expect((await post("{}", { path: "/api/v1/facilities/other/alerts/generic" })).status).toBe(404);
    for (const path of [
      "alerts/%ff",
      "constructor/generic",
      "alerts/",
      "alerts/generic/more",
      "facilities//alerts/generic",
    ])
      expect((await post("{}", { path: `/api/v1/${path}` })).status, path).toBe(404);
  });

  it.each([
    "/api/v1/alerts/generic/",
    "/API/v1/Alerts/%67eneric?a=b",
    "http://tocsin.example.org/api/v1/alerts/generic",
  ])("but are alerts at %s", async (path) => {
    const { port } = pushes;
    const answer = Promise.withResolvers<number | undefined>();
    const asked = request(
      { port, path, method: "POST", headers: { authorization: "Bearer generic" } },
      (response) => answer.resolve(response.resume().statusCode),
    );
    asked.on("error", answer.reject).end("{}");
    expect(await answer.promise).toBe(202);
  });
});

describe("a heartbeat", () => {
  const path = "/api/v1/heartbeats/generic";

  it("needs no body, is answered 204, and is something heard", async () => {
    expect((await post(undefined, { path })).status).toBe(204);
    expect(
      (await post("anything", { path: `/api/v1/facilities/${PUSH_FACILITY}/heartbeats/generic` })).status,
    ).toBe(204);
    expect(pushes.metrics.lastSeen.of("generic")).toBeGreaterThan(NIGHT / MICROSECONDS.second);
    expect((await pushes.metrics.heartbeats.get()).values).toMatchObject([
      { value: 2, labels: { source: "generic" } },
    ]);
    expect(await refusals()).toEqual([]);
  });

  it("is the source's own: its authentication is asked", async () => {
    expect((await post(undefined, { path, token: "" })).status).toBe(401);
    const signed = "/api/v1/heartbeats/signed";
    expect((await post(undefined, { path: signed })).body.title).toBe("bad_signature");
    const at = new Date(NIGHT / 1000);
    const headers = {
      "webhook-id": "m",
      "webhook-timestamp": String(at.getTime() / 1000),
      "webhook-signature": new Webhook(PUSH_SECRET).sign("m", at, ""),
    };
    expect((await post(undefined, { path: signed, token: "", headers })).status).toBe(204);
    expect(pushes.metrics.lastSeen.of("signed")).toBeDefined();
  });
});

describe("while the disk does not follow", () => {
  const large = (id: string) => JSON.stringify({ ...relevant(id), padding: "x".repeat(PUSH_BYTES - 1000) });

  it("answers 503 with Retry-After rather than hold more, and only to the source that sends too much", async () => {
    const gate = Promise.withResolvers<void>();
    pushes.disk = () => gate.promise;
    const waiting = Array.from({ length: 4 }, (_, i) => post(large(`w-${i}`)));
    const received = () => pushes.metrics.received.of({ source: "generic", transport: "http" }).count;
    await expect.poll(received).toBe(4);
    const refused = await post(large("w-4"));
    expect(refused).toMatchObject({ status: 503, body: { title: "overloaded" } });
    expect(refused.headers.get("retry-after")).toBe("5");
    expect((await post(undefined, { path: "/api/v1/heartbeats/generic" })).status).toBe(204);
    const other = json(relevant("w-5"), { name: "second" });
    gate.resolve();
    for (const answer of await Promise.all([...waiting, other])) expect(answer.status).toBe(202);
    expect((await post(large("w-4"))).status).toBe(202);
    expect(await pushes.store.reads.countAlerts(PUSH_FACILITY)).toBe(6);
  });

  it("answers 503 when the store fails", async () => {
    pushes.disk = () => Promise.reject(new Error("no space left on device"));
    const answer = await json(relevant("f-1"));
    expect(answer).toMatchObject({ status: 503, body: { title: "not_stored" } });
    expect(answer.headers.get("retry-after")).toBe("5");
  });
});
