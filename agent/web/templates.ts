import { join } from "node:path";
import { Eta } from "eta";
import { bindReferences, markReferences } from "./bind-references.ts";
import { loadCatalogue } from "./english/catalogue.ts";
import { translateView, type ViewPart } from "./english/translate-view.ts";
import type { Language } from "./language.ts";
import { openAssets } from "./serve-assets.ts";
import { visibleText } from "./visible-text.ts";

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
export function templates(): { render(view: string, model: object, language?: Language): string } {
  const french = openViews((parts) =>
    // Of the views' own words: what is shown of records stays as it is.
    parts.map((part) => (typeof part === "string" ? bound(part) : part)),
  );
  // Few ask for English: its phrases are read when the first one does.
  let english: Eta | undefined;
  const inEnglish = () => {
    if (english !== undefined) return english;
    const { find, say } = loadCatalogue();
    english = openViews((parts) => translateView(parts, find), `${OWN} const say = this.say;`);
    return Object.assign(english, { say });
  };
  const { version: assets } = openAssets();
  return {
    render: (view, model, language = "fr") =>
      (language === "en" ? inEnglish() : french).render(view, { ...model, assets, language }),
  };
}

/** In a view, `own(text)` is what a person or a source wrote, within a sentence of ours: no language changes it. */
const OWN = "const own = (text) => text;";

function openViews(rewrite: (parts: ViewPart[]) => ViewPart[], functionHeader = OWN): Eta {
  const views = new Eta({
    views: join(import.meta.dirname, "views"),
    cache: true,
    functionHeader: `${functionHeader} const whole = this.whole;`,
    escapeFunction: escapeHtml,
    plugins: [{ processAST: (parts) => bindReferences(rewrite(parts as ViewPart[])) as typeof parts }],
  });
  return Object.assign(views, { whole: (value: unknown) => markReferences(escapeHtml(value)) });
}
