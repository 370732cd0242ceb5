import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { firstDossier } from "../../../test/support/web-desk.ts";
import { type Scene, startScene } from "../../../test/support/web-server.ts";
import { hiddenFields, type Visitor, visitor } from "../../../test/support/web-visitor.ts";
import { MICROSECONDS } from "../../core/clock.ts";
import type { Amendment } from "../../stages/desk/desk.ts";

const INCIDENT = "/chv/incidents/inc-1";
const TEXT = `${INCIDENT}/declaration`;
const ACTION = `${INCIDENT}/champs#sec-incident`;
const OTHER = { id: "acc-dora", name: "Dr dora", role: "director", active: true } as const;

let scene: Scene;
let person: Visitor;
beforeEach(async () => {
  scene = await startScene();
  person = visitor(scene);
  await person.signIn("claire");
});
afterEach(() => scene.close());

const dossier = () => firstDossier(scene.desk);
const fields = () => dossier().current?.content.sections.flatMap((each) => each.fields) ?? [];
const field = (id: string) => fields().find((each) => each.id === id);
const shown = async (page = TEXT) => hiddenFields((await person.get(page)).text, ACTION);
/** What a browser sends of the section that nobody touched. */
const values = () =>
  Object.fromEntries(
    (dossier().current?.content.sections.find((each) => each.id === "incident")?.fields ?? []).flatMap(
      (each) => [[`v.${each.id}`, each.value ?? ""], ...(each.unknown ? [[`u.${each.id}`, "on"]] : [])],
    ),
  ) as Record<string, string>;
const send = (typed: Record<string, string>) => person.post(`${INCIDENT}/champs`, typed);
const keep = (typed: Record<string, string>) => person.post(`${INCIDENT}/brouillon`, typed);
/** Another person changes fields meanwhile. */
const meanwhile = (...changed: Amendment["fields"]) => {
  const { id, version, sha256 } = dossier().current?.declaration ?? { id: "", version: 0, sha256: "" };
  const text = { incident: "inc-1", declaration: id, version, sha256 };
  return scene.desk.amend({ text, fields: changed }, OTHER);
};

describe("the form of the declaration", () => {
  it("says first what is missing, then where every value comes from", async () => {
    const { text } = await person.get(TEXT);
    const missing = text.indexOf("Suffisant pour déclarer\u00a0: <strong>oui</strong>");
    expect(missing).toBeGreaterThan(0);
    expect(missing).toBeLessThan(text.indexOf('id="champs"'));
    for (const words of [
      "À compléter ensuite (2)",
      '<a href="#f-patient_danger">Impact sur les personnes : Mise en danger du patient</a>',
      "4 questions à poser",
      "Origine\u00a0: machine",
      "Origine\u00a0: personne (A. Morel, dim. 15 nov. 02:22)",
      "Origine\u00a0: inconnue",
      "Inconnu à ce stade",
      "Le texte exact, tel qu’il partira",
      `href="${TEXT}.pdf"`,
      `href="${INCIDENT}/decision"`,
    ])
      expect(text).toContain(words);
    expect(text).not.toMatch(/<progress|<meter|\d+ ?%/);
  });

  it("offers nothing to change to whoever may only read or answer", async () => {
    for (const login of ["anne", "omar"] as const) {
      const other = visitor(scene);
      await other.signIn(login);
      const { text } = await other.get(TEXT);
      expect(text).not.toContain("/champs");
      const csrf = /name="csrf" value="([^"]+)"/.exec(text)?.[1] ?? "";
      expect((await other.post(`${INCIDENT}/champs`, { csrf })).status).toBe(403);
      expect((await other.post(`${INCIDENT}/brouillon`, { csrf })).status).toBe(403);
    }
  });
});

describe("correcting the text", () => {
  it("makes a new version of what was changed only, with its author", async () => {
    const reply = await send({ ...(await shown()), ...values(), "v.systems": "PACS, RIS,\r\nDPI" });
    expect(reply.location).toBe(`${TEXT}?fait=texte#sec-incident`);
    expect(field("systems")).toMatchObject({ value: "PACS, RIS,\nDPI", provenance: { by: "person" } });
    expect(field("description")?.provenance.by).toBe("machine");
  });

  it("takes « inconnu à ce stade » for a value of its own", async () => {
    await send({ ...(await shown()), ...values(), "u.systems": "on" });
    expect(field("systems")).toMatchObject({ value: null, unknown: true });
  });

  it("saves nothing when nothing changed", async () => {
    const reply = await send({ ...(await shown()), ...values() });
    expect(reply.location).toBe(`${TEXT}?fait=inchange#sec-incident`);
    expect(dossier().declarations).toHaveLength(1);
  });
});

