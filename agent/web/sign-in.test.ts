import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { PASSWORD, type Scene, startScene } from "../../test/support/web-server.ts";
import { visitor } from "../../test/support/web-visitor.ts";
import { MICROSECONDS } from "../core/clock.ts";
import { SESSION_HOURS } from "./session-store.ts";
import { ownPath } from "./sign-in.ts";

const CONNEXION = "/chv/connexion";
let scene: Scene;
beforeEach(async () => {
  scene = await startScene({ demo: true });
});
afterEach(() => scene.close());

describe("sign-in", () => {
  it("gives a new session, kept hashed, for the right password and code", async () => {
    const person = visitor(scene);
    const fields = { login: " Claire ", password: PASSWORD, code: scene.code("claire") };
    const reply = await person.submit(CONNEXION, CONNEXION, fields);
    expect(reply).toMatchObject({ status: 303, location: "/chv/incidents" });
    expect(new Set(scene.written())).toEqual(new Set(["totp", "note", "bookmark", "session_end", "session"]));
    const cookie = reply.headers.getSetCookie().find((each) => each.startsWith("tocsin="));
    expect(cookie).toMatch(/HttpOnly/);
    expect(cookie).toMatch(/SameSite=Lax/);
    const id =
      decodeURIComponent(person.cookies.get("tocsin") ?? "")
        .slice(2)
        .split(".")[0] ?? "";
    expect(await scene.store.reads.session("chv", id, scene.clock.now())).toBeUndefined();
  });

  it.each([
    ["a wrong password", { login: "claire", password: "no" }],
    ["an unknown login", { login: "nobody", password: PASSWORD }],
    ["a wrong code", { login: "claire", password: PASSWORD, code: "000000" }],
    ["no code", { login: "claire", password: PASSWORD, code: "" }],
  ])("refuses %s with the one sentence, and no session", async (_what, fields) => {
    const person = visitor(scene);
    const reply = await person.submit(CONNEXION, CONNEXION, { code: scene.code("claire"), ...fields });
    expect(reply.status).toBe(401);
    expect(reply.text).toContain("Identifiant, mot de passe ou code incorrect.");
    expect(scene.written()).not.toContain("session");
    expect((await person.get("/chv/incidents")).status).toBe(303);
  });

  it("does not use up the code of a person whose password was wrong", async () => {
    const code = scene.code("claire");
    await visitor(scene).submit(CONNEXION, CONNEXION, { login: "claire", password: "no", code });
    expect(scene.written()).toEqual([]);
  });

  it("refuses a code that served", async () => {
    const fields = { login: "claire", password: PASSWORD, code: scene.code("claire") };
    expect((await visitor(scene).submit(CONNEXION, CONNEXION, fields)).status).toBe(303);
    expect((await visitor(scene).submit(CONNEXION, CONNEXION, fields)).status).toBe(401);
  });

  it("ignores a session id planted before sign-in and changes it at each sign-in", async () => {
    const person = visitor(scene);
    person.cookies.set("tocsin", "s%3Aplanted.c2lnbmF0dXJl");
    await person.signIn("claire");
    const first = person.cookies.get("tocsin");
    expect(first).not.toContain("planted");
    const page = await person.get("/chv/acces");
    expect(page.status).toBe(200);
    const csrf = /name="csrf" value="([^"]+)"/.exec(page.text)?.[1] ?? "";
    const again = { csrf, login: "claire", password: PASSWORD, code: scene.code("claire"), suite: "" };
    expect((await person.post(CONNEXION, again)).status).toBe(303);
    expect(person.cookies.get("tocsin")).not.toBe(first);
    const old = visitor(scene);
    old.cookies.set("tocsin", first ?? "");
    expect((await old.get("/chv/incidents")).status).toBe(303);
  });

  it("ends the session at sign-out, for whoever kept the cookie too", async () => {
    const person = visitor(scene);
    await person.signIn("claire");
    const kept = person.cookies.get("tocsin") ?? "";
    expect((await person.submit("/chv/incidents", "/chv/deconnexion", {})).status).toBe(303);
    const thief = visitor(scene);
    thief.cookies.set("tocsin", kept);
    expect((await thief.get("/chv/incidents")).location).toContain("/connexion");
  });

  it("ends a session after its hours, however much it is used", async () => {
    const person = visitor(scene);
    await person.signIn("claire");
    scene.clock.instant += (SESSION_HOURS - 1) * MICROSECONDS.hour;
    expect((await person.get("/chv/acces")).status).toBe(200);
    scene.clock.instant += 2 * MICROSECONDS.hour;
    expect((await person.get("/chv/incidents")).status).toBe(303);
  });

  it("turns away a session whose account was closed", async () => {
    const person = visitor(scene);
    await person.signIn("claire");
    const stored = await scene.store.reads.record("chv", "account", "acc-claire");
    if (stored === undefined) throw new Error("no account");
    const content = { ...stored.content, active: false };
    const write = {
      write: "record",
      kind: "account",
      id: content.id,
      revision: 2,
      incident: null,
      state: null,
      content,
    } as const;
    await scene.store.commit({ facility: "chv", at: scene.clock.now(), writes: [write] });
    expect((await person.get("/chv/incidents")).status).toBe(303);
  });

  it("holds back after eight failures from one place, the right password included", async () => {
    const person = visitor(scene);
    for (let i = 0; i < 8; i++)
      await person.submit(CONNEXION, CONNEXION, { login: "claire", password: "no", code: "000000" });
    const reply = await person.submit(CONNEXION, CONNEXION, {
      login: "claire",
      password: PASSWORD,
      code: scene.code("claire"),
    });
    expect(reply.status).toBe(429);
    expect(Number(reply.headers.get("retry-after"))).toBeGreaterThan(0);
    expect(reply.text).toContain("Trop d&#39;essais");
    const elsewhere = visitor(scene);
    const form = await elsewhere.get(CONNEXION);
    const csrf = /name="csrf" value="([^"]+)"/.exec(form.text)?.[1] ?? "";
    const body = new URLSearchParams({
      csrf,
      login: "claire",
      password: PASSWORD,
      code: scene.code("claire"),
    });
    const other = await elsewhere.get(CONNEXION, {
      method: "POST",
      body,
      headers: { "x-forwarded-for": "192.0.2.44" },
    });
    expect(other.status).toBe(303);
  });
});

