import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { ORIGINAL } from "../../../test/support/web-desk.ts";
import { type Scene, startScene } from "../../../test/support/web-server.ts";
import { visitor } from "../../../test/support/web-visitor.ts";
import type { UnknownAssets } from "../../core/unknown-asset.ts";

const PAGE = "/chv/actifs-inconnus";
let scene: Scene;
beforeEach(async () => {
  scene = await startScene();
});
afterEach(() => scene.close());

async function page(content?: UnknownAssets): Promise<string> {
  if (content !== undefined)
    await scene.store.commit({
      facility: "chv",
      at: scene.clock.now(),
      writes: [{ write: "bookmark", name: "unknown-assets", content: JSON.stringify(content) }],
    });
  const person = visitor(scene);
  await person.signIn("remi");
  const { status, text } = await person.get(PAGE);
  expect(status).toBe(200);
  return text;
}
const of = (...names: string[]): UnknownAssets => ({
  hosts: names.map((host, i) => ({ host, first: i, last: i + 1, alerts: i + 1, source: "wazuh" })),
  forgotten: { hosts: 0, alerts: 0 },
});

describe("the page of unknown hosts", () => {
  it("is linked from the list of incidents", async () => {
    const person = visitor(scene);
    await person.signIn("claire");
    expect((await person.get("/chv/incidents")).text).toContain(`href="${PAGE}"`);
  });

  it("is for people who are signed in", async () => {
    const { status, location } = await visitor(scene).get(PAGE);
    expect([status, location]).toEqual([303, expect.stringContaining("/chv/connexion")]);
  });

  it("says that there is none", async () => {
    expect(await page()).toContain(
      "Chaque machine dont une alerte a parlé appartient à une application décrite.",
    );
  });

  it("shows each host with its alerts, its source and what the inventory says", async () => {
    const text = await page(of("srv-b", "PC-accueil"));
    expect(text.indexOf("srv-b")).toBeLessThan(text.indexOf("PC-accueil"));
    for (const shown of [
      "1 alerte<",
      "2 alertes<",
      "par wazuh.",
      "À l’inventaire\u00a0: Bâtiment A &gt; Accueil",
    ])
      expect(text).toContain(shown);
    expect(text).not.toContain("La liste garde");
  });

  it("says what had no place left", async () => {
    const text = await page({ ...of("a"), forgotten: { hosts: 3, alerts: 7 } });
    expect(text).toContain("les plus rares n’y sont plus\u00a0: 3 (alertes\u00a0: 7).");
  });

  it("runs no markup of senders, makes hidden characters visible, and masks identities", async () => {
    const text = await page(of(`<script>x</script>\u202e ${ORIGINAL}`));
    expect(text).toContain("&lt;script&gt;");
    for (const hidden of ["<script>x", "\u202e"]) expect(text).not.toContain(hidden);
    expect(text).not.toMatch(/1 85 05 78/);
  });
});
