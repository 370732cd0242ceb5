import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SYSTEMS } from "../../../test/support/web-declaration.ts";
import { ORIGINAL } from "../../../test/support/web-desk.ts";
import { sceneDossier } from "../../../test/support/web-scene.ts";
import { type Login, type Scene, startScene } from "../../../test/support/web-server.ts";
import { visitor } from "../../../test/support/web-visitor.ts";

const INCIDENT = "/chv/incidents/inc-1";
const REASON = "Vérifier avec le service si le dossier est atteint.";
let scene: Scene;
beforeEach(async () => {
  scene = await startScene({
    // Names of systems are the configuration's.
    dossier: { ...sceneDossier(`<b>${ORIGINAL} IPP 8001234567`), systems: SYSTEMS },
  });
});
afterEach(() => scene.close());

async function signedIn(login: Login) {
  const person = visitor(scene);
  await person.signIn(login);
  return person;
}

describe("the pages", () => {
  it.each(["claire", "remi", "omar", "anne"] as const)("show %s no patient by default", async (login) => {
    const person = await signedIn(login);
    for (const page of ["", "/declaration", "/declaration/1/imprimer"]) {
      const { text, status } = await person.get(`${INCIDENT}${page}`);
      expect(status).toBe(200);
      expect(text).not.toMatch(/DUPONT|1 85 05 78|8001234567/);
      expect(text).toContain("[NIR masqué ");
    }
    expect((await person.get("/chv/incidents")).text).not.toMatch(/DUPONT|1 85 05 78|8001234567/);
  });

  it("mask what could not be read too", async () => {
    const entry = {
      source: "siem",
      received: scene.clock.now(),
      code: "not_json",
      message: ORIGINAL,
      sample: ORIGINAL,
    };
    await scene.store.commit({
      facility: "chv",
      at: scene.clock.now(),
      writes: [{ write: "quarantine", entry }],
    });
    const { text } = await (await signedIn("remi")).get("/chv/messages-non-compris");
    expect(text).toContain("[NIR masqué ");
    expect(text).not.toMatch(/DUPONT|1 85 05 78/);
  });

  it.each([
    ["remi", true],
    ["dora", true],
    ["omar", false],
    ["anne", false],
  ] as const)("offer %s the original: %s", async (login, offered) => {
    const { text } = await (await signedIn(login)).get(INCIDENT);
    expect(text.includes("Afficher l’original (tracé)")).toBe(offered);
    expect(text).toContain("Identité masquée");
  });
});

describe("the original of an alert", () => {
  const asked = async (login: Login, fields: Record<string, string> = {}) => {
    const person = await signedIn(login);
    const csrf = /name="csrf" value="([^"]+)"/.exec((await person.get(INCIDENT)).text)?.[1] ?? "";
    return person.post(`${INCIDENT}/original`, { csrf, alert: "al-1", reason: REASON, ...fields });
  };

  it("is shown once for a reason, and asked of the desk in the person's name", async () => {
    const { status, text } = await asked("remi");
    expect(status).toBe(200);
    expect(text).toContain("DUPONT Jean");
    expect(text).toContain("inscrite au journal");
    expect(scene.desk.unmasked).toEqual([
      { incident: "inc-1", alert: "al-1", reason: REASON, actor: "acc-remi" },
    ]);
  });

  it.each<[string, Login, Record<string, string>, number]>([
    ["the wrong role", "omar", {}, 403],
    ["another wrong role", "anne", {}, 403],
    ["a form of elsewhere", "remi", { csrf: "forged" }, 403],
    ["no reason", "remi", { reason: " " }, 422],
    ["a reason too short", "remi", { reason: "voir" }, 422],
    ["no alert", "remi", { alert: "" }, 422],
  ])("is refused for %s", async (_, login, fields, status) => {
    const answer = await asked(login, fields);
    expect(answer.status).toBe(status);
    expect(answer.text).not.toContain("DUPONT");
    expect(scene.desk.unmasked).toEqual([]);
  });

  it("is not given by a GET, which writes nothing", async () => {
    const person = await signedIn("remi");
    scene.written();
    const { status, text } = await person.get(
      `${INCIDENT}/original?alert=al-1&reason=${encodeURIComponent(REASON)}`,
    );
    expect(status).toBe(404);
    expect(text).not.toContain("DUPONT");
    expect(scene.desk.unmasked).toEqual([]);
    expect(scene.written()).toEqual([]);
  });
});
