import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, expect } from "vitest";
import { browserPeer, deviceOf, isSound, openBrowser, SCREENS } from "../support/browser.ts";
import { describePeer, itPeer } from "../support/peer.ts";
import { type House, openHouse } from "../support/web-roles.ts";

describePeer(browserPeer, "the pages in English", () => {
  let house: House;
  let browser: Browser;
  let context: BrowserContext;
  let page: Page;
  const at = (path: string) => `${house.scene.url}/chv/${path}`;

  beforeAll(async () => {
    house = await openHouse();
    browser = await openBrowser();
    context = await deviceOf({ browser, scene: house.scene, login: "dora" });
    page = await context.newPage();
  }, 60_000);
  afterAll(async () => {
    await browser.close();
    await house.scene.close();
  });

  itPeer(browserPeer, "a button leads to the same page in English, and one back", async () => {
    const language = () => page.locator("html").getAttribute("lang");
    const here = at(`incidents/${house.ids.main}`);
    await page.goto(here);
    await page.getByRole("button", { name: "English" }).click();
    await page.getByRole("button", { name: "Français" }).waitFor();
    expect([page.url(), await language()]).toEqual([here, "en"]);
    await page.goto(at("registre"));
    expect(await language()).toBe("en");
    await page.getByRole("button", { name: "Français" }).click();
    await page.getByRole("button", { name: "English" }).waitFor();
    expect([page.url(), await language()]).toEqual([at("registre"), "fr"]);
  });

  itPeer(
    browserPeer,
    "read well on a telephone and at a desk",
    async () => {
      await page.goto(at("incidents"));
      await page.getByRole("button", { name: "English" }).click();
      await page.getByRole("button", { name: "Français" }).waitFor();
      const dossier = `incidents/${house.ids.main}`;
      for (const size of ["phone", "desk"] as const) {
        await page.setViewportSize(SCREENS[size]);
        for (const [name, path] of [
          ["incidents", "incidents"],
          ["incident", dossier],
          ["facts", `${dossier}/faits`],
          ["declaration", `${dossier}/declaration`],
          ["decision", `${dossier}/decision`],
          ["register", "registre"],
          ["report", "registre/rapport"],
          ["systems", "systemes"],
          ["silences", "sourdines"],
          ["people", "personnes"],
        ] as const) {
          await page.goto(at(path));
          await isSound(page, `english-${name}-${size}`);
        }
      }
    },
    90_000,
  );
});