describe("two people at once", () => {
  const typed = { "v.systems": "Tout le SI", "v.description": "Ma phrase." };

  it("shows both values of what both changed, saves nothing and loses nothing", async () => {
    const before = { ...(await shown()), ...values() };
    await meanwhile(
      { id: "systems", value: "PACS, DPI", unknown: false },
      { id: "occurred", value: "14/11/2026 23:40", unknown: false },
    );
    const reply = await send({ ...before, ...typed });
    expect(reply.status).toBe(409);
    expect(reply.text).toContain("vous aviez la version 1, voici la version 2");
    expect(reply.text).toMatch(/changé entre-temps[\s\S]*«\u00a0PACS, DPI\u00a0»[\s\S]*personne \(Dr dora/);
    expect(reply.text.match(/name="c\.systems" value="(mine|theirs)" required/g)).toHaveLength(2);
    expect(reply.text).not.toContain('name="c.description"');
    expect(reply.text).toMatch(/<textarea[^>]*name="v\.systems"[^>]*>Tout le SI<\/textarea>/);
    expect(reply.text).toMatch(/<textarea[^>]*name="v\.description"[^>]*>Ma phrase\.<\/textarea>/);
    expect(reply.text).toMatch(/<textarea[^>]*name="v\.occurred"[^>]*>14\/11\/2026 23:40<\/textarea>/);
    expect(dossier().declarations).toHaveLength(2);
    // The telephone dies here: what was typed is still there.
    expect((await person.get(TEXT)).text).toMatch(/name="v\.systems"[^>]*>Tout le SI<\/textarea>/);
  });

  it.each([
    ["mine", "Tout le SI"],
    ["theirs", "PACS, DPI"],
  ])("lets the person choose %s, and saves the rest with it", async (choice, kept) => {
    const before = { ...(await shown()), ...values() };
    await meanwhile({ id: "systems", value: "PACS, DPI", unknown: false });
    const { text } = await send({ ...before, ...typed });
    const again = { ...hiddenFields(text, ACTION), ...values(), ...typed, "c.systems": choice };
    expect((await send(again)).status).toBe(303);
    expect(field("systems")?.value).toBe(kept);
    expect(field("description")?.value).toBe("Ma phrase.");
    expect((await person.get(TEXT)).text).not.toContain("Votre saisie");
  });

  it("needs no choice of what both changed alike", async () => {
    const before = { ...(await shown()), ...values() };
    await meanwhile({ id: "systems", value: "Tout le SI", unknown: false });
    const { text } = await send({ ...before, ...typed });
    expect(text).not.toContain('name="c.systems"');
    expect(text).toMatch(/name="v\.description"[^>]*>Ma phrase\.<\/textarea>/);
  });
});

describe("what is typed and not sent", () => {
  const typed = async () => ({ ...(await shown()), ...values(), "v.systems": "Tout le S" });

  it("is kept without a word while the person types, and is no part of the text", async () => {
    expect(await keep({ ...(await typed()), tacite: "1" })).toMatchObject({ status: 204, text: "" });
    expect(dossier().declarations).toHaveLength(1);
    expect(field("systems")?.value).toBe("PACS régional, RIS");
    expect((await person.get(`${TEXT}/1/imprimer`)).text).not.toContain("Tout le S");
  });

  it("is shown again, to this person alone, in its section and above", async () => {
    await keep(await typed());
    const { text } = await person.get(TEXT);
    expect(text).toContain("Votre saisie attend\u00a0: 1 champ pas encore enregistré");
    expect(text).toMatch(
      /<details class="edit" open>[\s\S]*Votre saisie de dim\. 15 nov\. 02:32, pas encore enregistrée/,
    );
    expect(text).toMatch(/name="v\.systems"[^>]*>Tout le S<\/textarea>/);
    const director = visitor(scene);
    await director.signIn("dora");
    expect((await director.get(TEXT)).text).not.toContain("Tout le S");
  });

  it("is kept with a button where scripts are off", async () => {
    expect((await keep(await typed())).location).toBe(`${TEXT}?fait=brouillon#sec-incident`);
    expect((await person.get(`${TEXT}?fait=brouillon`)).text).toContain("gardée, pour vous seul");
  });

  it.each<[string, (form: Record<string, string>) => Promise<{ status: number }>]>([
    ["sent", (form) => send(form)],
    ["thrown away", (form) => keep({ ...form, jeter: "1" })],
    ["typed back as it was", (form) => keep({ ...form, ...values() })],
  ])("is gone once it is %s", async (_, act) => {
    const form = await typed();
    await keep(form);
    expect((await act(form)).status).toBe(303);
    expect((await person.get(TEXT)).text).not.toContain("Votre saisie");
  });

  it("tells when the text moved before it was sent", async () => {
    await keep(await typed());
    await meanwhile({ id: "systems", value: "PACS, DPI", unknown: false });
    expect((await person.get(TEXT)).text).toMatch(/changé entre-temps[\s\S]*«\u00a0PACS, DPI\u00a0»/);
  });

  it("takes fields of the form only, and none that is fixed", async () => {
    await keep({
      ...(await typed()),
      "m.declarant_name": "0",
      "v.declarant_name": "X",
      "m.nope": "0",
      "v.nope": "Y",
    });
    const kept = await scene.store.reads.unsent("chv", "acc-claire", "inc-1");
    expect(kept.map((each) => each.field)).toEqual(["systems"]);
  });

  it("is forgotten after a week", async () => {
    await keep(await typed());
    scene.clock.instant += 8 * MICROSECONDS.day;
    await scene.store.commit({
      facility: "chv",
      at: scene.clock.now(),
      writes: [{ write: "unsent", account: "a", incident: "b", field: "c", content: null }],
    });
    expect(await scene.store.reads.unsent("chv", "acc-claire", "inc-1")).toEqual([]);
  });
});
