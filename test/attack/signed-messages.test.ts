import { createHmac } from "node:crypto";
import { Webhook } from "standardwebhooks";
import { afterAll, beforeAll, expect, it } from "vitest";
import { type Scene, startScene, TOOL_SECRET } from "../support/web-server.ts";

let scene: Scene;
let messages = 0;
beforeAll(async () => {
  scene = await startScene();
});
afterAll(() => scene.close());

const bodyOf = (more: object = {}) => {
  const { id = "", version = 0, sha256 = "" } = scene.desk.dossiers[0]?.current?.declaration ?? {};
  return {
    declaration: id,
    version,
    sha256,
    decision: "approved",
    delegate: "claire",
    code: "000000",
    ...more,
  };
};

/** Posts a decision whose signature, and what stands around it, are changed as told. */
async function send(change: {
  signature?: (good: string) => string;
  headers?: (good: Record<string, string>) => Record<string, string>;
  text?: string;
}): Promise<{ status: number; said: string }> {
  const text = change.text ?? JSON.stringify(bodyOf());
  const [id, at] = [`msg_${++messages}`, new Date(scene.clock.now() / 1000)];
  const good = new Webhook(TOOL_SECRET).sign(id, at, text);
  const headers = {
    "webhook-id": id,
    "webhook-timestamp": String(Math.floor(at.getTime() / 1000)),
    "webhook-signature": change.signature?.(good) ?? good,
  };
  const reply = await fetch(`${scene.url}/api/v1/decisions`, {
    method: "POST",
    body: text,
    headers: change.headers?.(headers) ?? headers,
  });
  return { status: reply.status, said: await reply.text() };
}

it("is heard with its whole signature: what is asked next is the person's code", async () => {
  expect((await send({})).status).toBe(403);
  expect((await send({ signature: (good) => `v1,AAAA v1a,x ${good}` })).status).toBe(403);
});

it("is refused with every beginning of its signature, and with each character changed", async () => {
  const length = new Webhook(TOOL_SECRET).sign("x", new Date(0), "").length;
  expect(length).toBe("v1,".length + 44);
  for (let at = 0; at < length; at++) {
    expect([at, (await send({ signature: (good) => good.slice(0, at) })).status]).toEqual([at, 401]);
    const other = (good: string) => (good[at] === "A" ? "B" : "A");
    const changed = (good: string) => good.slice(0, at) + other(good) + good.slice(at + 1);
    expect([at, (await send({ signature: changed })).status]).toEqual([at, 401]);
  }
});

const key = Buffer.from(TOOL_SECRET, "base64");
it.each<[string, Parameters<typeof send>[0]]>([
  ["more after it", { signature: (good) => `${good}A` }],
  [
    "its digest in hexadecimal",
    { signature: (good) => `v1,${Buffer.from(good.slice(3), "base64").toString("hex")}` },
  ],
  ["the alphabet of addresses", { signature: () => "v1,____________________________________________" }],
  ["another version's mark", { signature: (good) => good.replace("v1,", "v2,") }],
  ["itself behind ten others", { signature: (good) => `${"v1,AAAA ".repeat(10)}${good}` }],
  [
    "the MAC of the body alone",
    { signature: () => `v1,${createHmac("sha256", key).update(JSON.stringify(bodyOf())).digest("base64")}` },
  ],
  ["another id", { headers: (good) => ({ ...good, "webhook-id": "msg_other" }) }],
  ["no id", { headers: ({ "webhook-id": _, ...good }) => good }],
  [
    "an id that takes a part of the time",
    { headers: (good) => ({ ...good, "webhook-id": `${good["webhook-id"]}.1` }) },
  ],
  [
    "another time",
    { headers: (good) => ({ ...good, "webhook-timestamp": String(Number(good["webhook-timestamp"]) + 1) }) },
  ],
  [
    "its time in other digits",
    {
      headers: (good) => ({
        ...good,
        "webhook-timestamp": `0x${Number(good["webhook-timestamp"]).toString(16)}`,
      }),
    },
  ],
  ["no time", { headers: ({ "webhook-timestamp": _, ...good }) => good }],
])("is refused with %s", async (_what, change) => {
  scene.written();
  expect((await send(change)).status).toBe(401);
  expect(scene.written()).toEqual([]);
});

const nested = `${"[".repeat(15_000)}${"]".repeat(15_000)}`;
it.each([
  ["a prototype", `{"__proto__":{"decision":"approved","admin":true}}`],
  ["a constructor", `{"constructor":{"prototype":{"polluted":1}},"decision":"approved"}`],
  [
    "a prototype beside what is asked",
    () => JSON.stringify(bodyOf()).replace("{", `{"__proto__":{"role":"director"},`),
  ],
  ["the same member twice", () => JSON.stringify(bodyOf()).replace("{", `{"decision":"set_aside",`)],
  ["a list nested 15,000 times", nested],
  ["a member nested 15,000 times", `{"declaration":${nested}}`],
  ["numbers beyond numbers", `{"declaration":"x","version":1e999}`],
  ["no object", `"approved"`],
  ["null", "null"],
  ["text that is no UTF-8's", `{"a":"\\ud800"}`],
])("signed by the tool, takes %s for what it is and decides nothing", async (_what, given) => {
  const { status, said } = await send({ text: typeof given === "string" ? given : given() });
  expect(status).toBeGreaterThanOrEqual(400);
  expect(status).toBeLessThan(500);
  expect(said.length).toBeLessThan(2000);
  expect(({} as Record<string, unknown>).polluted ?? ({} as Record<string, unknown>).admin).toBeUndefined();
  expect(scene.desk.dossiers[0]?.decisions).toEqual([]);
});
