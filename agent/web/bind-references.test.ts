import { describe, expect, it } from "vitest";
import { bindReferences, markReferences } from "./bind-references.ts";
import type { ViewPart } from "./english/translate-view.ts";

const hole = (val: string): ViewPart => ({ t: "i", val });
/** What of the holes of a view goes through `whole`. */
const bound = (...parts: ViewPart[]) =>
  bindReferences(parts).flatMap((part) => (typeof part !== "string" && part.t === "r" ? part.val : []));

describe("what a view interpolates", () => {
  it.each<[string, ViewPart[]]>([
    ["in text", ["<p>Incident ", hole("it.x"), ", version 1</p>"]],
    ["after an attribute", ['<p class="tag">', hole("it.x"), "</p>"]],
    ["after an attribute with a bracket", ['<p title="a > b">', hole("it.x"), "</p>"]],
    ["after an element that holds none", ["<textarea>a</textarea><p>", hole("it.x"), "</p>"]],
    ["after a picture within a picture", ["<svg><svg></svg><path/></svg><p>", hole("it.x"), "</p>"]],
    ["at the beginning", [hole("it.x"), "</p>"]],
  ])("goes through whole %s", (_, parts) => {
    expect(bound(...parts)).toEqual(["whole(it.x)"]);
  });

  it.each<[string, ViewPart[]]>([
    ["in an attribute", ['<a href="/incidents/', hole("it.x"), '">Lire</a>']],
    ["in an attribute that is spoken", ['<p aria-label="Incident ', hole("it.x"), '">a</p>']],
    ["as the name of an attribute", ["<p ", hole("it.x"), ">a</p>"]],
    ["in the title of a page", ["<title>Incident ", hole("it.x"), "</title>"]],
    ["in what may be chosen", ['<select><option value="1">', hole("it.x"), "</option></select>"]],
    ["in what may be written", ["<textarea>", hole("it.x"), "</textarea>"]],
    ["in a picture", ["<svg><text>", hole("it.x"), "</text></svg>"]],
    ["in a picture after another in it", ["<svg><svg></svg><text>", hole("it.x"), "</text></svg>"]],
    ["as code", ["<p>", { t: "e", val: "it.x" }, "</p>"]],
  ])("stays as it is %s", (_, parts) => {
    expect(bound(...parts)).toEqual([]);
    expect(bindReferences(parts)).toEqual(parts);
  });
});

it.each([
  ["Incident 2026-0001, version 2", 'Incident <span class="ref">2026-0001</span>, version 2'],
  ["2026-0001", '<span class="ref">2026-0001</span>'],
  [
    "CH Y, 2026-0007 ; 2026-12345",
    'CH Y, <span class="ref">2026-0007</span> ; <span class="ref">2026-12345</span>',
  ],
  ["le 2026-11-23", "le 2026-11-23"],
  ["CVE-2026-0001", "CVE-2026-0001"],
  ["EXERCICE-2026-0001-v2.pdf", "EXERCICE-2026-0001-v2.pdf"],
  ["12026-0001", "12026-0001"],
  ["1926-0001", "1926-0001"],
  ["&#39;2026-0001&#39;", '&#39;<span class="ref">2026-0001</span>&#39;'],
])("marks in %s the references of dossiers", (text, marked) => {
  expect(markReferences(text)).toBe(marked);
});
