import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ORIGINAL } from "../../../test/support/web-desk.ts";
import { type Scene, startScene } from "../../../test/support/web-server.ts";
import { visitor } from "../../../test/support/web-visitor.ts";
import { listed } from "../../core/rule-troubles.ts";

const PAGE = "/chv/regles-refusees";
let scene: Scene;
beforeEach(async () => {
  scene = await startScene();
});
afterEach(() => scene.close());

async function page(): Promise<string> {
  const person = visitor(scene);
  await person.signIn("remi");
  const { status, text } = await person.get(PAGE);
  expect(status).toBe(200);
  return text;
}

describe("the page of refused rules", () => {
  it("is linked from the list of incidents, beside what could not be read", async () => {
    const person = visitor(scene);
    await person.signIn("claire");
    const { text } = await person.get("/chv/incidents");
    expect(text).toContain(`href="${PAGE}"`);
    expect(text).toContain('href="/chv/messages-non-compris"');
  });

  it("is for people who are signed in", async () => {
    const { status, location } = await visitor(scene).get(PAGE);
    expect([status, location]).toEqual([303, expect.stringContaining("/chv/connexion")]);
  });

  it("says that all is well when every rule runs", async () => {
    expect(await page()).toContain("Toutes les règles chargées jouent.");
  });

  it("shows of each refusal its file, line, code, message and what to do", async () => {
    scene.troubles.refused = listed([
      {
        code: "condition_invalid",
        where: "/etc/tocsin/rules/vpn.yml:12:7",
        message: "the condition is empty",
        remedy: "write one",
      },
      { code: "file_unreadable", where: "/etc/tocsin/absent", message: "no such file" },
    ]);
    const text = await page();
    for (const shown of [
      "Refusées à la lecture",
      "/etc/tocsin/rules/vpn.yml<",
      "ligne 12",
      "condition_invalid",
      "the condition is empty",
      "→ write one",
      "/etc/tocsin/absent<",
    ])
      expect(text).toContain(shown);
    expect(text).not.toContain("Arrêtées en marche");
  });

  it("shows what was stopped while it ran, what has no effect, and what is kept", async () => {
    scene.troubles.disabled = listed([
      { rule: "r-9", title: "Connexion de nuit", fault: "boom", at: scene.clock.now() },
    ]);
    scene.troubles.inactive = listed([{ code: "placeholder_without_value", message: "%admins% has none" }]);
    scene.troubles.kept = listed(["r-10"]);
    const text = await page();
    for (const shown of ["Arrêtées en marche", "Connexion de nuit", "r-9", "boom"])
      expect(text).toContain(shown);
    for (const shown of ["Lues, mais sans effet", "%admins% has none"]) expect(text).toContain(shown);
    for (const shown of ["Gardées dans leur dernière version correcte", "r-10"])
      expect(text).toContain(shown);
    expect(text).not.toContain("Refusées à la lecture");
  });

  it("says how many there are when it shows the first of them only", async () => {
    const many = Array.from({ length: 1200 }, (_, i) => ({ code: "yaml_invalid", message: `no ${i}.` }));
    scene.troubles.refused = listed(many);
    const text = await page();
    expect(text).toContain('<span class="tally">1200</span>');
    expect(text).toContain("Les 1000 premières.");
    expect(text).not.toContain("no 1000.");
  });

  it("runs no markup of rules, makes hidden characters visible, and masks identities", async () => {
    const hostile = `<script>x</script>"'\u202e ${ORIGINAL}`;
    scene.troubles.refused = listed([
      { code: "yaml_invalid", where: `${hostile}:3:1`, message: hostile, remedy: hostile },
    ]);
    scene.troubles.kept = listed([hostile]);
    scene.troubles.disabled = listed([{ rule: hostile, title: hostile, fault: hostile, at: 0 }]);
    const text = await page();
    expect(text).not.toContain("<script>x");
    expect(text).not.toContain("\u202e");
    expect(text).not.toMatch(/1 85 05 78/);
    expect(text).toContain("&lt;script&gt;");
  });
});
