import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { describe, expect, it } from "vitest";
import { openApi } from "./open-api.ts";
import { operationsApp } from "./operations.ts";
import { publishedSchemas } from "./published-schemas.ts";

const DOCS = join(import.meta.dirname, "..", "..", "docs");

describe("what is published for other programs", () => {
  it.each([...publishedSchemas()])(
    "is in docs/%s as the program has it: node agent/main.ts schemas docs",
    (name, content) => {
      expect(readFileSync(join(DOCS, name), "utf8")).toBe(content);
    },
  );
});

describe("the OpenAPI document", () => {
  const document = openApi();
  const ajv = new Ajv2020({ strict: true, allowUnionTypes: true });
  (addFormats as unknown as (ajv: Ajv2020) => void)(ajv);
  for (const [name, schema] of Object.entries(document.components.schemas))
    ajv.addSchema(schema, `#/components/schemas/${name}`);

  it("refers to nothing that it does not hold", () => {
    const refs = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref]) => ref ?? "");
    expect(refs.length).toBeGreaterThan(10);
    for (const ref of refs) expect(ajv.getSchema(ref), ref).toBeDefined();
  });

  it("names each part of a path, and an answer for each operation", () => {
    for (const [path, item] of Object.entries(document.paths)) {
      const { parameters = [], ...rest } = item as { parameters?: { name: string; in: string }[] };
      const named = parameters.flatMap((each) => (each.in === "path" ? [each.name] : []));
      expect([...path.matchAll(/\{(\w+)\}/g)].map(([, name]) => name).sort(), path).toEqual(named.sort());
      const { get, post } = rest as { get?: { responses: object }; post?: { responses: object } };
      expect(Object.keys((get ?? post)?.responses ?? {}).length, path).toBeGreaterThan(0);
    }
  });

  it("says every status that docs/api.md says of alerts and of decisions", () => {
    const api = readFileSync(join(DOCS, "api.md"), "utf8");
    const told = (heading: string, end: string) =>
      new Set(
        [...(api.split(heading)[1]?.split(end)[0] ?? "").matchAll(/^\| (\d{3}) \|/gm)].map(
          ([, status]) => status,
        ),
      );
    const { paths } = document as { paths: Record<string, { post?: { responses: object } }> };
    const said = (path: string) => Object.keys(paths[path]?.post?.responses ?? {});
    const alerts = told("### Answers", "### Heartbeats");
    // No other method is in the document.
    alerts.delete("405");
    expect(said("/api/v1/alerts/{source}")).toEqual([...alerts].sort());
    expect(said("/api/v1/decisions")).toEqual([...told("## Decisions", "## Webhooks out")].sort());
  });

  it.each([
    [
      "DecisionBody",
      {
        declaration: "d",
        version: 1,
        sha256: "a".repeat(64),
        decision: "approved",
        delegate: "claire",
        code: "123456",
      },
      true,
    ],
    [
      "DecisionBody",
      { declaration: "d", version: 1, sha256: "A".repeat(64), decision: "approved", delegate: "claire" },
      false,
    ],
    [
      "DecisionBody",
      {
        declaration: "d",
        version: 1,
        sha256: "a".repeat(64),
        decision: "approved",
        delegate: "claire",
        more: 1,
      },
      false,
    ],
    ["IntakeAnswer", { accepted: 1, duplicates: 0, rejected: [] }, true],
    ["IntakeAnswer", { accepted: 1, duplicates: 0, rejected: [{ index: 0 }] }, false],
    ["Problem", { type: "urn:tocsin:bad_token", title: "bad_token", status: 401, detail: "…" }, true],
    ["Readiness", { status: "not_ready", causes: ["starting"] }, true],
    ["Progress", { status: "stalled", causes: ["pipeline stalled"] }, true],
  ])("has a %s that holds of %j: %s", (name, value, holds) => {
    expect(ajv.validate(`#/components/schemas/${name}`, value)).toBe(holds);
  });

  it("is served by the operations listener", async () => {
    const app = operationsApp({
      metrics: async () => ({ text: "", type: "text/plain" }),
      causes: () => [],
      stalled: async () => [],
    });
    const server = app.listen(0, "127.0.0.1");
    try {
      await new Promise((resolve) => server.once("listening", resolve));
      const { port } = server.address() as { port: number };
      const response = await fetch(`http://127.0.0.1:${port}/openapi.json`);
      expect(response.headers.get("content-type")).toContain("application/json");
      expect(await response.json()).toEqual(JSON.parse(JSON.stringify(document)));
    } finally {
      server.close();
    }
  });
});
