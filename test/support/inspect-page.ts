import type { BrowserContext, Page } from "playwright-core";
import { expect } from "vitest";

/** What pages did that they must never do: collected while they are open. */
export interface Watch {
  /** Requests to anywhere but the pages, dialogs, and what the policy had to stop. */
  wrong: string[];
}

/** Watches every page of a context; the policy's own reports are kept in the page as `__stopped`. */
export async function watch(context: BrowserContext, site: string): Promise<Watch> {
  const wrong: string[] = [];
  await context.addInitScript(`document.addEventListener("securitypolicyviolation", (event) => {
    (window.__stopped ??= []).push(event.violatedDirective + " " + event.blockedURI);
  })`);
  context.on("request", (request) => {
    if (!request.url().startsWith(`${site}/`)) wrong.push(`asked ${request.url().slice(0, 200)}`);
  });
  context.on("page", (page) =>
    page.on("dialog", (dialog) => {
      wrong.push(`dialog ${dialog.message()}`);
      void dialog.dismiss();
    }),
  );
  return { wrong };
}

/** Runs in the page: opens all that is folded, and tells what is not as our own views make it. */
const LOOK = String.raw`(mark, voices) => {
  for (const each of document.querySelectorAll("details")) each.open = true;
  const faults = [];
  const told = (node) => (node.outerHTML ?? node.textContent ?? "").slice(0, 160);
  if (window.__ran !== undefined) faults.push("a script ran");
  for (const stopped of window.__stopped ?? []) faults.push("the policy had to stop " + stopped);
  const foreign = "iframe, object, embed, base, meta[http-equiv], style, [style], script:not([src^='/assets/']), img, link:not([href^='/'])";
  for (const each of document.querySelectorAll(foreign)) if (!each.closest("svg")) faults.push("not ours: " + told(each));
  const unseen = /[^\P{Cc}\t\n]|\p{Cf}|\p{Cs}|\p{Zl}|\p{Zp}|\p{Default_Ignorable_Code_Point}|\p{M}{9}/u;
  const walker = document.createTreeWalker(document, NodeFilter.SHOW_ELEMENT | NodeFilter.SHOW_TEXT | NodeFilter.SHOW_COMMENT);
  for (let node = walker.nextNode(); node !== null; node = walker.nextNode()) {
    if (node.nodeType !== Node.ELEMENT_NODE) {
      if (unseen.test(node.data)) faults.push("unseen character in " + told(node.parentElement));
      continue;
    }
    for (const { name, value } of node.attributes) {
      if (unseen.test(value)) faults.push("unseen character in attribute " + name + " of " + told(node));
      if (name.startsWith("on")) faults.push("handler " + told(node));
      if (["href", "src", "action", "formaction", "xlink:href"].includes(name)) {
        const { protocol, origin } = new URL(value, location.href);
        if (origin !== location.origin && protocol !== "tel:") faults.push("leads away: " + told(node));
      }
    }
  }
  for (const each of document.querySelectorAll(voices))
    if (each.textContent.includes(mark)) faults.push("planted text speaks for us: " + told(each));
  for (const each of [...document.querySelectorAll("h1, main button, main a.button")].slice(0, 60)) {
    each.scrollIntoView({ block: "center" });
    const { left, right, top, width, height } = each.getBoundingClientRect();
    if (width === 0) continue;
    if (left < -1 || right > innerWidth + 1) faults.push("beside the screen: " + told(each));
    const above = document.elementFromPoint(left + width / 2, top + height / 2);
    if (above !== null && above !== each && !each.contains(above) && !above.contains(each))
      faults.push("covered by " + told(above) + ": " + told(each));
  }
  const wide = document.documentElement.scrollWidth - document.documentElement.clientWidth;
  if (wide > 0) {
    faults.push("the page moves sideways by " + wide + " px");
    for (const each of document.querySelectorAll("main *"))
      if (each.getBoundingClientRect().right > innerWidth + 1 && each.children.length < 3) faults.push("too wide: " + told(each));
  }
  return [...new Set(faults)];
}`;

/** Where a page speaks for itself; what a person has just typed may be given back to them in a note. */
const VOICES = {
  alerts: "h1, button, .mode, .note, [role=status], [role=alert], title",
  typed: "button, .mode, title",
};

/** Fails when something planted acts, moves the page sideways, hides a button or speaks in our name. */
export async function isInert(
  page: Page,
  { mark, name, planted = "alerts" }: { mark: string; name: string; planted?: keyof typeof VOICES },
): Promise<void> {
  const given = [mark, VOICES[planted]].map((each) => JSON.stringify(each)).join(", ");
  const faults = (await page.evaluate(`(${LOOK})(${given})`)) as string[];
  expect(faults.slice(0, 20), name).toEqual([]);
}
