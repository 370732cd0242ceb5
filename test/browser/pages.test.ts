import type { Browser, BrowserContext, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  axeFindings,
  brokenReferences,
  browserPeer,
  EACH_ONCE,
  onEach,
  openBrowser,
  SCREENS,
  shoot,
  sideways,
  telephone,
} from "../support/browser.ts";
import { NOT_PAGES, PAGES, visitsOf } from "../support/pages.ts";
import { describePeer, itPeer } from "../support/peer.ts";
import { type PlayedNight, playNight } from "../support/played-night.ts";
import { ROUTES } from "../support/web-routes.ts";

/** The paths that the server answers GET on; `agent/web/routes.test.ts` compares the table with the server. */
const GET_ROUTES = ROUTES.flatMap(({ route }) =>
  route.startsWith("GET ") && route !== "GET /:facility/" ? [route.slice(4)] : [],
);

describe("the pages of the server", () => {
  it("each have a visit in test/support/pages.ts, or are said there to be no page", () => {
    const known = [...Object.keys(PAGES), ...Object.keys(NOT_PAGES)];
    expect({
      "opened by no visit: add a line to PAGES": GET_ROUTES.filter((each) => !known.includes(each)),
      "visited, and no longer there": known.filter((each) => !GET_ROUTES.includes(each)),
    }).toEqual({ "opened by no visit: add a line to PAGES": [], "visited, and no longer there": [] });
  });
});

describePeer(browserPeer, "every page", () => {
  let night: PlayedNight;
  let browser: Browser;
  const contexts: Partial<Record<"nobody" | "envelope" | "director", BrowserContext>> = {};

  beforeAll(async () => {
    night = await playNight();
    browser = await openBrowser();
    contexts.nobody = await telephone(browser);
    contexts.envelope = await telephone(browser);
    contexts.director = await telephone(browser, { reducedMotion: "reduce" });
    await night.enter(contexts.envelope, "secours-1");
    await night.enter(contexts.director, "camille.exemple");
    const page = await contexts.director.newPage();
    await page.goto(at("registre/hors-tocsin"));
    await page.locator("#declared_date").fill(new Date().toISOString().slice(0, 10));
    await page.locator("#where").fill("Cellule Accompagnement Cybersécurité, par téléphone");
    await page.locator("#by").fill("Anne Morel");
    await page.locator("#what").fill("Panne du dossier patient pendant deux heures.");
    await page.locator("form.outside button[type=submit]").click();
    await page.waitForURL("**/registre/hors-tocsin/**");
    night.place.outside = new URL(page.url()).pathname.split("/").at(-1) ?? "";
    await page.close();
  }, 90_000);
  afterAll(async () => {
    await browser?.close();
    await night?.stop();
  });

  const at = (path: string) => `${night.app.people}/${night.app.desk.facility.id}/${path}`;

  for (const route of Object.keys(PAGES))
    itPeer(
      browserPeer,
      `${route}: nothing that axe finds, nothing beside the screen, no button on paper`,
      async () => {
        const faults: string[] = [];
        for (const { path, name, who = "director" } of visitsOf(night.place, route)) {
          const page = await (contexts[who] as BrowserContext).newPage();
          let answer = await page.goto(at(path));
          // The register is read in beside the rest of the start.
          for (let tries = 0; answer?.status() === 503 && tries < 20; tries++) {
            await page.waitForTimeout(500);
            answer = await page.reload();
          }
          expect(answer?.ok(), name).toBe(!/(introuvable|perime)$/.test(name));
          faults.push(...(await lookAt(page, name)).map((fault) => `${name}: ${fault}`));
          await page.close();
        }
        expect(faults).toEqual([]);
      },
      120_000,
    );
});

/** Takes the pictures of a page, and tells what is wrong with it on a screen and on paper. */
async function lookAt(page: Page, name: string): Promise<string[]> {
  const found: string[] = [];
  for (const size of ["small", "wall"] as const) {
    await page.setViewportSize(SCREENS[size]);
    const wide = await sideways(page);
    if (wide > 0) found.push(`${size}: moves sideways by ${wide} px`);
  }
  await onEach(page, EACH_ONCE, async (size, colorScheme) => {
    const wide = await sideways(page);
    if (wide > 0) found.push(`${size}: moves sideways by ${wide} px`);
    await shoot(page, `page-${name}-${size}-${colorScheme}`);
    found.push(...(await axeFindings(page)).map((each) => `${size}, ${colorScheme}: ${each}`));
  });
  await page.setViewportSize(SCREENS.desk);
  await page.emulateMedia({ media: "print", colorScheme: "light" });
  await shoot(page, `page-${name}-print`);
  const words = (await page.locator("body").innerText()).match(
    /.{0,30}(=>|\[object |\bundefined\b|\bNaN\b).{0,30}/g,
  );
  found.push(...(words ?? []).map((each) => `says « ${each} »`));
  const buttons = await page.locator("button:visible").allTextContents();
  await page.setViewportSize(SCREENS.narrow);
  await page.emulateMedia({ media: "screen" });
  found.push(...(await brokenReferences(page)).map((each) => `reference ${each}`));
  return [...found, ...buttons.map((each) => `printed with the button « ${each.trim()} »`)];
}
