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
import { expect } from "vitest";
import { onPath, peer } from "./peer.ts";
import type { Login, Scene } from "./web-server.ts";
import { visitor } from "./web-visitor.ts";

export const browserPeer = peer("Chromium", "chromium", "apt-get install chromium");
/** Where pictures of pages go; kept out of the repository. */
export const SHOTS = resolve(import.meta.dirname, "../../test-output/screenshots");
/** The smallest screen that pages are made for, a telephone, a desk and a wall, in CSS pixels. */
export const SCREENS = {
  small: { width: 360, height: 740 },
  phone: { width: 390, height: 844 },
  desk: { width: 1280, height: 900 },
  wall: { width: 2560, height: 1440 },
} as const;
const WCAG = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"];

/** A Chromium that calls nobody but the pages. */
export function openBrowser(): Promise<Browser> {
  mkdirSync(SHOTS, { recursive: true });
  return chromium.launch({
    executablePath: onPath("chromium") ?? "chromium",
    args: [
      "--no-sandbox",
      "--disable-gpu",
      "--disable-quic",
      "--no-first-run",
      "--disable-background-networking",
      "--disable-component-update",
      "--disable-sync",
    ],
  });
}

/** A telephone on which nobody is signed in. */
export function telephone(browser: Browser, options: BrowserContextOptions = {}): Promise<BrowserContext> {
  return browser.newContext({ viewport: SCREENS.phone, locale: "fr-FR", ...options });
}

/** A telephone on which somebody of a scene is signed in. */
export async function deviceOf(
  { browser, scene, login }: { browser: Browser; scene: Scene; login: Login },
  options: BrowserContextOptions = {},
): Promise<BrowserContext> {
  const context = await telephone(browser, options);
  const person = visitor(scene);
  await person.signIn(login);
  await context.addCookies([...person.cookies].map(([name, value]) => ({ name, value, url: scene.url })));
  return context;
}

/** A picture of the whole page, under a name. */
export async function shoot(page: Page, name: string): Promise<void> {
  await page.screenshot({ path: join(SHOTS, `${name}.png`), fullPage: true });
}

/** What axe finds against WCAG 2.2 AA, each with the element. */
export async function axeFindings(page: Page): Promise<string[]> {
  const { violations } = await new AxeBuilder({ page }).withTags(WCAG).analyze();
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 300)}`));
}

/** By how many pixels the page can be moved sideways. */
export function sideways(page: Page): Promise<number> {
  return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
}

/** Nothing that axe finds, nothing planted that ran, nothing that moves the page sideways; its picture is kept. */
export async function isSound(page: Page, name: string): Promise<void> {
  await shoot(page, name);
  expect(await axeFindings(page), name).toEqual([]);
  expect(await page.title()).not.toContain("pwned");
  expect(await sideways(page), `${name}: wider than the screen, in px`).toBeLessThanOrEqual(0);
}

/** The same on a telephone and at a desk, in light and in dark. */
export async function isSoundEverywhere(page: Page, name: string): Promise<void> {
  for (const size of ["phone", "desk"] as const)
    for (const colorScheme of ["light", "dark"] as const) {
      await page.setViewportSize(SCREENS[size]);
      await page.emulateMedia({ colorScheme });
      await isSound(page, `${name}-${size}-${colorScheme}`);
    }
  await page.setViewportSize(SCREENS.phone);
  await page.emulateMedia({ colorScheme: "light" });
}
