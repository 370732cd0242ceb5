import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { CLIENT, type IdentityProvider, startProvider } from "../../test/support/oidc-provider.ts";
import { changePerson } from "../../test/support/web-people.ts";
import { PASSWORD, type Scene, startScene } from "../../test/support/web-server.ts";
import { type Visitor, visitor } from "../../test/support/web-visitor.ts";
import { MICROSECONDS } from "../core/clock.ts";
import type { Incident } from "../core/incident.ts";
import type { AccessSettings } from "./access.ts";

const PAGE = "/chv/connexion";
const BEGIN = "/chv/connexion/annuaire";

const settings = (issuer: string, more: object = {}): Partial<AccessSettings> => ({
  oidc: {
    label: "l'annuaire du CH",
    issuer,
    clientId: CLIENT.id,
    clientSecret: CLIENT.secret,
    clientAuthentication: "client_secret_basic",
    scope: "openid email profile",
    claim: "email",
    match: "email",
    dependsOn: ["pacs"],
    ...more,
  },
});

describe("sign-in by the identity provider", () => {
  let provider: IdentityProvider;
  let scene: Scene;
  let person: Visitor;
  const scenes = async (more: object = {}) => {
    scene = await startScene({ access: settings(provider.issuer, more) });
    provider.knows(`${scene.url}${BEGIN}/retour`);
    await changePerson(scene, "claire", { email: "Claire@ch.example" });
    person = visitor(scene);
  };
  beforeEach(async () => {
    provider = await startProvider();
    await scenes();
  });
  afterEach(async () => {
    await scene.close();
    await provider.stop();
  });

  /** Presses the button; resolves with where the browser is sent. */
  const begin = async () => {
    const reply = await person.submit(PAGE, BEGIN, {});
    return { reply, url: reply.headers.get("refresh")?.replace(/^0; url=/, "") ?? "" };
  };
  const pathOf = (url: string) => url.replace(scene.url, "");
  const signedIn = async () => (await person.get("/chv/acces")).status === 200;

  it("opens the existing account that the e-mail names, with a session of its own", async () => {
    const { reply, url } = await begin();
    expect(reply.status).toBe(200);
    expect(new URL(url).searchParams.get("code_challenge_method")).toBe("S256");
    const back = await provider.visit(url);
    expect(back.startsWith(`${scene.url}${BEGIN}/retour?code=`)).toBe(true);
    expect(await person.get(pathOf(back))).toMatchObject({ status: 303, location: "/chv/incidents" });
    expect((await person.get("/chv/acces")).text).toContain("annuaire de l&#39;établissement");
  });

  it("keeps no code, state or token in the log", async () => {
    const { url } = await begin();
    const back = await provider.visit(url);
    await person.get(pathOf(back));
    const query = new URL(back).searchParams;
    for (const name of ["code", "state"]) {
      expect(query.get(name)).toBeTruthy();
      expect(scene.logged.join("\n")).not.toContain(query.get(name));
    }
  });

  it("begins by a form only: no link signs in whoever has a session at the provider", async () => {
    expect((await person.get(BEGIN)).status).toBe(303);
    const { url } = await begin();
    const back = await provider.visit(url);
    const other = visitor(scene);
    const reply = await other.get(pathOf(back));
    expect(reply.status).toBe(401);
    expect((await other.get("/chv/acces")).status).toBe(303);
  });

  it("refuses a code that served", async () => {
    const { url } = await begin();
    const kept = person.cookies.get("tocsin-annuaire") ?? "";
    const back = await provider.visit(url);
    expect((await person.get(pathOf(back))).status).toBe(303);
    const again = visitor(scene);
    again.cookies.set("tocsin-annuaire", kept);
    const reply = await again.get(pathOf(back));
    expect(reply.status).toBe(401);
    expect((await again.get("/chv/acces")).status).toBe(303);
  });

  it.each([
    ["another state", (url: URL) => url.searchParams.set("state", "another")],
    ["no state", (url: URL) => url.searchParams.delete("state")],
    ["another issuer", (url: URL) => url.searchParams.set("iss", "http://127.0.0.1:1")],
    ["another code", (url: URL) => url.searchParams.set("code", "another")],
    ["an error of the provider", (url: URL) => url.searchParams.set("error", "access_denied")],
  ])("refuses %s, with what to use instead", async (_what, change) => {
    const { url } = await begin();
    const back = new URL(await provider.visit(url));
    change(back);
    const reply = await person.get(`${back.pathname}${back.search}`);
    expect(reply.status).toBe(401);
    expect(reply.text).toContain("mot de passe Tocsin");
    expect(await signedIn()).toBe(false);
  });

  it("refuses an answer made for another sign-in: its nonce is not ours", async () => {
    const { url } = await begin();
    const changed = new URL(url);
    changed.searchParams.set("nonce", "another");
    const back = await provider.visit(changed.href);
    expect((await person.get(pathOf(back))).status).toBe(401);
    expect(await signedIn()).toBe(false);
  });

  it("refuses what comes back too late", async () => {
    const { url } = await begin();
    const back = await provider.visit(url);
    scene.clock.instant += 11 * MICROSECONDS.minute;
    expect((await person.get(pathOf(back))).status).toBe(401);
  });

  it.each([
    ["an address of nobody", async () => void Object.assign(provider.person, { email: "nobody@ch.example" })],
    ["an address not verified", async () => void Object.assign(provider.person, { email_verified: false })],
    ["a suspended account", () => changePerson(scene, "claire", { active: false })],
    ["an address of two people", () => changePerson(scene, "dora", { email: "claire@ch.example" })],
    [
      "an accès de secours",
      () => changePerson(scene, "claire", { emergency: { sealed: { at: 0, by: "x" }, opened: null } }),
    ],
  ])("lets %s not in, and makes no account of it", async (_what, prepare) => {
    await prepare();
    const before = await scene.store.reads.countByState("chv", "account");
    const { url } = await begin();
    const reply = await person.get(pathOf(await provider.visit(url)));
    expect([401, 403]).toContain(reply.status);
    expect(await signedIn()).toBe(false);
    expect(await scene.store.reads.countByState("chv", "account")).toEqual(before);
  });

  it("finds the person by a claim of the provider's own", async () => {
    await scene.close();
    await scenes({ claim: "sub", match: "identity" });
    await changePerson(scene, "claire", { identity: "s-1" });
    const { url } = await begin();
    expect((await person.get(pathOf(await provider.visit(url)))).status).toBe(303);
    expect(await signedIn()).toBe(true);
  });

  it("says at once that the provider is dead, at either end, and lets local means in", async () => {
    const { url } = await begin();
    const back = await provider.visit(url);
    await provider.stop();
    const late = await person.get(pathOf(back));
    expect(late.status).toBe(503);
    expect(late.text).toContain("L&#39;annuaire ne répond pas");
    expect(late.text).toContain("accès de secours");
    await person.signIn("claire");
    expect(await signedIn()).toBe(true);
  });

  it("says that a provider that never answered is dead", async () => {
    await provider.stop();
    const { reply } = await begin();
    expect(reply.status).toBe(503);
    expect(reply.text).toContain("L&#39;annuaire ne répond pas");
  });

  it("asks for a strength and refuses a sign-in that is not so strong", async () => {
    await scene.close();
    await scenes({ acrValues: "eidas1 eidas2" });
    const { url } = await begin();
    expect(new URL(url).searchParams.get("acr_values")).toBe("eidas1 eidas2");
    const reply = await person.get(pathOf(await provider.visit(url)));
    expect(reply.status).toBe(401);
    expect(await signedIn()).toBe(false);
    expect(scene.logged.join()).toContain("not as strong");
  });

  it("lets a whole ward in from one address: who comes in is not counted", async () => {
    for (let i = 0; i < 45; i++) {
      const { reply, url } = await begin();
      expect(reply.status).toBe(200);
      expect((await person.get(pathOf(await provider.visit(url)))).status).toBe(303);
      person = visitor(scene);
    }
  });

  describe("while a system that it needs is in an incident", () => {
    const stated = async (fact: object) => {
      const dossier = scene.desk.dossiers[0];
      const incident: Incident = {
        ...(dossier?.incident as Incident),
        state: "in_review",
        systems: ["pacs"],
      };
      const found = dossier?.facts[0];
      const write = { write: "record", revision: 1, incident: incident.id, state: null } as const;
      await scene.store.commit({
        facility: "chv",
        at: scene.clock.now(),
        writes: [
          { ...write, kind: "incident", id: incident.id, state: "in_review", content: incident },
          {
            ...write,
            kind: "fact",
            id: "f-attack",
            content: {
              ...(found as NonNullable<typeof found>),
              id: "f-attack",
              system: "pacs",
              until: null,
              ...fact,
            },
          },
        ],
      });
      scene.clock.instant += MICROSECONDS.minute;
    };

    it("closes this way, says why, and keeps the others open", async () => {
      await stated({});
      const page = await person.get(PAGE);
      expect(page.text).toContain("Connexion par l’annuaire suspendue");
      expect(page.text).not.toContain(`action="${BEGIN}"`);
      await person.signIn("claire");
      expect(await signedIn()).toBe(true);
    });

    it("refuses who is on the way, and marks the sessions it had opened", async () => {
      const first = await begin();
      await person.get(pathOf(await provider.visit(first.url)));
      const other = visitor(scene);
      const { headers } = await other.submit(PAGE, BEGIN, {});
      const back = await provider.visit(headers.get("refresh")?.replace(/^0; url=/, "") ?? "");
      await stated({});
      const reply = await other.get(pathOf(back));
      expect(reply.status).toBe(403);
      expect(reply.text).toContain("ne prouve plus qui vous êtes");
      expect((await person.get("/chv/acces")).text).toContain("Annuaire touché par un incident");
    });

    it("takes no decision and no change of means from the sessions it had opened", async () => {
      await changePerson(scene, "claire", { email: "Claire@ch.example" });
      const first = await begin();
      await person.get(pathOf(await provider.visit(first.url)));
      await stated({});
      const page = "/chv/incidents/inc-1/decision";
      const decided = await person.submit(page, `${page}/valider`, { code: scene.code("claire") });
      expect(decided.status).toBe(403);
      expect(decided.text).toContain("moyens locaux");
      const changed = await person.submit("/chv/acces", "/chv/acces/codes", { code: scene.code("claire") });
      expect(changed.status).toBe(403);
      expect(scene.desk.dossiers[0]?.decisions).toEqual([]);
      const local = visitor(scene);
      await local.signIn("claire");
      expect((await local.submit(page, `${page}/valider`, { code: scene.code("claire") })).status).toBe(303);
    });

    it.each([
      ["a fact that ended", { until: 1 }],
      ["a fact that was withdrawn", { withdrawn: { at: 1, by: "x", reason: "faux" } }],
      ["a fact that says no", { holds: false }],
      ["another system", { system: "dpi" }],
    ])("stays open for %s", async (_what, fact) => {
      await stated(fact);
      const { reply } = await begin();
      expect(reply.status).toBe(200);
    });
  });
});

