/** The languages of the pages: what is declared, and the law, are in French in both. */
export const LANGUAGES = ["fr", "en"] as const;
export type Language = (typeof LANGUAGES)[number];

export const LANGUAGE_COOKIE = "tocsin-language";

/** The language that a browser asked for by our switch; French until it does. */
export function languageOf(cookies: Readonly<Record<string, string>> | undefined): Language {
  return cookies?.[LANGUAGE_COOKIE] === "en" ? "en" : "fr";
}
