import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { contentOfScene, draftOf } from "../../../test/support/web-declaration.ts";
import { firstDossier } from "../../../test/support/web-desk.ts";
import { type Scene, startScene } from "../../../test/support/web-server.ts";
import { type Visitor, visitor } from "../../../test/support/web-visitor.ts";

const PAGE = "/chv/incidents/inc-1/declaration";
const DECISION = "/chv/incidents/inc-1/decision";
const APPROVE = `${DECISION}/valider`;
let scene: Scene;
let person: Visitor;
beforeEach(async () => {
  scene = await startScene();
  person = visitor(scene);
  await person.signIn("claire");
});
afterEach(() => scene.close());

const dossier = () => firstDossier(scene.desk);

describe("the exact text", () => {
  it("is shown whole, with its version and fingerprint, and claims no official form", async () => {
    const { text } = await person.get(PAGE);
    const sha256 = dossier().current?.declaration.sha256 ?? "";
    expect(text).toContain("Critères remplis : sécurité des soins (potentiel)");
    expect(text).toContain(sha256.slice(0, 6));
    for (const group of sha256.match(/.{8}/g) ?? []) expect(text).toContain(`<span>${group}</span>`);
    expect(text).toContain("il ne reproduit pas l’annexe officielle");
  });
});

describe("filing and printing", () => {
  const FILING = "/chv/incidents/inc-1/depot";

  it("has nothing to file before an approval", async () => {
    expect((await person.get(FILING)).text).toContain("Rien à déposer");
  });

  it("lists the values in order and records the portal's reference, never claiming more than was done", async () => {
    await person.submit(DECISION, APPROVE, { code: scene.code("claire") });
    const page = await person.get(FILING);
    expect(page.text).toContain("EXERCICE — rien n’a été transmis à une autorité");
    expect(page.text.indexOf("Raison sociale")).toBeLessThan(page.text.indexOf("Mise en danger du patient"));
    expect(page.text).not.toMatch(/href="https?:/);
    expect((await person.submit(FILING, FILING, { reference: " " })).status).toBe(422);
    expect(await person.submit(FILING, FILING, { reference: "SIG-42" })).toMatchObject({
      status: 303,
      location: FILING,
    });
    const { text } = await person.get(FILING);
    expect(text).toContain("EXERCICE : dépôt simulé, n° SIG-42");
    for (const path of [FILING, PAGE, "/chv/incidents/inc-1", `${PAGE}/1/imprimer`]) {
      expect((await person.get(path)).text).not.toMatch(/>Déposé/);
    }
  });

  it("says filed in earnest only outside an exercise", async () => {
    scene.desk.mode = "live";
    const content = contentOfScene(1, "Réel.", false);
    const declaration = draftOf(content);
    dossier().declarations = [declaration];
    dossier().current = { declaration, content };
    await person.submit(DECISION, APPROVE, { code: scene.code("claire") });
    await person.submit(FILING, FILING, { reference: "SIG-42" });
    expect((await person.get(FILING)).text).toContain("<h1>Déposé, n° SIG-42</h1>");
  });

  it("puts the fingerprint at the foot of every page, in a style sheet of the document", async () => {
    const sheet = await person.get(`${PAGE}/1/imprimer.css`);
    expect(sheet.headers.get("content-type")).toContain("text/css");
    expect(sheet.text).toContain(dossier().current?.declaration.sha256.slice(0, 8));
    expect((await visitor(scene).get(`${PAGE}/1/imprimer.css`)).status).toBe(303);
  });

  it("prints the form with version, fingerprint and state", async () => {
    const { text } = await person.get(`${PAGE}/1/imprimer`);
    expect(text).toContain("EXERCICE — rien n’a été transmis à une autorité");
    expect(text).toContain("EXERCICE : Projet de déclaration");
    expect(text).toContain(dossier().current?.declaration.sha256.slice(0, 8));
    expect(text).toContain("il ne reproduit pas l’annexe officielle");
  });
});
