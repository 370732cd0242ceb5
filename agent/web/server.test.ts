import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { sceneDossier } from "../../test/support/web-scene.ts";
import { type Scene, startScene } from "../../test/support/web-server.ts";
import { type Visitor, visitor } from "../../test/support/web-visitor.ts";

const INCIDENT = "/chv/incidents/inc-1";
const PAGES = [
  "/chv/incidents",
  "/chv/incidents?etat=in_review",
  INCIDENT,
  `${INCIDENT}/declaration`,
  `${INCIDENT}/depot`,
  `${INCIDENT}/declaration/1/imprimer`,
];
const FORMS = [
  `${INCIDENT}/prise-en-charge`,
  `${INCIDENT}/reponse`,
  `${INCIDENT}/champs`,
  `${INCIDENT}/brouillon`,
  `${INCIDENT}/notes`,
  `${INCIDENT}/decision/valider`,
  `${INCIDENT}/decision/ecarter`,
  `${INCIDENT}/depot`,
];

describe("the people's listener", () => {
  let scene: Scene;
  let person: Visitor;
  beforeAll(async () => {
    scene = await startScene({ demo: true });
    person = visitor(scene);
    await person.signIn("claire");
  });
  afterAll(() => scene.close());

  it.each(PAGES)("sends who is signed out from %s to sign in, and back", async (path) => {
    const reply = await visitor(scene).get(path);
    expect(reply.status).toBe(303);
    expect(reply.location).toBe(`/chv/connexion?suite=${encodeURIComponent(path)}`);
  });

  it.each([...FORMS, "/chv/inconnu"])("answers 401 to a form posted to %s while signed out", async (path) => {
    const reply = await visitor(scene).post(path, { code: "123456" });
    expect(reply.status).toBe(401);
    expect(reply.text).toContain("Vous n&#39;êtes pas connecté");
  });

  it.each([...FORMS, "/chv/deconnexion", "/chv/connexion", "/chv/connexion/billet"])(
    "answers 403 to a form posted to %s without its token",
    async (path) => {
      expect((await person.post(path, {})).status).toBe(403);
      const other = visitor(scene);
      const foreign = await other.get("/chv/connexion");
      const csrf = /name="csrf" value="([^"]+)"/.exec(foreign.text)?.[1] ?? "";
      expect((await person.post(path, { csrf })).status).toBe(403);
    },
  );

  it("refuses a form that another site sent, whatever it carries", async () => {
    const page = await person.get(INCIDENT);
    const csrf = /name="csrf" value="([^"]+)"/.exec(page.text)?.[1] ?? "";
    const body = new URLSearchParams({ csrf, question: "degraded_mode", answer: "yes" });
    const headers = { "sec-fetch-site": "cross-site" };
    expect((await person.get(`${INCIDENT}/reponse`, { method: "POST", body, headers })).status).toBe(403);
    expect(scene.desk.answers).toEqual([]);
  });

  it.each(["GET", "HEAD"])("writes nothing on %s, on any page", async (method) => {
    scene.written();
    const before = JSON.stringify(scene.desk.dossiers);
    for (const path of [
      ...PAGES,
      ...FORMS,
      "/",
      "/chv",
      "/chv/connexion",
      "/chv/connexion/billet?jeton=x",
      "/chv/deconnexion",
    ]) {
      await person.get(path, { method });
      await visitor(scene).get(path, { method });
    }
    expect(scene.written()).toEqual([]);
    expect(JSON.stringify(scene.desk.dossiers)).toBe(before);
    expect((await person.get("/chv/incidents")).status).toBe(200);
  });

  it("leads / to the list", async () => {
    expect(await person.get("/")).toMatchObject({ status: 303, location: "/chv/incidents" });
  });

  it.each([
    ["an unknown facility", "/autre/incidents"],
    ["an unknown page", "/chv/nulle-part"],
    ["an unknown incident", "/chv/incidents/inc-9"],
    ["an unknown version", `${INCIDENT}/declaration/9/imprimer`],
  ])("answers 404 for %s, in French, with a way on", async (_what, path) => {
    const reply = await person.get(path);
    expect(reply.status).toBe(404);
    expect(reply.text).toContain("Que faire\u00a0?");
    expect(reply.text).toContain('href="/chv/incidents"');
  });

  it("answers 413 to a form that is too large and 400 to an address that is not text", async () => {
    expect((await person.post(`${INCIDENT}/champs`, { "v.description": "x".repeat(200_000) })).status).toBe(
      413,
    );
    expect((await person.get("/chv/incidents/%ff")).status).toBe(400);
  });

  it("lets no script, style, frame or form of another in, and is kept by no cache", async () => {
    const { headers, text } = await person.get(INCIDENT);
    const policy = headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("form-action 'self'");
    expect(policy).not.toContain("unsafe");
    expect(headers.get("cache-control")).toBe("no-store");
    expect(headers.get("x-powered-by")).toBeNull();
    expect(text).not.toMatch(/<style|<script(?![^>]* src=)|\son\w+=|\sstyle=/i);
  });

  it("serves its few assets and no listing of them", async () => {
    for (const file of [
      "page.css",
      "controls.css",
      "list.css",
      "incident.css",
      "declaration.css",
      "paper.css",
      "page.js",
      "icon.svg",
    ]) {
      expect((await person.get(`/assets/${file}`)).status).toBe(200);
    }
    expect((await person.get("/assets/")).status).toBe(404);
    expect((await person.get("/assets/..%2fserver.ts")).status).toBeGreaterThanOrEqual(400);
  });

  it("marks every page of an exercise, and of an observation", async () => {
    for (const path of PAGES)
      expect((await person.get(path)).text).toContain("Rien n’est transmis à une autorité.");
    scene.desk.mode = "observe";
    expect((await person.get(INCIDENT)).text).toContain("(aucun envoi)");
    scene.desk.mode = "live";
    expect((await person.get("/chv/incidents")).text).not.toContain("EXERCICE");
    scene.desk.mode = "exercise";
  });

  it("makes every cookie Secure and host-bound under TLS", async () => {
    const secure = await startScene({ secure: true });
    try {
      const reply = await visitor(secure).get("/chv/connexion", {
        headers: { "x-forwarded-proto": "https" },
      });
      expect(reply.headers.get("strict-transport-security")).toContain("max-age=");
      for (const line of reply.headers.getSetCookie()) expect(line).toMatch(/^__Host-.*; Path=\/;.*Secure/);
    } finally {
      await secure.close();
    }
  });
});

