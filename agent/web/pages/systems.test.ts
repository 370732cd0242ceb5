import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Scene, startScene } from "../../../test/support/web-server.ts";
import { type Visitor, visitor } from "../../../test/support/web-visitor.ts";
import { System } from "../../core/asset.ts";
import { systemRow } from "./system-row.ts";

const PAGE = "/chv/systemes";
let scene: Scene;
let person: Visitor;
beforeEach(async () => {
  scene = await startScene();
  person = visitor(scene);
  await person.signIn("claire");
});
afterEach(() => scene.close());

/** What stands about one system on a page that lists them. */
const partOf = (text: string, name: string) =>
  text.split('<li class="panel"').find((part) => part.includes(`<strong>${name}</strong>`)) ?? "";

describe("the page of systems", () => {
  it("shows each with its place, its units, its claims, what it needs and what needs it", async () => {
    const { status, text } = await person.get(PAGE);
    expect(status).toBe(200);
    const pacs = partOf(text, "PACS régional");
    for (const words of ["Imagerie, Urgences", "Imagix, 01 02 03 04 05", "pacs-*, 10.20.4.0/24", "RIS"])
      expect(pacs).toContain(words);
    expect(text.indexOf("Site du Val")).toBeLessThan(text.indexOf("PACS régional"));
    const ris = partOf(text, "RIS");
    expect(ris).toMatch(/Sert à<\/dt><dd>PACS régional/);
    expect(ris).toContain("aucune alerte ne peut lui être rattachée");
    expect(text.indexOf("Sans site")).toBeLessThan(text.indexOf("<strong>RIS</strong>"));
  });

  it("marks what nobody wrote, apart from what the facility said and from the law", async () => {
    const { text } = await person.get(PAGE);
    const [said, guessed] = partOf(text, "PACS régional").split("par défaut");
    expect(said).toContain("données de santé");
    expect(guessed).toContain("papier après 30 min");
    expect(text).toContain("Ce sont des réglages de l’établissement, non la loi");
  });

  it("is found from the list of incidents and from the unknown machines, and needs a sign-in", async () => {
    for (const page of ["/chv/incidents", "/chv/actifs-inconnus"])
      expect((await person.get(page)).text).toContain(`href="${PAGE}"`);
    expect((await visitor(scene).get(PAGE)).status).toBe(303);
  });
});

describe("the page of an incident", () => {
  it("names its systems with site, units, vendor and settings, those by default marked", async () => {
    const { text } = await person.get("/chv/incidents/inc-1");
    const section = text.split('id="systemes"')[1]?.split("</section>")[0] ?? "";
    const pacs = partOf(section, "PACS régional");
    for (const words of [
      "Site du Val",
      "Services de soins\u00a0: Imagerie, Urgences",
      "Prestataire\u00a0: Imagix",
    ])
      expect(pacs).toContain(words);
    expect(section).toContain("non de la loi");
    const [said, guessed] = pacs.split("par défaut");
    expect(said).toContain("nécessaire aux soins");
    expect(guessed).toContain("à rétablir en 4 h");
    // What does not hold says nothing of this incident.
    expect(section).not.toContain("ne lui fait confiance");
    expect(text).toMatch(/<dt>Services<\/dt><dd>Imagerie, Urgences/);
  });

  it("says nothing of systems when it names none", async () => {
    const [dossier] = scene.desk.dossiers;
    if (dossier !== undefined) dossier.systems = [];
    const { text } = await person.get("/chv/incidents/inc-1");
    expect(text).not.toContain('id="systemes"');
    expect(text).not.toContain("<dt>Services</dt>");
  });
});

describe("a system in words", () => {
  const words = (over: object) =>
    systemRow(System.parse({ id: "s", name: "S", kind: "other", ...over }), {
      sites: [],
      names: new Map([["dpi", "DPI"]]),
    });

  it.each([
    [{ degraded_after_minutes: 0 }, "son arrêt ne mène pas au papier"],
    [{ degraded_after_minutes: 90 }, "papier après 1 h 30 d’arrêt"],
    [{ restore_within_minutes: 1440 }, "à rétablir en 1 j"],
    [{ shared: true }, "sert aussi à d’autres établissements"],
    [{ health_data: false }, "sans données de santé"],
  ])("%j is « %s », said by the facility", (over, text) => {
    expect(words(over).traits).toContainEqual({
      text,
      byDefault: false,
      holds: !Object.values(over).includes(false),
    });
  });

  it("has all its settings by default when none was written, and keeps an id that names nothing", () => {
    const row = words({ depends_on: ["dpi", "gone"] });
    expect(row.traits.every(({ byDefault }) => byDefault)).toBe(true);
    expect(row.needs).toEqual(["DPI", "gone"]);
    expect([row.site, row.vendor]).toEqual([null, null]);
  });
});