describe("ticket", () => {
  const page = "/chv/connexion/billet";

  it("signs in once, by the button and not by the link", async () => {
    await scene.ticket("claire", "secret-token");
    const person = visitor(scene);
    const shown = await person.get(`${page}?jeton=secret-token`);
    expect(shown.status).toBe(200);
    expect(shown.text).toContain("Entrer");
    expect(scene.written()).toEqual([]);
    expect((await person.get("/chv/incidents")).status).toBe(303);
    expect((await person.submit(`${page}?jeton=secret-token`, page, {})).location).toBe("/chv/incidents");
    expect((await person.get("/chv/acces")).status).toBe(200);
    expect((await visitor(scene).submit(`${page}?jeton=secret-token`, page, {})).status).toBe(403);
  });

  it("refuses an unknown or past ticket", async () => {
    await scene.ticket("claire", "late");
    scene.clock.instant += MICROSECONDS.hour;
    for (const jeton of ["late", "unknown"]) {
      expect((await visitor(scene).submit(`${page}?jeton=${jeton}`, page, {})).status).toBe(403);
    }
  });

  it("does not exist outside the demonstration", async () => {
    const real = await startScene();
    try {
      const reply = await visitor(real).get(`${page}?jeton=x`);
      expect(reply.status).toBe(303);
      expect(reply.location).toContain("/connexion?suite=");
    } finally {
      await real.close();
    }
  });
});

describe("ownPath", () => {
  it.each(["/chv/incidents/inc-1", "/chv/incidents?etat=open"])("keeps %s", (path) => {
    expect(ownPath(path, "chv")).toBe(path);
  });

  it.each([
    "https://evil.example/chv/",
    "//evil.example/chv/",
    "/\\evil.example",
    "/chv/..//evil.example",
    "/chv/%2e%2e//evil.example",
    "/chv/\t/evil.example",
    "/autre/incidents",
    "/chv/connexion",
    "javascript:alert(1)",
    "",
  ])("sends %j to the list", (path) => {
    expect(ownPath(path, "chv")).toBe("/chv/incidents");
  });
});
