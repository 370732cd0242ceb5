import { inspect } from "node:util";
import nock from "nock";
import { Webhook } from "standardwebhooks";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MASKS } from "../../../test/support/masks.ts";
import type { Message } from "../../contract.ts";
import { webhook } from "./index.ts";

const SECRET = `whsec_${Buffer.from("the secret of the receiver").toString("base64")}`;
const MESSAGE: Message = {
  key: "notify:ch-x:crochet:incident-1:incident_opened",
  facility: "ch-x",
  incident: "incident-1",
  event: "incident_opened",
  exercise: true,
  subject: MASKS.text("EXERCICE : incident 2026-0001 ouvert", { incident: "incident-1" }),
  text: MASKS.text("CH X.", { incident: "incident-1" }),
  link: "https://tocsin.example/ch-x/incidents/incident-1",
  occurred: 1_794_704_400_000_000,
};
const NOW = Date.UTC(2026, 10, 15, 1, 0) * 1000;
const channel = webhook.open(
  webhook.config.parse({ url: "https://tool.example/hook", secret: { env: "HOOK" } }),
  () => SECRET,
);
const send = () => channel.send(MESSAGE, { now: NOW, signal: AbortSignal.timeout(5000) });

beforeEach(() => nock.disableNetConnect());
afterEach(() => {
  const left = nock.pendingMocks();
  nock.cleanAll();
  nock.enableNetConnect();
  expect(left).toEqual([]);
});

describe("webhook", () => {
  it("signs the body under the message's key, so that a receiver knows a repeat", async () => {
    const seen = { headers: {} as Record<string, string>, body: "" };
    nock("https://tool.example")
      .post("/hook", (body) => {
        seen.body = JSON.stringify(body);
        return true;
      })
      .matchHeader("webhook-id", (value) => {
        seen.headers["webhook-id"] = String(value);
        return true;
      })
      .matchHeader("webhook-signature", (value) => {
        seen.headers["webhook-signature"] = String(value);
        return true;
      })
      .reply(204);
    expect(await send()).toEqual({
      outcome: "delivered",
      because: "le service a pris l'envoi (réponse 204)",
    });
    expect(seen.headers["webhook-id"]).toBe(MESSAGE.key);
    const signature = new Webhook(SECRET).sign(MESSAGE.key, new Date(NOW / 1000), seen.body);
    expect(seen.headers["webhook-signature"]).toBe(signature);
    expect(JSON.parse(seen.body)).toMatchObject({ type: "tocsin.incident_opened", data: MESSAGE });
  });

  it.each([
    [200, "delivered"],
    [302, "refused"],
    [400, "refused"],
    [401, "refused"],
    [410, "refused"],
    [408, "unreachable"],
    [429, "unreachable"],
    [500, "unreachable"],
    [503, "unreachable"],
  ])("takes HTTP %i for %s", async (status, outcome) => {
    nock("https://tool.example").post("/hook").reply(status, "", { location: "https://elsewhere.example/" });
    expect(await send()).toEqual({
      outcome,
      because: expect.stringMatching(`^le service .* \\(réponse ${status}\\)$`),
    });
  });

  it.each([
    ["ECONNREFUSED", "unreachable"],
    ["ENOTFOUND", "unreachable"],
  ])("takes %s for %s", async (code, outcome) => {
    nock("https://tool.example")
      .post("/hook")
      .replyWithError(Object.assign(new Error(code), { code }));
    expect(await send()).toEqual({
      outcome,
      because: expect.stringMatching(`^tool\\.example : .* \\(${code}\\)$`),
    });
  });

  it("leaks no secret", async () => {
    nock("https://tool.example")
      .post("/hook")
      .replyWithError(Object.assign(new Error("ECONNRESET"), { code: "ECONNRESET" }));
    expect(inspect([webhook, channel, await send()], { depth: 10 })).not.toContain(SECRET);
  });

  it.each([
    [{ url: "ftp://x", secret: { env: "A" } }],
    [{ url: "https://x" }],
    [{ url: "https://x", secret: "inline" }],
    [{ url: "https://x", secret: { env: "A" }, timeout_seconds: 0 }],
  ])("refuses the settings %j", (settings) => {
    expect(webhook.config.safeParse(settings).success).toBe(false);
  });
});
