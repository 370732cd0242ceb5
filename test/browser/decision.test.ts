import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { MICROSECONDS } from "../../agent/core/clock.ts";
import type { Desk } from "../../agent/stages/desk/desk.ts";
import { browserPeer, deviceOf, isSoundEverywhere, openBrowser } from "../support/browser.ts";
import { describePeer, itPeer } from "../support/peer.ts";
import { realDesk } from "../support/real-desk.ts";
import { type Login, type Scene, startScene } from "../support/web-server.ts";

const HOSTILE = `<img src=x onerror="document.title='pwned'">\u202e`;

describePeer(browserPeer, "a decision in a browser", () => {
  let scene: Scene;
  let desk: Desk;
  let browser: Browser;

  beforeAll(async () => {
    scene = await startScene({
      desk: async (parts) => {
        desk = await realDesk(parts);
        return desk;
      },
    });
    browser = await openBrowser();
  });
  afterAll(async () => {
    await browser?.close();
    await scene?.close();
  });

  /** An incident that a criterion is met of, in the name of the delegate. */
  async function incident(): Promise<string> {
    const id = desk.newForm();
    const source = { who: "self", name: "" } as const;
    await desk.openByHand(
      { form: id, kinds: ["degraded_mode", "care_interrupted"], systems: [], source, text: HOSTILE },
      { id: "acc-claire", name: "Dr claire", role: "delegate", active: true },
    );
    return `${scene.url}/chv/incidents/${id}`;
  }

  const device = (login: Login, options?: BrowserContextOptions) =>
    deviceOf({ browser, scene, login }, options);
  const code = (login: Login) => {
    scene.clock.instant += MICROSECONDS.minute;
    return scene.code(login);
  };

  const sound = (page: Page, name: string) => isSoundEverywhere(page, `decision-${name}`);

  /** Presses Tab until the wanted element has the focus, as a person without a mouse does. */
  async function tabTo(page: Page, wanted: (element: { name: string; text: string }) => boolean) {
    for (let press = 0; press < 80; press++) {
      await page.keyboard.press("Tab");
      const focused = (await page.evaluate(
        "({ name: document.activeElement.getAttribute('name') ?? '', text: document.activeElement.textContent.trim() })",
      )) as { name: string; text: string };
      if (wanted(focused)) return;
    }
    throw new Error("not reached with the keyboard");
  }

  itPeer(
    browserPeer,
    "is taken with the keyboard alone, and the page then counts the minutes",
    async () => {
      const here = await incident();
      const context = await device("claire", { reducedMotion: "reduce" });
      const page = await context.newPage();
      await page.goto(`${here}/decision`);
      await sound(page, "1-texte");
      await page.goto(`${here}/decision`);
      await tabTo(page, ({ name }) => name === "code");
      await page.keyboard.type(code("claire"));
      await tabTo(page, ({ text }) => text === "Je valide ce texte");
      await page.keyboard.press("Enter");
      await page.waitForURL("**/decision?fait=valide");
      expect(await page.getByRole("heading", { level: 1 }).textContent()).toBe("VALIDÉ, PAS ENCORE DÉPOSÉ");
      scene.clock.instant += 75 * MICROSECONDS.minute;
      await page.reload();
      expect(await page.locator("[data-since]").first().textContent()).toBe("1 h 15");
      await sound(page, "2-pas-depose");
      await page.clock.install();
      await page.reload();
      await page.clock.runFor(10 * 60_000);
      expect(await page.locator("[data-since]").first().textContent()).toBe("1 h 25");
      await context.close();
    },
    120_000,
  );

  itPeer(
    browserPeer,
    "not to declare waits for a second person, who confirms on another device",
    async () => {
      const here = await incident();
      const first = await device("claire", { javaScriptEnabled: false });
      const page = await first.newPage();
      await page.goto(`${here}/decision`);
      await page.getByText("Ne pas déclarer…").click();
      await page.getByLabel("Motif (obligatoire").fill(`Exercice interne de l'astreinte. ${HOSTILE}`);
      await page.locator("#code-e").fill(code("claire"));
      await page.getByRole("button", { name: "Demander de ne pas déclarer" }).click();
      await page.waitForURL("**/decision?fait=attend");
      const second = await device("dora");
      const other = await second.newPage();
      await other.goto(`${here}/decision`);
      await sound(other, "3-seconde-personne");
      await other.getByLabel("Code à usage unique").first().fill(code("dora"));
      await other.getByRole("button", { name: "Confirmer : ne pas déclarer" }).click();
      await other.waitForURL("**/decision?fait=ecarte");
      await sound(other, "4-non-declare");
      await first.close();
      await second.close();
    },
    120_000,
  );

  itPeer(
    browserPeer,
    "by telephone is read by one, heard by another, and confirmed by the delegate",
    async () => {
      const here = await incident();
      const reader = await device("omar");
      const page = await reader.newPage();
      await page.goto(`${here}/decision-orale`);
      await page.getByLabel(/Dr dora/).check();
      await page.getByRole("button", { name: "Mettre le texte à son nom" }).click();
      await page.waitForURL("**/decision-orale?fait=pret");
      await sound(page, "5-lire");
      const six = (await page.locator(".short").textContent()) ?? "";
      await page.getByLabel("Les six caractères que vous avez lus").fill(six.toUpperCase());
      await page.getByLabel("Dr dora a dit oui à ce texte.").check();
      await page.getByLabel("Code à usage unique").fill(code("omar"));
      await page.getByRole("button", { name: "Enregistrer ce oui" }).click();
      await page.waitForURL("**/decision-orale?fait=enregistre");

      const listener = await device("remi");
      const heard = await listener.newPage();
      await heard.goto(`${here}/decision-orale`);
      await sound(heard, "6-ecoute");
      await heard.getByLabel("Les six caractères que vous avez entendus").fill(six);
      await heard.getByLabel(/J’ai entendu Dr dora/).check();
      await heard.getByLabel("Code à usage unique").fill(code("remi"));
      await heard.getByRole("button", { name: "Confirmer ce que j’ai entendu" }).click();
      await heard.waitForURL("**/decision");
      expect(await heard.getByText("Décision orale, à confirmer").count()).toBeGreaterThan(0);

      const delegate = await device("dora");
      const own = await delegate.newPage();
      await own.goto(`${scene.url}/chv/incidents`);
      await own.getByRole("link", { name: "La confirmer ou la contester" }).click();
      await sound(own, "7-confirmer");
      await own.getByLabel("Code à usage unique").first().fill(code("dora"));
      await own.getByRole("button", { name: "C’est bien ma décision" }).click();
      await own.waitForURL("**/decision-orale?fait=confirme");
      for (const each of [reader, listener, delegate]) await each.close();
    },
    120_000,
  );
});
