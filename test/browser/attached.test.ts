import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { browserPeer, deviceOf, isSoundEverywhere, openBrowser } from "../support/browser.ts";
import { type NotedIncident, notedIncident } from "../support/noted-incident.ts";
import { describePeer, itPeer } from "../support/peer.ts";
import { FOUND, scriptedSearches } from "../support/searches.ts";

const NAME = `réponse "éditeur" <img src=x onerror=document.title='pwned'>\u202egpj.exe`;

describePeer(browserPeer, "files in a browser", () => {
  const searches = scriptedSearches();
  let noted: NotedIncident;
  let browser: Browser;
  let url: string;
  beforeAll(async () => {
    noted = await notedIncident({ searches: searches.open });
    url = `${noted.scene.url}${noted.page}`;
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await noted?.scene.close();
  });

  itPeer(
    browserPeer,
    "are put beside a note with scripts off, listed, and saved rather than opened",
    async () => {
      const context = await deviceOf(
        { browser, scene: noted.scene, login: "omar" },
        { javaScriptEnabled: false, acceptDownloads: true },
      );
      const page = await context.newPage();
      await page.goto(url);
      await page.getByText("Écrire une note").click();
      await page.getByLabel("Ce que vous notez").fill("Réponse de l'éditeur, et photo de l'écran.");
      await page.getByLabel("Joindre des fichiers").setInputFiles([
        { name: NAME, mimeType: "text/html", buffer: Buffer.from("<script>document.title='pwned'</script>") },
        { name: "photo de l'écran.jpg", mimeType: "image/jpeg", buffer: Buffer.alloc(1_234_567, 1) },
      ]);
      await page.getByRole("button", { name: "Noter" }).click();
      await page.waitForURL("**fait=note*");
      const link = page.locator(".attached a").first();
      expect(await link.textContent()).toContain("_img src=x onerror=");
      const [download] = await Promise.all([page.waitForEvent("download"), link.click()]);
      expect(download.suggestedFilename()).not.toMatch(/[\u202e"/\\<>]/);
      expect(await page.title()).not.toContain("pwned");
      await context.close();

      const shown = await deviceOf({ browser, scene: noted.scene, login: "remi" });
      const again = await shown.newPage();
      await again.goto(`${url}#main-courante`);
      await again.getByText("Écrire une note").click();
      await isSoundEverywhere(again, "main-courante");
      await shown.close();
    },
    90_000,
  );

  itPeer(
    browserPeer,
    "are searched for an incident: first what would be found, then the outcome",
    async () => {
      const context = await deviceOf({ browser, scene: noted.scene, login: "remi" });
      const page = await context.newPage();
      await page.goto(url);
      await page.getByRole("link", { name: "Chercher dans le passé" }).click();
      await isSoundEverywhere(page, "recherche-vide");
      await page.getByLabel("Fichier").setInputFiles({
        name: "octobre.ndjson.gz",
        mimeType: "application/gzip",
        buffer: Buffer.from("x"),
      });
      await page.getByRole("button", { name: "Voir ce qui serait trouvé" }).first().click();
      await page.getByRole("heading", { name: "Lecture en cours" }).waitFor();
      searches.tell(37, 100);
      await page.getByRole("link", { name: "Actualiser" }).click();
      await page.getByText("37 %").last().waitFor();
      await isSoundEverywhere(page, "recherche-en-cours");
      await searches.end({ result: FOUND });
      await page.goto(`${url}/recherche`);
      await page.getByRole("heading", { name: "Ce qui serait trouvé" }).waitFor();
      await isSoundEverywhere(page, "recherche-essai");
      await page.getByRole("button", { name: "Donner ce qui est trouvé à l’incident" }).click();
      await searches.end({ result: { ...FOUND, state: "settled", dry_run: false } });
      await page.goto(`${url}/recherche`);
      await page.getByRole("heading", { name: "Recherche terminée" }).waitFor();
      await isSoundEverywhere(page, "recherche-finie");
      await context.close();
    },
    90_000,
  );
});
