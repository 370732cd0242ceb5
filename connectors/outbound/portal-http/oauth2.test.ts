import { inspect } from "node:util";
import nock from "nock";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { MICROSECONDS } from "../../../agent/core/clock.ts";
import { FILING } from "../../../test/support/filing.ts";
import { portalHttp } from "./index.ts";

const SECRET = "s3cret:of/the client";
const NOW = Date.UTC(2026, 10, 22, 3, 0) * 1000;
const at = (seconds: number) => ({
  now: NOW + seconds * MICROSECONDS.second,
  signal: new AbortController().signal,
});

beforeEach(() => nock.disableNetConnect());
afterEach(() => {
  const left = nock.pendingMocks();
  nock.cleanAll();
  nock.enableNetConnect();
  expect(left).toEqual([]);
});

function open(authentication: object = {}) {
  const config = portalHttp.config.parse({
    to: "Le portail",
    url: "https://portail.example/declarations",
    authentication: {
      by: "oauth2",
      token_url: "https://jetons.example/token",
      client_id: "ch x",
      client_secret: { env: "CLIENT_SECRET" },
      scope: "declarer lire",
      ...authentication,
    },
  });
  return portalHttp.open(config, () => SECRET);
}

const tokens = (answer: object, times = 1) =>
  nock("https://jetons.example").post("/token").times(times).reply(200, answer);
const takes = (token: string, times = 1) =>
  nock("https://portail.example")
    .post("/declarations")
    .matchHeader("authorization", `Bearer ${token}`)
    .times(times)
    .reply(201, { reference: "A-1" });
const turnsAway = (token: string) =>
  nock("https://portail.example")
    .post("/declarations")
    .matchHeader("authorization", `Bearer ${token}`)
    .reply(401, { error: "invalid_token" });

describe("client credentials", () => {
  it.each([
    [
      "basic",
      { authorization: `Basic ${Buffer.from("ch+x:s3cret%3Aof%2Fthe+client").toString("base64")}` },
      { grant_type: "client_credentials", scope: "declarer lire" },
    ],
    [
      "post",
      {},
      { grant_type: "client_credentials", scope: "declarer lire", client_id: "ch x", client_secret: SECRET },
    ],
  ])("are shown by %s, and the token to the portal", async (client_authentication, reqheaders, form) => {
    nock("https://jetons.example", { reqheaders })
      .post("/token", form)
      .reply(200, { access_token: "t1", token_type: "bearer", expires_in: 300 });
    takes("t1");
    expect(await open({ client_authentication }).send(FILING, at(0))).toMatchObject({
      outcome: "delivered",
      reference: "A-1",
    });
  });

  it("are asked for an audience where one is given", async () => {
    nock("https://jetons.example")
      .post("/token", ({ audience }) => audience === "ars")
      .reply(200, { access_token: "t1", token_type: "Bearer" });
    takes("t1");
    expect(await open({ audience: "ars" }).send(FILING, at(0))).toMatchObject({ outcome: "delivered" });
  });
});

describe("a token", () => {
  it("serves until shortly before its end, then another is asked for", async () => {
    const channel = open();
    tokens({ access_token: "t1", token_type: "Bearer", expires_in: 600 });
    takes("t1", 2);
    await channel.send(FILING, at(0));
    await channel.send(FILING, at(539));
    tokens({ access_token: "t2", token_type: "Bearer", expires_in: 600 });
    takes("t2");
    expect(await channel.send(FILING, at(540))).toMatchObject({ outcome: "delivered" });
  });

  it.each([
    ["its life is not told", { access_token: "t1", token_type: "Bearer" }, 1],
    ["its life is short", { access_token: "t1", token_type: "Bearer", expires_in: 30 }, 1],
    ["its life is nonsense", { access_token: "t1", token_type: "Bearer", expires_in: "soon" }, 1],
    ["the clock went back a day", { access_token: "t1", token_type: "Bearer", expires_in: 600 }, -86_400],
  ])("serves once when %s", async (_, answer, later) => {
    const channel = open();
    tokens(answer, 2);
    takes("t1", 2);
    await channel.send(FILING, at(0));
    expect(await channel.send(FILING, at(later))).toMatchObject({ outcome: "delivered" });
  });

  it("is renewed once when the portal takes it no more", async () => {
    const channel = open();
    tokens({ access_token: "t1", token_type: "Bearer", expires_in: 600 });
    turnsAway("t1");
    tokens({ access_token: "t2", token_type: "Bearer", expires_in: 600 });
    takes("t2", 2);
    expect(await channel.send(FILING, at(0))).toMatchObject({ outcome: "delivered" });
    expect(await channel.send(FILING, at(1))).toMatchObject({ outcome: "delivered" });
  });

  it("is not renewed a second time: the filing is refused", async () => {
    tokens({ access_token: "t1", token_type: "Bearer" });
    turnsAway("t1");
    tokens({ access_token: "t2", token_type: "Bearer" });
    turnsAway("t2");
    expect(await open().send(FILING, at(0))).toMatchObject({
      outcome: "refused",
      because: "Le portail refuse nos identifiants (réponse 401) : « invalid_token ».",
    });
  });

  it("is enough to know whether the portal can be reached", async () => {
    tokens({ access_token: "t1", token_type: "Bearer" });
    nock("https://portail.example").head("/declarations").reply(405);
    expect(await open().probe(at(0))).toEqual({
      reachable: true,
      because: "Le portail répond (réponse 405).",
    });
    nock("https://jetons.example").post("/token").reply(401, { error: "invalid_client" });
    expect(await open().probe(at(0))).toMatchObject({ reachable: false });
  });
});

