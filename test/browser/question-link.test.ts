import type { Browser } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { browserPeer, deviceOf, isSound, openBrowser } from "../support/browser.ts";
import { describePeer, itPeer } from "../support/peer.ts";
import { realDesk } from "../support/real-desk.ts";
import { type Scene, startScene } from "../support/web-server.ts";
import { visitor } from "../support/web-visitor.ts";

describePeer(browserPeer, "one question to a person outside, in a browser", () => {
  let scene: Scene;
  let browser: Browser;
  let incident: string;

  beforeAll(async () => {
    scene = await startScene({ desk: realDesk });
    const omar = visitor(scene);
    await omar.signIn("omar");
    const report = "/chv/incidents/signaler";
    const told = { kinds: "degraded_mode", who: "care", name: "", text: "Le PACS ne répond plus." };
    const { location } = await omar.submit(report, report, told);
    incident = `${scene.url}${location?.split("?")[0]}`;
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await scene?.close();
  });

  itPeer(
    browserPeer,
    "is asked by an operator, answered with one thumb and scripts off, and read on the incident",
    async () => {
      const mine = await deviceOf({ browser, scene, login: "omar" });
      const page = await mine.newPage();
      await page.goto(`${incident}/demandes`);
      await isSound(page, "lien-questions");
      await page.locator("ul.links a").first().click();
      await page.getByLabel("Nom", { exact: true }).fill("Mme Roux");
      await page.getByLabel(/Fonction/).fill("urgences");
      await isSound(page, "lien-demander");
      await page.getByRole("button", { name: "Faire le lien" }).click();
      await page.waitForURL("**/demandes?fait=demande*");
      const url = await page.getByLabel("Lien à copier").inputValue();
      expect(await page.locator(".dictate").textContent()).toBe(url.split("/").at(-1));
      await isSound(page, "lien-fait");

      const outside = await browser.newContext({
        viewport: { width: 360, height: 740 },
        hasTouch: true,
        javaScriptEnabled: false,
        locale: "fr-FR",
      });
      const phone = await outside.newPage();
      await phone.goto(url);
      expect(await phone.getByRole("heading", { level: 1 }).textContent()).toMatch(/\?$/);
      for (const target of await phone.locator("label.choice, button").all())
        expect((await target.boundingBox())?.height).toBeGreaterThanOrEqual(44);
      await phone.screenshot({ path: "test-output/screenshots/lien-reponse-360.png", fullPage: true });
      const second = await outside.newPage();
      await second.goto(url);
      await phone.locator("label.choice").first().tap();
      await phone.getByRole("button", { name: "Envoyer ma réponse" }).tap();
      await phone.getByRole("heading", { level: 1, name: "C’est noté, merci" }).waitFor();
      await second.locator("label.choice").nth(1).tap();
      await second.getByRole("button", { name: "Envoyer ma réponse" }).tap();
      await second.getByRole("heading", { level: 1, name: "Ce lien ne sert pas" }).waitFor();
      expect(await outside.cookies()).toEqual([]);
      await outside.close();

      await page.goto(incident);
      expect(
        await page.getByText(/répondu par le lien envoyé à Mme Roux par Dr omar/).count(),
      ).toBeGreaterThan(0);
      await isSound(page, "lien-repondu");
      await mine.close();
    },
    90_000,
  );

  itPeer(
    browserPeer,
    "is sound to axe and keeps within 360 px, with scripts, in light and dark, whatever its state",
    async () => {
      const mine = await deviceOf({ browser, scene, login: "remi" });
      const page = await mine.newPage();
      await page.goto(`${incident}/demandes`);
      await page.locator("ul.links a").last().click();
      await page.getByLabel("Nom", { exact: true }).fill(`M. ${"Très-Long-Nom".repeat(6)}`);
      await page.getByRole("button", { name: "Faire le lien" }).click();
      const url = await page.getByLabel("Lien à copier").first().inputValue();
      for (const [width, scheme] of [
        [360, "light"],
        [390, "dark"],
        [1280, "light"],
        [1280, "dark"],
      ] as const) {
        const outside = await browser.newContext({
          viewport: { width, height: 800 },
          colorScheme: scheme,
          locale: "fr-FR",
        });
        const phone = await outside.newPage();
        await phone.goto(url);
        await isSound(phone, `lien-question-${width}-${scheme}`);
        await phone.goto(`${scene.url}/chv/question`);
        await isSound(phone, `lien-code-${width}-${scheme}`);
        await phone.getByLabel(/code/).fill("0000 0000 0000 0000");
        await phone.getByRole("button", { name: "Voir la question" }).click();
        await phone.getByRole("heading", { level: 1, name: "Ce lien ne sert pas" }).waitFor();
        await isSound(phone, `lien-inutile-${width}-${scheme}`);
        await outside.close();
      }
      await mine.close();
    },
    90_000,
  );
});
