/** What a template may name, by `{{name}}`. */
export const PLACEHOLDERS = [
  "to",
  "subject",
  "text",
  "spoken",
  "link",
  "key",
  "reference",
  "secret",
] as const;
export type Placeholder = (typeof PLACEHOLDERS)[number];

/** How a value is written so that it stays one value where it is put. */
export type Escape = "json" | "form" | "xml" | "text";

const NAMED = /\{\{([a-z]{1,20})\}\}/g;

/** The names in a template that nothing fills. */
export function unknownPlaceholders(template: string): string[] {
  const known: readonly string[] = PLACEHOLDERS;
  return [...template.matchAll(NAMED)].flatMap(([, name = ""]) => (known.includes(name) ? [] : [name]));
}

/** Fills a template once: what a value brings is never read as a template again. */
export function fill(template: string, values: Readonly<Record<Placeholder, string>>, how: Escape): string {
  return template.replace(NAMED, (whole, name: string) =>
    Object.hasOwn(values, name) ? escaped(values[name as Placeholder], how) : whole,
  );
}

function escaped(value: string, how: Escape): string {
  switch (how) {
    case "json":
      return JSON.stringify(value).slice(1, -1);
    case "form":
      // A lone surrogate has no UTF-8.
      return encodeURIComponent(value.toWellFormed());
    case "xml":
      return value.toWellFormed().replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
    case "text":
      return value;
  }
}