describe("without a token nothing leaves", () => {
  it.each<[string, number, object | string, string, string]>([
    [
      "our credentials are wrong",
      401,
      { error: "invalid_client" },
      "refused",
      "refuse nos identifiants (réponse 401) : « invalid_client »",
    ],
    [
      "our scope is",
      400,
      { error: "invalid_scope", error_description: "no" },
      "refused",
      "(réponse 400) : « no »",
    ],
    ["the server leads elsewhere", 302, "", "refused", "renvoie à une autre adresse (réponse 302)"],
    ["the server is in error", 500, "<html>", "unreachable", "est en panne (réponse 500)"],
    ["the server is busy", 429, "", "unreachable", "demande d'attendre (réponse 429)"],
    ["it answers a page", 200, "<html>", "unreachable", "sans donner d'accès utilisable (pas de jeton)"],
    ["it answers no token", 200, {}, "unreachable", "sans donner d'accès utilisable (pas de jeton)"],
    [
      "the token fits no header",
      200,
      { access_token: "a\r\nX-B: c" },
      "unreachable",
      "sans donner d'accès utilisable (pas de jeton)",
    ],
    ["the token is of another type", 200, { access_token: "t", token_type: "DPoP" }, "refused", "pas Bearer"],
  ])("when %s", async (_, status, answer, outcome, because) => {
    nock("https://jetons.example").post("/token").reply(status, answer, { location: "https://else.example" });
    const attempt = await open().send(FILING, at(0));
    expect(attempt).toEqual({ outcome, because: expect.stringContaining(because) });
    expect(attempt.because).toMatch(/^Rien n'est parti, l'accès n'a pas été obtenu : /);
  });

  it("when nobody answers", async () => {
    nock("https://jetons.example")
      .post("/token")
      .replyWithError(Object.assign(new Error("no"), { code: "ENOTFOUND" }));
    expect(await open().send(FILING, at(0))).toEqual({
      outcome: "unreachable",
      because:
        "Rien n'est parti, l'accès n'a pas été obtenu : jetons.example : ce nom n'existe pas dans le DNS (ENOTFOUND).",
    });
  });

  it("and neither secret nor token is told", async () => {
    tokens({ access_token: "t0ken-of-today", token_type: "Bearer" });
    nock("https://portail.example")
      .post("/declarations")
      .reply(403, { message: `t0ken-of-today and ${SECRET} are not enough` });
    const channel = open();
    const attempt = await channel.send(FILING, at(0));
    expect(attempt.because).toContain("« [secret] and [secret] are not enough »");
    expect(inspect([channel, attempt], { depth: 10 })).not.toMatch(/t0ken-of-today|s3cret/);
  });
});

it.each([
  ["api_key", { by: "api_key", header: "X-Cle", key: { env: "K" } }, "x-cle", "abc"],
  ["bearer", { by: "bearer", token: { env: "K" } }, "authorization", "Bearer abc"],
])("a %s is one header", async (_, authentication, header, value) => {
  nock("https://portail.example")
    .post("/declarations")
    .matchHeader(header, value)
    .reply(200, { reference: "A-1" });
  const config = portalHttp.config.parse({ url: "https://portail.example/declarations", authentication });
  expect(await portalHttp.open(config, () => "abc").send(FILING, at(0))).toMatchObject({
    outcome: "delivered",
  });
  expect(await portalHttp.open(config, () => "a\nb").send(FILING, at(0))).toEqual({
    outcome: "refused",
    because: "Le secret d'accès a des caractères qui ne peuvent pas être envoyés.",
  });
});
