import { generateKeyPairSync } from "node:crypto";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { operationsApp } from "../../agent/web/operations.ts";
import { realDesk } from "../support/real-desk.ts";
import { type House, openHouse } from "../support/web-roles.ts";
import { ROUTES, routesOf, VISITORS } from "../support/web-routes.ts";
import { type Scene, startScene } from "../support/web-server.ts";
import { type Visitor, visitor } from "../support/web-visitor.ts";

const split = (route: string) => route.split(" ") as [string, string];

describe("the path of another facility", () => {
  let house: House;
  const tokens = new Map<string, string>();
  beforeAll(async () => {
    house = await openHouse();
    for (const kind of VISITORS) {
      const { text } = await house.people[kind].get("/chv/secours");
      tokens.set(kind, /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? "");
    }
    house.scene.written();
  });
  afterAll(() => house.scene.close());

  const own = ROUTES.filter(({ route }) => !/ \/(api\/|$|:facility\/$)/.test(route));
  it("is tried with every route that has one", () => {
    expect(own.length).toBe(routesOf(house.scene.app).length - 4);
  });

  it.each(own)("$route is nowhere there, for anybody, and writes nothing", async ({ route, form = {} }) => {
    const [method, path] = split(route);
    const { elsewhere } = house.ids;
    const there = `/autre${path.replace("/incidents/:id", `/incidents/${elsewhere}`).replaceAll(/:\w+/g, "x")}`;
    for (const kind of VISITORS) {
      const who = house.people[kind];
      const fields = { ...form, csrf: tokens.get(kind) ?? "" };
      const reply = method === "GET" ? await who.get(there) : await who.post(there, fields);
      expect([kind, reply.status]).toEqual([kind, 404]);
      expect(reply.headers.getSetCookie().join()).not.toMatch(/^(__Host-)?tocsin=/);
    }
    expect(house.scene.written()).toEqual([]);
  });

  it.each(["/api/v1/facilities/autre/decisions"])("%s hears no decision", async (path) => {
    const reply = await fetch(house.scene.url + path, { method: "POST", body: "{}" });
    expect([401, 404]).toContain(reply.status);
    expect(house.scene.written()).toEqual([]);
  });
});

describe("who is refused for want of a right", () => {
  it("is told in the log, by account, method and path; a stranger is not", async () => {
    const scene = await startScene();
    try {
      const [anne, stranger] = [visitor(scene), visitor(scene)];
      await anne.signIn("anne");
      const csrf = /name="csrf" value="([^"]+)"/.exec((await anne.get("/chv/acces")).text)?.[1] ?? "";
      const path = "/chv/incidents/inc-1/prise-en-charge";
      expect((await anne.post(path, { csrf })).status).toBe(403);
      expect((await stranger.post("/chv/connexion", {})).status).toBe(403);
      const told = scene.logged
        .map((line) => JSON.parse(line))
        .filter(({ message }) => message === "page refused");
      expect(told).toEqual([{ message: "page refused", path, method: "POST", account: "acc-anne" }]);
    } finally {
      await scene.close();
    }
  });
});

