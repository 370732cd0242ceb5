import { FACETS, isVerified, shareOf } from "./facets.ts";
import type { Language, Product } from "./products.ts";

const TEXTS = {
  fr: {
    title: "Couverture : ce que chaque produit donne",
    head: "Calculée des enregistrements d’exemple de chaque produit (`connectors/products/*.cases.yml`, `connectors/inbound/*/fixtures`) : la part de ceux qui ont ce champ, en pour cent ; vide quand aucun ne l’a. Un vide peut venir du produit, qui ne le dit pas, des exemples, trop peu nombreux, ou de la lecture. Peu d’enregistrements disent peu. Les produits à la source « non » sont [non vérifiés](README.md#non-vérifié).",
    product: "produit",
    records: "n",
    cited: "source",
    yes: "oui",
    no: "non",
    folder: "",
  },
  en: {
    title: "Coverage: what each product gives",
    head: "Computed from the example records of each product (`connectors/products/*.cases.yml`, `connectors/inbound/*/fixtures`): the share of them that has the field, in percent; blank where none has. A blank may come from the product, which does not tell it, from the examples, which are too few, or from the reading. Few records say little. Products whose source is “no” are [unverified](sources/README.md#unverified).",
    product: "product",
    records: "n",
    cited: "source",
    yes: "yes",
    no: "no",
    folder: "sources/",
  },
} as const satisfies Record<Language, Record<string, string>>;

/** Makes the table of products and families of fields, in one language. */
export function coveragePage(products: readonly Product[], language: Language): string {
  const text = TEXTS[language];
  const head = [text.product, text.records, text.cited, ...FACETS.map(({ name }) => name[language])];
  const rows = products.map((product) =>
    [
      `[${product.name}](${text.folder}${product.name}.md)`,
      product.samples.length,
      isVerified(product) ? text.yes : text.no,
      ...FACETS.map((facet) => shareOf(product, facet)).map((share) => (share === 0 ? "" : share)),
    ].join(" | "),
  );
  return `${[
    `# ${text.title}`,
    text.head,
    [
      `| ${head.join(" | ")} |`,
      `|---|${"--:|".repeat(head.length - 1)}`,
      ...rows.map((row) => `| ${row} |`),
    ].join("\n"),
  ].join("\n\n")}\n`;
}
