import { loadCatalogue } from "../../agent/web/english/catalogue.ts";

const { say: inEnglish } = loadCatalogue();

/** What people are called, and what they typed into forms that nothing marks. */
const NAMES = [
  "Centre hospitalier du Val",
  "PACS régional",
  "Site du Val",
  "l'annuaire du CH",
  "CERT Santé",
  "MSSanté",
  "PROPIA",
  "RSSI",
];
export const FRENCH =
  /[éèàùêçâîôûœ«»]|\b(?:le|la|les|des|une|un|est|pas|dans|sur|cette|qui|que|du|au|aux|et|ou|il|elle|vous|votre|jour|aucune?|sans|avec|oui|non(?!-)|par|depuis|version validée|de|en)\b/i;
const OWN = new Set(["pre", "code", "textarea", "script", "style"]);
const VOID = new Set(["input", "br", "meta", "link", "img", "hr"]);
const READ = /\b(?:aria-label|aria-description|title|placeholder|alt)="([^"]*)"/g;
const COMMENT = /<!--[\s\S]*?-->/g;
const TOKEN = /<(\/?)([a-z0-9]+)((?:"[^"]*"|[^">])*)>|([^<]+)/gi;
const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", quot: '"', amp: "&", "#39": "'" };

/** The same text, unless it is one of our phrases that was not put into English. */
const english = (text: string) => {
  const title = /^(?:EXERCISE – )?(.*?)(?: – Tocsin)?$/.exec(text.trim())?.[1] ?? "";
  return inEnglish(title) === title ? text : inEnglish(title);
};

/** What a page says in French outside of what is marked as another's words, or as French. */
export function frenchLeft(html: string): string[] {
  const found: string[] = [];
  const open: { name: string; own: boolean }[] = [];
  const isOwn = () => open.at(-1)?.own ?? false;
  const say = (text: string) => {
    const plain = text
      .replace(/&(\w+|#39);/g, (all, name) => ENTITIES[name] ?? all)
      .replace(/[\u00a0\u202f]/g, " ");
    const rest = NAMES.reduce((left, name) => left.replaceAll(name, ""), plain);
    if (FRENCH.test(rest) || english(plain) !== plain) found.push(plain.replace(/\s+/g, " ").trim());
  };
  for (const [, closing, name = "", attributes = "", text] of html.replace(COMMENT, "").matchAll(TOKEN)) {
    if (text !== undefined) {
      if (!isOwn()) say(text);
    } else if (closing === "/") {
      while (open.length > 0 && open.pop()?.name !== name);
    } else {
      const own =
        isOwn() || OWN.has(name) || (name !== "html" && / (?:lang="fr"|translate="no")/.test(attributes));
      if (!own) for (const [, read = ""] of attributes.matchAll(READ)) say(read);
      if (!VOID.has(name) && !attributes.endsWith("/")) open.push({ name, own });
    }
  }
  return [...new Set(found)];
}

/** The same of a page in English; what is a file, a redirect or a page in French by decision says nothing. */
export const frenchIn = (html: string): string[] =>
  html.includes('<html lang="en">') ? frenchLeft(html) : [];