describe("what is somebody else's", () => {
  const OWN = "/chv/acces";
  const REPORT = "/chv/incidents/signaler";
  let scene: Scene;
  let claire: Visitor;
  let omar: Visitor;
  beforeAll(async () => {
    scene = await startScene({ desk: realDesk, localhost: true });
    [claire, omar] = [visitor(scene), visitor(scene)];
    await claire.signIn("claire");
    await omar.signIn("omar");
  });
  afterAll(() => scene.close());
  const factorsOf = (login: string) => scene.store.reads.factors("chv", `acc-${login}`);
  const tokenOf = async (who: Visitor) =>
    /name="csrf" value="([^"]+)"/.exec((await who.get(OWN)).text)?.[1] ?? "";

  it.each([
    ["passkey", "/acces/cles/retrait"],
    ["key to sign with", "/acces/signature/retrait"],
  ])("a %s is not taken away by who knows its id and has a code of their own", async (_what, path) => {
    const key = generateKeyPairSync("ed25519")
      .publicKey.export({ type: "spki", format: "der" })
      .toString("base64");
    const { revision, factors } = await factorsOf("claire");
    const id = "0123456789abcdef";
    const passkey = {
      id,
      name: "x",
      publicKey: key,
      counter: 0,
      transports: [],
      added: 1,
      used: null,
      suspect: null,
    };
    const ownKey = { id, name: "x", publicKey: key, added: 1 };
    const put = { ...factors, passkeys: [passkey], ownKeys: [ownKey] };
    await scene.store.commit({
      facility: "chv",
      at: scene.clock.now(),
      writes: [{ write: "factors", account: "acc-claire", revision: revision + 1, factors: put }],
    });
    scene.clock.instant += 60_000_000;
    const fields = { csrf: await tokenOf(omar), id, code: scene.code("omar") };
    expect((await omar.post(`/chv${path}`, fields)).status).toBe(404);
    expect((await factorsOf("claire")).factors).toEqual(put);
  });

  /** Reports an incident and gives its path and the ids of its facts. */
  async function reported(who: Visitor): Promise<{ path: string; id: string; facts: string[] }> {
    const done = await who.submit(REPORT, REPORT, { kinds: "degraded_mode", who: "self" });
    const path = done.location?.split("?")[0] ?? "";
    const id = path.split("/").at(-1) ?? "";
    const { text } = await who.get(`${path}/faits`);
    return {
      path,
      id,
      facts: [...text.matchAll(/name="fact" value="([^"]+)"/g)].map(([, fact]) => fact ?? ""),
    };
  }

  it("a fact of another incident is neither ended nor withdrawn by the address of this one", async () => {
    const [here, there] = [await reported(claire), await reported(claire)];
    expect(there.facts.length).toBeGreaterThan(0);
    expect(there.facts).not.toEqual(here.facts);
    for (const [act, more] of [
      ["fin", { who: "self" }],
      ["retrait", { reason: "Saisi par erreur." }],
    ] as const)
      for (const fact of there.facts) {
        const form = { ...more, fact, csrf: await tokenOf(claire) };
        const reply = await claire.post(`${here.path}/faits/${act}`, form);
        expect([act, reply.status]).toEqual([
          act,
          expect.toSatisfy((status) => [404, 409, 422].includes(status)),
        ]);
      }
    const [stands] = await scene.store.reads.ofIncident("chv", "fact", there.id);
    expect(stands?.content).toMatchObject({ until: null, withdrawn: null });
    const form = { reason: "Saisi par erreur.", fact: stands?.content.id ?? "", csrf: await tokenOf(claire) };
    expect((await claire.post(`${there.path}/faits/retrait`, form)).status).toBe(303);
  });

  it("a link of another incident is not revoked by the address of this one", async () => {
    const [here, there] = [await reported(omar), await reported(omar)];
    const { text } = await omar.get(`${there.path}/demandes`);
    const question = /demandes\?question=([^"]+)"/.exec(text)?.[1] ?? "";
    const asked = {
      person: "care",
      name: "Mme Roux",
      function: "urgences",
      call_back: "01 23 45 67 89",
      hours: "24",
    };
    await omar.submit(`${there.path}/demandes?question=${question}`, `${there.path}/demandes`, asked);
    const [link] = await scene.store.reads.ofIncident("chv", "question_link", there.id);
    expect(link).toBeDefined();
    const form = { link: link?.content.id ?? "", csrf: await tokenOf(omar) };
    const reply = await omar.post(`${here.path}/demandes/retrait`, form);
    expect(reply.status).toBeGreaterThanOrEqual(400);
    const [after] = await scene.store.reads.ofIncident("chv", "question_link", there.id);
    expect(after).toEqual(link);
    expect((await omar.post(`${there.path}/demandes/retrait`, form)).status).toBe(303);
  });
});

describe("the operations listener", () => {
  it("has these routes and no other, none of which changes anything or names an incident", () => {
    const app = operationsApp({
      metrics: async () => ({ text: "", type: "text" }),
      causes: () => [],
      stalled: async () => [],
    });
    expect(routesOf(app).toSorted()).toEqual([
      "GET /alive",
      "GET /healthz",
      "GET /metrics",
      "GET /openapi.json",
      "GET /readyz",
    ]);
  });
});
