import { coveragePage } from "./coverage-page.ts";
import { indexPage } from "./index-page.ts";
import { productPage } from "./product-page.ts";
import { type Language, products } from "./products.ts";

/** The folder of the pages of each language, under `docs/`. */
export const FOLDERS: Readonly<Record<Language, string>> = { fr: "fr/sources", en: "sources" };

/** What documents say of each source, by path under `docs/`, as it is written there. */
export function sourcePages(): ReadonlyMap<string, string> {
  const all = products();
  const pages = new Map<string, string>();
  for (const language of ["fr", "en"] as const) {
    const folder = FOLDERS[language];
    pages.set(`${folder}/README.md`, indexPage(all, language));
    for (const product of all) pages.set(`${folder}/${product.name}.md`, productPage(product, language));
  }
  pages.set("fr/sources/couverture.md", coveragePage(all, "fr"));
  pages.set("coverage.md", coveragePage(all, "en"));
  return pages;
}