describe("a provider whose description was changed", () => {
  it.each(["javascript:alert(1)//", "data:text/html,x", "ftp://192.0.2.1/"])(
    "sends nobody to %s",
    async (authorization_endpoint) => {
      const server = createServer((_request, response) => {
        const { port } = server.address() as AddressInfo;
        const issuer = `http://127.0.0.1:${port}`;
        response.setHeader("content-type", "application/json");
        response.end(JSON.stringify({ issuer, authorization_endpoint, token_endpoint: `${issuer}/token` }));
      }).listen(0, "127.0.0.1");
      await new Promise((resolve) => server.once("listening", resolve));
      const { port } = server.address() as AddressInfo;
      const scene = await startScene({ access: settings(`http://127.0.0.1:${port}`) });
      try {
        const reply = await visitor(scene).submit(PAGE, BEGIN, {});
        expect(reply.status).toBe(503);
        expect(reply.headers.get("refresh")).toBeNull();
        expect(reply.text).not.toContain(authorization_endpoint);
      } finally {
        await scene.close();
        server.close();
      }
    },
  );
});

describe("a provider that is not what it says", () => {
  let provider: IdentityProvider;
  beforeAll(async () => {
    provider = await startProvider();
    provider.knows("http://127.0.0.1:1/");
  });
  afterAll(() => provider.stop());

  it("is not believed when its own description names another issuer", async () => {
    const scene = await startScene({
      access: settings(provider.issuer.replace("127.0.0.1", "localhost")),
    });
    try {
      const person = visitor(scene);
      const reply = await person.submit(PAGE, BEGIN, {});
      expect(reply.status).toBe(503);
      expect(
        (await person.submit(PAGE, PAGE, { login: "claire", password: PASSWORD, code: "1" })).status,
      ).toBe(401);
    } finally {
      await scene.close();
    }
  });
});
