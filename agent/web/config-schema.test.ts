import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Ajv2020 } from "ajv/dist/2020.js";
import addFormats from "ajv-formats";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { ROOT } from "../../test/support/documents.ts";
import { configText } from "../cli/init/config-text.ts";
import { PROFILES } from "../cli/init/profiles.ts";
import { configSchema } from "./config-schema.ts";

const ajv = new Ajv2020({ strict: true, strictRequired: false, allowUnionTypes: true, allErrors: true });
(addFormats as unknown as (ajv: Ajv2020) => void)(ajv);
const schema = configSchema();
const accepts = ajv.compile(schema);
const faults = (text: string) => {
  accepts(parse(text));
  return (accepts.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
};
const GIVEN = { facilityId: "ch-x", facilityName: "CH X", kind: "autre", mode: "observe", state: "../state" };
const BASE = "facility: { id: ch-x, name: CH X, kind: autre }\nmode: live\n";

describe("the schema of the configuration, for editors", () => {
  it.each([
    ["the demonstration", readFileSync(join(ROOT, "config/demo.yml"), "utf8")],
    ["the example", readFileSync(join(ROOT, "docs/examples/facility.yml"), "utf8")],
    ["what init writes", configText(GIVEN)],
    ["what init writes for a hospital", configText({ ...GIVEN, profile: PROFILES.chu, comments: "en" })],
    [
      "what init writes with TLS",
      configText({ ...GIVEN, listening: { address: "0.0.0.0", name: "t.example" } }),
    ],
    [
      "a product of its own",
      `${BASE}sources: [{ id: a, connector: our-own-product, token: { credential: a } }]`,
    ],
    [
      "a proxy",
      `${BASE}notify: [{ id: a, connector: ntfy, for: [dpo], settings: { url: "https://a.test", topic: t, proxy: { url: "http://p:3128" } } }]`,
    ],
  ])("takes %s", (_, text) => {
    expect(faults(text)).toEqual([]);
  });

  it.each([
    ["an unknown key", `${BASE}sorces: []`, " must NOT have additional properties"],
    ["a missing one", "mode: live", " must have required property 'facility'"],
    ["a wrong choice", BASE.replace("live", "real"), "/mode must be equal to one of the allowed values"],
    ["a secret in the clear", `${BASE}tools: [{ id: a, secret: abc }]`, "/tools/0/secret must be object"],
    [
      "a connector that is none",
      `${BASE}notify: [{ id: a, connector: pigeon, for: [dpo] }]`,
      "/notify/0/connector must be equal to one of the allowed values",
    ],
    [
      "a setting of another connector",
      `${BASE}notify: [{ id: a, connector: email, for: [dpo], settings: { host: a, from: a@b.test, topic: x } }]`,
      "/notify/0/settings must NOT have additional properties",
    ],
  ])("marks %s", (_, text, fault) => {
    expect(faults(text)).toContain(fault);
  });

  it("says of each key what the document says", () => {
    const bare: string[] = [];
    const walk = (at: string, { properties = {}, items, description }: typeof schema) => {
      if (at !== "" && description === undefined) bare.push(at);
      for (const [name, inner] of Object.entries(properties)) walk(at === "" ? name : `${at}.${name}`, inner);
      if (items !== undefined)
        for (const [name, inner] of Object.entries(items.properties ?? {})) walk(`${at}[].${name}`, inner);
    };
    walk("", schema);
    expect(bare).toEqual([]);
  });
});
