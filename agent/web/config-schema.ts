import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { Config } from "../../config/schema.ts";
import { openCatalogue } from "../../connectors/registry.ts";
import { NOTIFIERS, OUTBOUNDS } from "../../connectors/ways-out.ts";

/** Where people read what each key means: what editors show is the same. */
const DOCUMENT = join(import.meta.dirname, "../../docs/fr/configuration.md");

interface Schema {
  description?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
  anyOf?: Schema[];
  oneOf?: Schema[];
  allOf?: unknown[];
  [key: string]: unknown;
}

/** The JSON Schema of the configuration, for editors: each key with what it means, in French, and what it may be. */
export function configSchema(): Schema {
  const schema = schemaOf(Config);
  // What one key says of another is checked by the program alone.
  const { properties = {} } = schema;
  const shared = {
    ...choose(properties.notify?.items, NOTIFIERS),
    ...choose(properties.outbound?.items, OUTBOUNDS),
  };
  const source = properties.sources?.items?.properties;
  if (source !== undefined)
    // A facility has mappings of its own beside these.
    source.connector = { anyOf: [{ enum: [...openCatalogue([]).catalogue.names] }, { type: "string" }] };
  describe(schema, meanings(), "");
  return { ...schema, $defs: { ...(schema.$defs as object | undefined), ...shared } };
}

const schemaOf = (type: z.ZodType): Schema => {
  const { $schema: _, ...schema } = z.toJSONSchema(type, {
    io: "input",
    unrepresentable: "any",
    override({ jsonSchema }) {
      // Formats of zod's own, beside which the pattern stands that says the same.
      if (/^cidr/.test(jsonSchema.format ?? "")) delete jsonSchema.format;
    },
  });
  return schema as Schema;
};

/** Makes the settings of a way those of the connector that it names; returns what they refer to, named apart. */
function choose(
  item: Schema | undefined,
  connectors: readonly { name: string; config: z.ZodType }[],
): Record<string, unknown> {
  const shared: Record<string, unknown> = {};
  if (item?.properties === undefined) return shared;
  item.properties.connector = { enum: connectors.map(({ name }) => name) };
  item.allOf = connectors.map(({ name, config }) => {
    const text = JSON.stringify(schemaOf(config)).replaceAll('"#/$defs/', `"#/$defs/${name}-`);
    const { $defs = {}, ...settings } = JSON.parse(text) as Schema;
    for (const [own, definition] of Object.entries($defs as object)) shared[`${name}-${own}`] = definition;
    return {
      if: { properties: { connector: { const: name } } },
      // biome-ignore lint/suspicious/noThenProperty: a keyword of JSON Schema; nobody awaits it.
      then: { properties: { settings } },
    };
  });
  return shared;
}

/** What each key means, by its path as the document writes it: `sources[].listen[].port`. */
function meanings(): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  if (!existsSync(DOCUMENT)) return found;
  for (const line of readFileSync(DOCUMENT, "utf8").split("\n")) {
    const [, key, cells] = /^\| `([\w.[\]]+)` \| (.+) \|$/.exec(line) ?? [];
    const meaning = cells?.split(" | ").at(-1) ?? "";
    if (key !== undefined && !found.has(key)) found.set(key, plain(meaning));
  }
  return found;
}

/** Without the marks of Markdown. */
const plain = (text: string) => text.replace(/\[([^\]]*)\]\([^)]*\)/g, "$1").replace(/[`*]/g, "");

function describe(schema: Schema, said: ReadonlyMap<string, string>, at: string): void {
  const meaning = said.get(at);
  if (meaning !== undefined) schema.description = meaning;
  for (const [name, inner] of Object.entries(schema.properties ?? {}))
    describe(inner, said, at === "" ? name : `${at}.${name}`);
  if (schema.items !== undefined) describe(schema.items, said, `${at}[]`);
  for (const form of [...(schema.anyOf ?? []), ...(schema.oneOf ?? [])])
    for (const [name, inner] of Object.entries(form.properties ?? {})) describe(inner, said, `${at}.${name}`);
}
