import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import AxeBuilder from "@axe-core/playwright";
import {
  type Browser,
  type BrowserContext,
  type BrowserContextOptions,
  chromium,
  type Page,
} from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { describePeer, itPeer, onPath, peer } from "../support/peer.ts";
import { sceneDossier } from "../support/web-scene.ts";
import { type Login, type Scene, startScene } from "../support/web-server.ts";
import { visitor } from "../support/web-visitor.ts";

const browserPeer = peer("Chromium", "chromium", "apt-get install chromium");
const SHOTS = resolve(import.meta.dirname, "../../test-output/screenshots");
const PHONE = { width: 390, height: 844 };
const HOSTILE = `<img src=x onerror="document.title='pwned'"><script>document.title='pwned'</script>\u202e`;

describePeer(browserPeer, "the dossier in a browser", () => {
  let scene: Scene;
  let browser: Browser;
  let text: string;

  beforeAll(async () => {
    mkdirSync(SHOTS, { recursive: true });
    scene = await startScene({ dossier: sceneDossier() });
    text = `${scene.url}/chv/incidents/inc-1/declaration`;
    browser = await chromium.launch({
      executablePath: onPath("chromium") ?? "chromium",
      args: ["--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking"],
    });
  });
  afterAll(async () => {
    await browser?.close();
    await scene?.close();
  });

  /** A device on which somebody is signed in. */
  async function device(login: Login, options: BrowserContextOptions = {}): Promise<BrowserContext> {
    const context = await browser.newContext({ viewport: PHONE, locale: "fr-FR", ...options });
    const person = visitor(scene);
    await person.signIn(login);
    await context.addCookies([...person.cookies].map(([name, value]) => ({ name, value, url: scene.url })));
    return context;
  }

  /** Nothing that axe finds, nothing that runs, nothing that moves the page sideways. */
  async function sound(page: Page, name: string): Promise<void> {
    await page.screenshot({ path: join(SHOTS, `dossier-${name}.png`), fullPage: true });
    const tags = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"];
    const { violations } = await new AxeBuilder({ page }).withTags(tags).analyze();
    expect(violations.map(({ id, nodes }) => `${name}: ${id}: ${nodes[0]?.html}`)).toEqual([]);
    expect(await page.title()).not.toContain("pwned");
    const wide = await page.evaluate(
      "document.documentElement.scrollWidth - document.documentElement.clientWidth",
    );
    expect(wide).toBeLessThanOrEqual(0);
  }

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
