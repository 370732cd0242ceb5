import { mkdirSync } from "node:fs";
import { join, resolve } from "node:path";
import axe from "axe-core";
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

/** The engine without the windows starts and draws in less; either shows the same pages. */
const CHROMIUM = onPath("chromium-headless-shell") === undefined ? "chromium" : "chromium-headless-shell";
export const browserPeer = peer("Chromium", CHROMIUM, "apt-get install chromium-headless-shell");
/** Where pictures of pages go; kept out of the repository. */
export const SHOTS = resolve(import.meta.dirname, "../../test-output/screenshots");
/** The narrowest screen there is, the smallest that pages are made for, a telephone, a desk and a wall, in CSS pixels. */
export const SCREENS = {
  narrow: { width: 320, height: 568 },
  small: { width: 360, height: 740 },
  phone: { width: 390, height: 844 },
  desk: { width: 1280, height: 900 },
  wall: { width: 2560, height: 1440 },
} as const;
const SIZES = ["phone", "desk"] as const;
const PALETTES = ["light", "dark"] as const;
const WCAG = ["wcag2a", "wcag2aa", "wcag21aa", "wcag22aa"];

/** A Chromium that calls nobody but the pages. */
export function openBrowser(): Promise<Browser> {
  mkdirSync(SHOTS, { recursive: true });
  return chromium.launch({
    executablePath: onPath(CHROMIUM) ?? CHROMIUM,
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

/**
 * What axe finds against WCAG 2.2 AA, each with the element.
 *
 * It is put into a page once: the pages have no frames, and reading it takes longer than what it does.
 */
export async function axeFindings(page: Page): Promise<string[]> {
  if (!(await page.evaluate("'axe' in window"))) await page.evaluate(axe.source);
  const options: axe.RunOptions = { runOnly: { type: "tag", values: WCAG }, resultTypes: ["violations"] };
  const { violations }: axe.AxeResults = await page.evaluate(`axe.run(${JSON.stringify(options)})`);
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 300)}`));
}

/** By how many pixels the page can be moved sideways. */
export function sideways(page: Page): Promise<number> {
  return page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
}

/** What is wrong with the references of dossiers on a page: where a line may break in one, or it is torn from its sentence. */
export function brokenReferences(page: Page): Promise<string[]> {
  return page.evaluate(String.raw`(() => {
    const faults = [];
    const told = (element) => element.outerHTML.slice(0, 160);
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const range = document.createRange();
    for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
      const holder = node.parentElement;
      if (holder.closest("option, textarea, svg, script")) continue;
      for (const { 0: { length }, index } of node.data.matchAll(/(?<![\w-])20\d\d-\d{4,6}(?![\w-])/g)) {
        range.setStart(node, index);
        range.setEnd(node, index + length);
        const lines = new Set([...range.getClientRects()].map(({ top }) => top)).size;
        if (getComputedStyle(holder).whiteSpace !== "nowrap" || lines > 1) faults.push("may break: " + told(holder));
        // Beside words of its own, a box that lays out its parts makes three of one sentence.
        const sentence = holder.closest(".ref")?.parentElement;
        if (!sentence || !/flex|grid/.test(getComputedStyle(sentence).display)) continue;
        const words = [...sentence.childNodes].some(({ nodeType, data }) => nodeType === Node.TEXT_NODE && data.trim() !== "");
        if (words) faults.push("torn from its sentence: " + told(sentence));
      }
    }
    return [...new Set(faults)];
  })()`);
}

/** Nothing that axe finds, nothing planted that ran, no broken reference, nothing that moves the page sideways; its picture is kept. */
export async function isSound(page: Page, name: string): Promise<void> {
  await shoot(page, name);
  expect(await axeFindings(page), name).toEqual([]);
  expect(await brokenReferences(page), name).toEqual([]);
  expect(await page.title()).not.toContain("pwned");
  expect(await sideways(page), `${name}: wider than the screen, in px`).toBeLessThanOrEqual(0);
}

/** The same on a telephone and at a desk, in light and in dark. */
export async function isSoundEverywhere(page: Page, name: string): Promise<void> {
  const all = SIZES.flatMap((size) => PALETTES.map((palette) => [size, palette] as const));
  await onEach(page, all, (size, palette) => isSound(page, `${name}-${size}-${palette}`));
}

type Size = (typeof SIZES)[number];
type Palette = (typeof PALETTES)[number];
/** Each screen once, each palette once: what axe reads of structure is the same in all four. */
export const EACH_ONCE = [
  ["phone", "light"],
  ["desk", "dark"],
] as const;

/** Does something with a page on some screens, each in a palette; then it is a telephone's again, in light. */
export async function onEach(
  page: Page,
  screens: readonly (readonly [Size, Palette])[],
  look: (size: Size, colorScheme: Palette) => Promise<void>,
): Promise<void> {
  for (const [size, colorScheme] of screens) {
    await page.setViewportSize(SCREENS[size]);
    await page.emulateMedia({ colorScheme });
    await look(size, colorScheme);
  }
  await page.setViewportSize(SCREENS.phone);
  await page.emulateMedia({ colorScheme: "light" });
}
