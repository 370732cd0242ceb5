import { z } from "zod";
import { DeclarationExport } from "../stages/documents/declaration-export.ts";
import { configSchema } from "./config-schema.ts";
import { openApi } from "./open-api.ts";

/** What is published for other programs, by path under `docs/`, as it is written there. */
export function publishedSchemas(): ReadonlyMap<string, string> {
  const declaration = z.toJSONSchema(DeclarationExport, { target: "draft-2020-12" });
  const { $schema, ...rest } = declaration;
  return new Map(
    Object.entries({
      "schemas/tocsin-declaration-1.schema.json": {
        $schema,
        $id: "urn:tocsin:schema:tocsin-declaration:1",
        title: "A version of a declaration, as Tocsin exports it",
        ...rest,
      },
      "schemas/tocsin-config.schema.json": {
        $schema,
        $id: "urn:tocsin:schema:tocsin-config",
        title: "Configuration de Tocsin (tocsin.yml)",
        ...configSchema(),
      },
      "openapi.json": openApi(),
    }).map(([name, content]) => [name, `${JSON.stringify(content, null, 2)}\n`]),
  );
}
