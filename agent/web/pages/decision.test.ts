import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { contentOfScene, draftOf } from "../../../test/support/web-declaration.ts";
import { firstDossier } from "../../../test/support/web-desk.ts";
import { type Login, PASSWORD, type Scene, startScene } from "../../../test/support/web-server.ts";
import { type Visitor, visitor } from "../../../test/support/web-visitor.ts";
import { MICROSECONDS } from "../../core/clock.ts";

const PAGE = "/chv/incidents/inc-1/decision";
const APPROVE = `${PAGE}/valider`;
const SET_ASIDE = `${PAGE}/ecarter`;
let scene: Scene;
let person: Visitor;
beforeEach(async () => {
  scene = await startScene();
  person = visitor(scene);
  await person.signIn("claire");
});
afterEach(() => scene.close());

const dossier = () => firstDossier(scene.desk);
const moveText = () => {
  const content = { ...contentOfScene(2, "Autre description."), text: "Un tout autre texte." };
  const declaration = draftOf(content);
  dossier().declarations.push(declaration);
  dossier().current = { declaration, content };
};

describe("a text in another's name", () => {
  it("is put in one's own name before it can be approved", async () => {
    const { current } = dossier();
    const name = {
      id: "declarant_name",
      label: "Nom et prénom",
      value: "Dr dora",
      unknown: false,
      basis: "A",
    } as const;
    const provenance = { by: "setting", because: "compte" } as const;
    current?.content.sections.push({
      id: "declarant",
      title: "Déclarant",
      fields: [{ ...name, provenance }],
    });
    const { text } = await person.get(PAGE);
    expect(text).toContain("Ce texte nomme <strong>Dr dora</strong> comme déclarant");
    expect(text).not.toContain("Je valide ce texte");
    const reply = await person.submit(PAGE, "/chv/incidents/inc-1/prise-en-charge", {});
    expect(reply).toMatchObject({ status: 303, location: `${PAGE}?fait=charge` });
    expect(dossier().incident.declarant).toBe("acc-claire");
  });
});

