import { describe, expect, it } from "vitest";
import type { DeclarationContent } from "../../../agent/core/declaration.ts";
import { BodyTemplate, fieldsNeeded, fillBody } from "./body-template.ts";

const field = (id: string, label: string, value: string | null, unknown = false) => ({
  id,
  label,
  value,
  unknown,
  provenance: { by: "nobody" as const },
  basis: "A" as const,
});
const CONTENT: DeclarationContent = {
  facility: { id: "ch-x", name: "CH X" },
  incident: "incident-1",
  reference: "2026-0001",
  declaration: "declaration-1",
  kind: "initial",
  version: 2,
  exercise: false,
  pack: { id: "sante-2022", version: "1" },
  template: { id: "sante-2022-form", version: "1" },
  criteria: [
    {
      id: "C1",
      label: "Sécurité des soins",
      article: "a",
      verbatim: "v",
      legal: true,
      value: "met",
      because: [],
    },
    { id: "C2", label: "Données", article: "a", verbatim: "v", legal: true, value: "unknown", because: [] },
  ] as unknown as DeclarationContent["criteria"],
  sections: [
    {
      id: "incident",
      title: "Incident",
      fields: [
        field("description", "Description de l'incident", 'Le PACS "ne répond plus"\n$field {{x}}'),
        field("cause_nature", "Origine", "malveillante"),
        field("perimeter", "Périmètre", null, true),
        field("provider", "Prestataire", null),
      ],
    },
  ],
  text: "DÉCLARATION",
};
const FILING = {
  key: "deliver:ch-x:portail:declaration-1/2",
  kind: "declaration" as const,
  declaration: { id: "declaration-1", kind: "initial" as const, version: 2, sha256: "ab".repeat(32) },
};
const fill = (template: BodyTemplate) =>
  fillBody(BodyTemplate.parse(template), { content: CONTENT, filing: FILING });

describe("fillBody", () => {
  it.each<[string, BodyTemplate, BodyTemplate]>([
    ["constants as they stand", { a: [1, "x", true, null] }, { a: [1, "x", true, null] }],
    ["a constant that looks like a place", { $constant: { $field: "x" } }, { $field: "x" }],
    ["a field as it was approved", [{ $field: "description" }], ['Le PACS "ne répond plus"\n$field {{x}}']],
    ["an unknown field in words", { p: { $field: "perimeter" } }, { p: "inconnu à ce stade" }],
    ["an unknown field as the receiver says it", { $field: "perimeter", unknown: "UNK" }, "UNK"],
    ["an unknown field, optional or not", [{ $field: "perimeter", optional: true }], ["inconnu à ce stade"]],
    ["an empty field as null", { p: { $field: "provider" } }, { p: null }],
    ["an optional empty field not at all", { p: { $field: "provider", optional: true }, q: 1 }, { q: 1 }],
    ["an optional absent field not at all", [{ $field: "nowhere", optional: true }, 2], [2]],
    ["a value as the receiver says it", { $field: "cause_nature", values: { malveillante: "MAL" } }, "MAL"],
    [
      "a value by its pointer",
      { n: { $path: "/facility/name" }, v: { $path: "/version" } },
      { n: "CH X", v: 2 },
    ],
    [
      "what only the filing knows",
      [{ $filing: "sha256" }, { $filing: "kind" }],
      ["ab".repeat(32), "declaration"],
    ],
    [
      "each of a list",
      {
        $each: "/criteria",
        item: {
          code: { $item: "/id" },
          is: { $item: "/value", values: { met: 1, unknown: null } },
          of: { $path: "/version" },
        },
      },
      [
        { code: "C1", is: 1, of: 2 },
        { code: "C2", is: null, of: 2 },
      ],
    ],
    ["each of an empty list", { $each: "/criteria/0/because", item: 1 }, []],
  ])("writes %s", (_, template, expected) => {
    const built = fill(template);
    expect(JSON.stringify(built)).toBe(JSON.stringify({ json: expected }));
  });

  it.each<[string, BodyTemplate, string]>([
    [
      "a field that the text lacks",
      { a: { $field: "nowhere" } },
      "le champ « nowhere » est absent de ce texte",
    ],
    ["a path that leads nowhere", { $path: "/toString" }, "« /toString » est absent de ce texte"],
    [
      "a value that no word stands for",
      { $field: "cause_nature", values: { accidentelle: "ACC", constructor: 1 } },
      "le champ « Origine » vaut « malveillante », que values ne prévoit pas",
    ],
    ["a list that is none", { $each: "/version", item: 1 }, "« /version » n'est pas une liste"],
  ])("makes nothing of %s, and says so", (_, template, problem) => {
    expect(fill(template)).toEqual({ problems: [problem] });
  });

  it("tells all that is wrong at once", () => {
    expect(fill([{ $field: "a" }, { $field: "b" }])).toMatchObject({ problems: { length: 2 } });
  });
});

it.each<[string, unknown, RegExp]>([
  ["a place that does not exist", { a: { $eval: "1" } }, /no such place/],
  ["two places at once", { $field: "a", $path: "/b" }, /\$path/],
  ["a member beside a place", { $field: "a", other: 1 }, /other/],
  ["a path that is no pointer", { $path: "facility.name" }, /JSON pointer/],
  ["an item outside of a list", { $item: "/id" }, /inside the item/],
  ["a list inside a list", { $each: "/criteria", item: { $each: "/because", item: 1 } }, /another/],
  ["a wrong place inside a list", { $each: "/criteria", item: [{ $item: "id" }] }, /JSON pointer/],
  ["what is no JSON", { a: new Date(0) }, /./],
  ["what nests too deep", JSON.parse(`${"[".repeat(30)}${"]".repeat(30)}`), /deeper/],
])("refuses a template with %s", (_, template, message) => {
  const read = BodyTemplate.safeParse(template);
  expect(JSON.stringify(read.error?.issues)).toMatch(message);
});

it("names the fields without which it cannot be filled, wherever they stand", () => {
  const template = BodyTemplate.parse({
    a: [{ $field: "found" }, "x"],
    b: { c: { $field: "cause", values: { x: { $field: "no place" } } } },
    d: { $field: "provider", optional: true },
    e: { $constant: { $field: "constant" } },
    f: { $each: "/criteria", item: { $field: "description" } },
  });
  expect(fieldsNeeded(template)).toEqual(["found", "cause", "description"]);
});
