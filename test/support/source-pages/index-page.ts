import { isVerified } from "./facets.ts";
import { type Family, type Language, type Product, unverified } from "./products.ts";
import { FAMILIES } from "./sentences.ts";

const TEXTS = {
  fr: {
    title: "Sources, produit par produit",
    head: "Une page par produit : ce qu’il faut y régler, la source à coller dans la configuration, ce qui en est lu, comment l’essayer, et ce qui ne l’est pas. Le guide général est [sources.md](../sources.md), et ce que chaque produit donne, champ par champ, [couverture.md](couverture.md).",
    product: "produit",
    by: "par",
    records: "enregistrements d’exemple",
    steps: "réglage lu dans une source",
    yes: "oui",
    no: "non",
    unverified: "Non vérifié",
    why: "Le format de ceux-ci n’a été lu dans aucun document citable : rien n’en est promis. Ce qui arrive d’eux est lu par son format (syslog, CEF, LEEF, clé=valeur, JSON), et une [correspondance à vous](../sources.md#écrire-une-correspondance-mapping) en dit plus.",
    known: "ce qui est su",
    family: "famille",
  },
  en: {
    title: "Sources, product by product",
    head: "A page for each product: what to configure there, the source to paste into the configuration, what is read of it, how to test it, and what is not read. The general guide is [sources.md](../fr/sources.md), in French; what each product gives, field by field, is [coverage.md](../coverage.md).",
    product: "product",
    by: "by",
    records: "example records",
    steps: "steps read in a source",
    yes: "yes",
    no: "no",
    unverified: "Unverified",
    why: "The format of these was read in no citable document: nothing is promised of them. What comes from them is read by its format (syslog, CEF, LEEF, key=value, JSON), and a [mapping of yours](../fr/sources.md#écrire-une-correspondance-mapping) tells more.",
    known: "what is known",
    family: "family",
  },
} as const satisfies Record<Language, Record<string, string>>;

/** Makes the index of one language: the products by family, then those that are not claimed. */
export function indexPage(products: readonly Product[], language: Language): string {
  const text = TEXTS[language];
  const claimed = products.filter(isVerified);
  const sections = (Object.keys(FAMILIES) as Family[]).flatMap((family) => {
    const rows = claimed
      .filter(({ guide }) => guide.family === family)
      .map(
        ({ name, title, guide, samples }) =>
          `| [${title[language]}](${name}.md) | ${guide.by} | ${samples.length} | ${guide.fr.length > 0 ? text.yes : text.no} |`,
      );
    if (rows.length === 0) return [];
    const head = `| ${text.product} | ${text.by} | ${text.records} | ${text.steps} |\n|---|---|---|---|`;
    return [`## ${FAMILIES[family][language]}`, [head, ...rows].join("\n")];
  });
  const uncited = products
    .filter((product) => !isVerified(product))
    .map(({ name, title, guide }) => [guide.family, `[${title[language]}](${name}.md)`, ""] as const);
  const others = unverified().map((each) => [each.family, each.name, each[language]] as const);
  const rows = [...uncited, ...others].map(
    ([family, name, known]) => `| ${name} | ${FAMILIES[family][language]} | ${known} |`,
  );
  return `${[
    `# ${text.title}`,
    text.head,
    ...sections,
    `## ${text.unverified}`,
    text.why,
    [`| ${text.product} | ${text.family} | ${text.known} |\n|---|---|---|`, ...rows].join("\n"),
  ].join("\n\n")}\n`;
}