describe("approving", () => {
  it("takes the decision on that text, and says that nothing is filed", async () => {
    const reply = await person.submit(PAGE, APPROVE, { code: scene.code("claire") });
    expect(reply).toMatchObject({ status: 303, location: `${PAGE}?fait=valide` });
    expect(dossier().decisions).toMatchObject([
      { decision: "approved", how: { channel: "web", second_factor: "totp" } },
    ]);
    scene.clock.instant += 12 * MICROSECONDS.minute;
    const { text } = await person.get(PAGE);
    expect(text).toContain("VALIDÉ, PAS ENCORE DÉPOSÉ");
    expect(text).toContain("12 min");
    expect(text).not.toContain("Je valide ce texte");
    expect((await person.get("/chv/incidents/inc-1")).text).toContain("Déposer sur le portail");
  });

  it("refuses a wrong code", async () => {
    const reply = await person.submit(PAGE, APPROVE, { code: "000000" });
    expect(reply.status).toBe(403);
    expect(reply.text).toContain("Code incorrect : rien n&#39;est décidé.");
    expect(dossier().decisions).toEqual([]);
  });

  it("refuses a code that signed in a moment before", async () => {
    const other = visitor(scene);
    const code = scene.code("claire");
    await other.submit("/chv/connexion", "/chv/connexion", { login: "claire", password: PASSWORD, code });
    const reply = await other.submit(PAGE, APPROVE, { code });
    expect(reply.status).toBe(403);
    expect(reply.text).toContain("Ce code a déjà servi");
    expect(dossier().decisions).toEqual([]);
  });

  it("says what to do when a code served before the clock was set back", async () => {
    const other = visitor(scene);
    scene.clock.instant += 3 * MICROSECONDS.hour;
    const code = scene.code("claire");
    await other.submit("/chv/connexion", "/chv/connexion", { login: "claire", password: PASSWORD, code });
    scene.clock.instant -= 3 * MICROSECONDS.hour;
    const reply = await person.submit(PAGE, APPROVE, { code: scene.code("claire") });
    expect(reply.status).toBe(403);
    expect(reply.text).toContain("L&#39;horloge du serveur a reculé");
    expect(reply.text).toContain("Donnez un code de secours ou une clé d&#39;accès");
    expect(dossier().decisions).toEqual([]);
  });

  it("says that the text changed while it was read, shows the new one and keeps the code unused", async () => {
    const page = await person.get(PAGE);
    const seen = dossier().current?.declaration.sha256.slice(0, 6) ?? "";
    moveText();
    const csrf = /name="csrf" value="([^"]+)"/.exec(page.text)?.[1] ?? "";
    const { id = "", version = 0, sha256 = "" } = dossier().declarations[0] ?? {};
    const fields = { csrf, declaration: id, version: String(version), sha256, code: scene.code("claire") };
    scene.written();
    const reply = await person.post(APPROVE, fields);
    expect(reply.status).toBe(409);
    expect(reply.text).toContain(`vous aviez la version 1 (${seen})`);
    expect(reply.text).toContain("Un tout autre texte.");
    expect(reply.text).toContain("<li>Description de l&#39;incident");
    expect(scene.written()).toEqual([]);
    expect(dossier().decisions).toEqual([]);
  });

  it("decides once: the same form sent again changes nothing", async () => {
    const page = await person.get(PAGE);
    const csrf = /name="csrf" value="([^"]+)"/.exec(page.text)?.[1] ?? "";
    const { id = "", sha256 = "" } = dossier().current?.declaration ?? {};
    const fields = { csrf, declaration: id, version: "1", sha256 };
    expect((await person.post(APPROVE, { ...fields, code: scene.code("claire") })).status).toBe(303);
    scene.clock.instant += MICROSECONDS.minute;
    const reply = await person.post(APPROVE, { ...fields, code: scene.code("claire") });
    expect(reply.status).toBe(409);
    expect(reply.text).toContain("déjà fait l&#39;objet d&#39;une décision");
    expect(dossier().decisions).toHaveLength(1);
  });

  it.each(["remi", "omar", "anne"] as Login[])("is not for %s: no form, and 403", async (login) => {
    const other = visitor(scene);
    await other.signIn(login);
    const { text } = await other.get(PAGE);
    expect(text).not.toContain("Je valide ce texte");
    const csrf = /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? "";
    const { id = "", sha256 = "" } = dossier().current?.declaration ?? {};
    const reply = await other.post(APPROVE, {
      csrf,
      declaration: id,
      version: "1",
      sha256,
      code: scene.code(login),
    });
    expect(reply.status).toBe(403);
    expect(dossier().decisions).toEqual([]);
  });

  it("holds one session back after eight wrong codes, and not the person's other session", async () => {
    for (let i = 0; i < 8; i++) await person.submit(PAGE, APPROVE, { code: "000000" });
    expect((await person.submit(PAGE, APPROVE, { code: scene.code("claire") })).status).toBe(429);
    scene.clock.instant += MICROSECONDS.minute;
    const other = visitor(scene);
    await other.signIn("claire");
    expect((await other.submit(PAGE, APPROVE, { code: scene.code("claire") })).status).toBe(303);
  });
});

describe("not declaring", () => {
  it("needs a reason and a code, and is kept with both", async () => {
    const short = await person.submit(PAGE, SET_ASIDE, { code: scene.code("claire"), comment: "non" });
    expect(short.status).toBe(422);
    expect(short.text).toContain("Écrivez le motif");
    const wrong = await person.submit(PAGE, SET_ASIDE, {
      code: "000000",
      comment: "Exercice interne, aucun soin touché.",
    });
    expect(wrong.status).toBe(403);
    expect(wrong.text).toContain("Exercice interne, aucun soin touché.</textarea>");
    const done = await person.submit(PAGE, SET_ASIDE, {
      code: scene.code("claire"),
      comment: "Exercice interne, aucun soin touché.",
    });
    expect(done.status).toBe(303);
    expect(dossier().decisions).toMatchObject([
      { decision: "set_aside", reason: "Exercice interne, aucun soin touché." },
    ]);
    expect((await person.get(PAGE)).text).toContain("Non déclaré (motivé)");
  });
});
