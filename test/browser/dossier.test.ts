import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { browserPeer, deviceOf, isSound, openBrowser } from "../support/browser.ts";
import { describePeer, itPeer } from "../support/peer.ts";
import { sceneDossier } from "../support/web-scene.ts";
import { type Login, type Scene, startScene } from "../support/web-server.ts";

const HOSTILE = `<img src=x onerror="document.title='pwned'"><script>document.title='pwned'</script>\u202e`;

describePeer(browserPeer, "the dossier in a browser", () => {
  let scene: Scene;
  let browser: Browser;
  let text: string;

  beforeAll(async () => {
    scene = await startScene({ dossier: sceneDossier() });
    text = `${scene.url}/chv/incidents/inc-1/declaration`;
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await scene?.close();
  });

  const device = (login: Login, options?: BrowserContextOptions) =>
    deviceOf({ browser, scene, login }, options);

  const sound = (page: Page, name: string) => isSound(page, `dossier-${name}`);

  const open = async (page: Page) => {
    await page.goto(text);
    const typed = page.locator("#v-systems");
    if (!(await typed.isVisible())) await page.locator("details.edit:has(#v-systems) > summary").click();
    return typed;
  };

  itPeer(
    browserPeer,
    "finds what was being typed on another device, after the first one died",
    async () => {
      const first = await device("claire");
      const page = await first.newPage();
      await (await open(page)).fill("Tout le SI, sauf");
      await page.getByText("Saisie gardée, pas encore enregistrée.").first().waitFor();
      await first.close();

      const second = await device("claire");
      const again = await second.newPage();
      await again.goto(text);
      expect(await again.locator("#v-systems").inputValue()).toBe("Tout le SI, sauf");
      await sound(again, "saisie-gardee");
      await again.locator("#v-systems").fill(`Tout le SI, sauf la téléphonie. ${HOSTILE}`);
      await again
        .locator("form:has(#v-systems)")
        .getByRole("button", { name: "Enregistrer cette section" })
        .click();
      await again.waitForURL("**/declaration?fait=texte*");
      expect(await again.getByText("sauf la téléphonie").count()).toBeGreaterThan(0);
      expect(await again.getByText("Votre saisie").count()).toBe(0);
      await sound(again, "declaration");
      await again.goto(text.replace("/declaration", ""));
      await again.getByText("La chronologie en texte").click();
      await sound(again, "incident");
      await second.close();
    },
    60_000,
  );

  itPeer(
    browserPeer,
    "lets two people change one field without losing a word, one of them with scripts off",
    async () => {
      const mine = await device("dora");
      const theirs = await device("remi", { javaScriptEnabled: false });
      const [one, other] = [await mine.newPage(), await theirs.newPage()];
      await (await open(one)).fill("PACS et DPI");
      await (await open(other)).fill("PACS et RIS");
      const save = (page: Page) =>
        page
          .locator("form:has(#v-systems)")
          .getByRole("button", { name: "Enregistrer cette section" })
          .click();
      await save(other);
      await other.waitForURL("**/declaration?fait=texte*");
      await save(one);
      await one.getByText("Cette valeur a changé entre-temps").waitFor();
      expect(await one.locator("#v-systems").inputValue()).toBe("PACS et DPI");
      await sound(one, "conflit");
      await one.getByLabel(/Mettre ma saisie/).check();
      await save(one);
      await one.waitForURL("**/declaration?fait=texte*");
      expect(await one.locator("#f-systems .val").textContent()).toBe("PACS et DPI");
      await mine.close();
      await theirs.close();
    },
    60_000,
  );

  itPeer(
    browserPeer,
    "is read on a large dark screen too, and keeps notes",
    async () => {
      const context = await device("claire", { viewport: { width: 1280, height: 900 }, colorScheme: "dark" });
      const page = await context.newPage();
      await page.goto(text.replace("/declaration", ""));
      await page.getByText("Écrire une note").click();
      await page.getByLabel(/Ce que vous notez/).fill(`Éditeur rappelé. ${HOSTILE}`);
      await page.getByRole("button", { name: "Noter" }).click();
      await page.waitForURL("**/incidents/inc-1?fait=note*");
      expect(await page.getByText("Éditeur rappelé.").count()).toBeGreaterThan(0);
      await sound(page, "incident-sombre");
      await page.goto(text);
      await sound(page, "declaration-sombre");
      await context.close();
    },
    60_000,
  );
});
