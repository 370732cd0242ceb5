import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Eta } from "eta";
import { visibleText } from "./visible-text.ts";

export const ASSETS = join(import.meta.dirname, "assets");

const ESCAPES: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "'": "&#39;",
};

/** Escapes for HTML text and quoted attributes, hidden characters made visible: every `<%= %>` goes through it. */
export function escapeHtml(value: unknown): string {
  if (value === null || value === undefined) return "";
  const text = visibleText(String(value));
  return /[&<>"']/.test(text) ? text.replace(/[&<>"']/g, (character) => ESCAPES[character] ?? "") : text;
}

/** French puts a space before these signs, and after and before quotation marks, at which no line breaks. */
const bound = (words: string): string => words.replace(/ (?=[:;?!»](?:\s|$|<))|(?<=«) /g, "\u00a0");

/** Loads the views once; `render` gives the whole page. */
export function templates(): { render(view: string, model: object): string } {
  const eta = new Eta({
    views: join(import.meta.dirname, "views"),
    cache: true,
    escapeFunction: escapeHtml,
    // Of the views' own words: what is shown of records stays as it is.
    plugins: [
      { processAST: (parts) => parts.map((part) => (typeof part === "string" ? bound(part) : part)) },
    ],
  });
  const version = createHash("sha256");
  for (const file of [
    "page.css",
    "controls.css",
    "list.css",
    "register.css",
    "incident.css",
    "declaration.css",
    "decision.css",
    "paper.css",
    "page.js",
  ])
    version.update(readFileSync(join(ASSETS, file)));
  const assets = version.digest("hex").slice(0, 12);
  return { render: (view, model) => eta.render(view, { ...model, assets }) };
}
