import type { ViewPart } from "./english/translate-view.ts";

/** Elements in which no other stands, or none of ours: a mark would be shown there, or end them. */
const BARE = new Set(["title", "option", "textarea", "script", "style", "svg"]);

/** The reference of a dossier: year and number. */
const REFERENCE = /(?<![\w-])20\d\d-\d{4,6}(?![\w-])/g;
/** Most texts have none, and are asked so at a third of the price. */
const PERHAPS = /20\d\d-\d{4}/;

/**
 * Has all that a view interpolates in text, and not in an attribute or under what BARE names, go through `whole`, which has
 * to be in reach: a reference is read, dictated and looked for as one word, and Chromium breaks it after its year.
 */
export function bindReferences(parts: readonly ViewPart[]): ViewPart[] {
  /** Where the reader stands: in text, in a tag, or in the value of an attribute. */
  let place: "text" | "tag" | "value" = "text";
  let tag = "";
  /** The element that is left as it is, and how many of its name are open. */
  let bare: { name: string; depth: number } | undefined;

  const endTag = () => {
    const [, closing, name = ""] = /^<(\/?)([a-z0-9]*)/i.exec(tag) ?? [];
    if (bare?.name === name) bare.depth += closing === "/" ? -1 : tag.endsWith("/>") ? 0 : 1;
    else if (bare === undefined && closing === "" && BARE.has(name)) bare = { name, depth: 1 };
    if (bare?.depth === 0) bare = undefined;
  };
  const read = (character: string) => {
    if (place === "value") place = character === '"' ? "tag" : "value";
    else if (place === "text") {
      if (character !== "<") return;
      place = "tag";
      tag = "<";
    } else {
      tag += character;
      if (character === '"') place = "value";
      if (character !== ">") return;
      endTag();
      place = "text";
    }
  };

  return parts.map((part) => {
    if (typeof part === "string") {
      for (const character of part) read(character);
      return part;
    }
    const shown = part.t === "i" && place === "text" && bare === undefined;
    return shown ? { ...part, t: "r", val: `whole(${part.val})` } : part;
  });
}

/** Marks each reference in a text that is escaped already, so that no line breaks within it; copied, it is what it was. */
export function markReferences(html: string): string {
  return !PERHAPS.test(html) ? html : html.replace(REFERENCE, '<span class="ref">$&</span>');
}