describe("text that comes from attackers", () => {
  const HOSTILE =
    '"><script>alert(1)</script><a href="javascript:alert(2)" onload=x>\u202etxt.exe\u001b[2J\u0000\u2066fin';
  let scene: Scene;
  let person: Visitor;
  beforeEach(async () => {
    scene = await startScene({ dossier: sceneDossier(HOSTILE) });
    person = visitor(scene);
    await person.signIn("claire");
  });
  afterEach(() => scene.close());

  it.each(PAGES)("is text on %s: no mark-up, no hidden character", async (path) => {
    const { status, text } = await person.get(path);
    expect(status).toBe(200);
    expect(text).toContain("&lt;script&gt;alert(1)");
    expect(text).not.toContain("<script>alert");
    expect(text).not.toMatch(/href="javascript:/);
    expect(text).not.toMatch(/[\u0000-\u0008\u000b-\u001f\u202a-\u202e\u2066-\u2069]/);
    expect(text).toContain("[U+202E]txt.exe␛[2J␀[U+2066]fin");
  });

  it("stays text once decided and filed", async () => {
    const { current } = scene.desk.dossiers[0] ?? {};
    if (current === undefined) throw new Error("no draft");
    const { id, version, sha256 } = current.declaration;
    const actor = { id: "acc-claire", name: HOSTILE, role: "delegate", active: true } as const;
    const how = { channel: "web", second_factor: "totp" } as const;
    await scene.desk.approve({ incident: "inc-1", declaration: id, version, sha256 }, how, actor);
    await scene.desk.recordFiling({ incident: "inc-1", delivery: "del-1", reference: HOSTILE }, actor);
    for (const path of PAGES)
      expect((await person.get(path)).text).not.toMatch(/<script>alert|[\u001b\u202e]/);
  });

  it("is text where a person typed it and the page gives it back", async () => {
    const answered = await person.submit(`${INCIDENT}/declaration`, `${INCIDENT}/reponse`, {
      question: "degraded_mode",
      answer: "yes",
      time: "99:99",
      source: HOSTILE,
    });
    expect(answered.status).toBe(422);
    expect(answered.text).not.toMatch(/<script>alert|[\u001b\u202e]/);
    const signIn = await visitor(scene).submit("/chv/connexion", "/chv/connexion", {
      login: HOSTILE,
      password: "x",
      code: "1",
    });
    expect(signIn.text).not.toMatch(/<script>alert|[\u001b\u202e]/);
    const lost = await person.get(`/chv/incidents/${encodeURIComponent(HOSTILE)}`);
    expect(lost.status).toBe(404);
    expect(lost.text).not.toMatch(/<script>alert|[\u001b\u202e]/);
  });
});
