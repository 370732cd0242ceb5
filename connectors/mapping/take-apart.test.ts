import { describe, expect, it } from "vitest";
import { fc } from "../../test/support/property.ts";
import { newDraft } from "../shared/draft.ts";
import { compileDateFormat } from "./date-format.ts";
import { compileColumns, compileLike, compilePairs, compilePattern, type TakeApart } from "./take-apart.ts";
import { takeXml } from "./take-xml.ts";

/** What a reader finds, undefined when the text has another shape. */
function found(read: TakeApart | { refused: string }, text: string): Record<string, string> | undefined {
  if (typeof read !== "function") throw new Error(read.refused);
  const fields: Record<string, string> = {};
  return read(text, (name, value) => (fields[name] = value)) ? fields : undefined;
}

describe("like", () => {
  it.each<[string, string, Record<string, string> | undefined]>([
    [
      "Deny {p} src {i}:{ip}/{port}",
      "Deny tcp src out:1.2.3.4/80 dst",
      { p: "tcp", i: "out", ip: "1.2.3.4", port: "80" },
    ],
    ["{i}:{ip}/{port}", "in:2001:db8::1/443", { i: "in", ip: "2001:db8::1", port: "443" }],
    ["a {b} c", "a b", undefined],
    ["a {b} c", "a  c", undefined],
    ["a {b}: {c...}", "a x: y z ", { b: "x", c: "y z " }],
    ["a {b} c", "a x y c", undefined],
    ["a {b...} c", "a x y c", { b: "x y" }],
    ["a {_} {c}", "a b c d", { c: "c" }],
    ["{_...}user {c}", "any text user bob", { c: "bob" }],
    ["a {b} c", "a    b    c", { b: "b" }],
    ["{{{a}}", "{x}", { a: "x" }],
    ["{a}, {b...}", "x, ", { a: "x", b: "" }],
  ])("%j of %j", (pattern, text, expected) => expect(found(compileLike(pattern), text)).toEqual(expected));

  it.each(["no name", "{a}{b}", "{a...}{b}"])("refuses %j", (pattern) =>
    expect(compileLike(pattern)).toHaveProperty("refused"),
  );

  it("goes over a hostile text once", () => {
    const read = compileLike("{a...}x{b...}x{c...}y");
    const started = process.cpuUsage();
    expect(found(read, "x".repeat(2_000_000))).toBeUndefined();
    expect(process.cpuUsage(started).user).toBeLessThan(2_000_000);
  });
});

describe("columns", () => {
  it.each<[string, string, Record<string, string> | undefined]>([
    [",", "1,2,3", { a: "1", c: "3" }],
    [",", '1,"x, ""y""",', { a: "1" }],
    [",", '"x, ""y""",,"z"', { a: 'x, "y"', c: "z" }],
    [",", "1,2", { a: "1" }],
    [",", "1", undefined],
    ["||", "1||2||3||4", { a: "1", c: "3" }],
    [",", '"open, 2, 3', undefined],
  ])("by %j of %j", (separator, text, expected) =>
    expect(found(compileColumns(["a", "_", "c"], separator), text)).toEqual(expected),
  );
});

describe("pairs", () => {
  it("pass over what has no name", () => {
    const text = "found,,Name: a,TCP,Inbound,Begin: 1:2,End: ";
    expect(found(compilePairs(",", ": "), text)).toEqual({ Name: "a", Begin: "1:2" });
  });
  it.each<[string, string, string, Record<string, string> | undefined]>([
    ["; ", ":", 'action:"Accept"; flags:"1; 2"; ifdir:in', { action: "Accept", flags: "1; 2", ifdir: "in" }],
    [" ", "=", "a=1 b= c=3", { a: "1", c: "3" }],
    [",", "=", 'a="say \\"x\\"",b=2', { a: 'say "x"', b: "2" }],
    [" ", "=", "nothing here", undefined],
    [", ", "=", "a=1, b=2,", { a: "1", b: "2" }],
    [", ", "=", "a=1, b=,", { a: "1" }],
  ])("%j %j of %j", (between, within, text, expected) =>
    expect(found(compilePairs(between, within), text)).toEqual(expected),
  );
});

describe("pattern", () => {
  it("gives its named groups", () =>
    expect(found(compilePattern("(?P<a>\\d+)(?:-(?P<b>\\d+))?"), "x 12 y")).toEqual({ a: "12" }));
  it.each(["(", "a", "(?<=x)(?P<a>y)"])("refuses %j", (source) =>
    expect(compilePattern(source)).toHaveProperty("refused"),
  );
});

it("gives back only texts that stand in the record", () => {
  const readers = [
    compileLike("{a} {b...}:{c}"),
    compileColumns(["a", "b", "c"], ";"),
    compilePairs(" ", "="),
  ];
  fc.assert(
    fc.property(fc.string({ unit: "grapheme", maxLength: 80 }), (text) => {
      const plain = text.replaceAll(/["\\]/g, "");
      for (const read of readers)
        for (const value of Object.values(found(read, plain) ?? {})) expect(plain).toContain(value);
    }),
  );
});

describe("date formats", () => {
  it.each<[string, string, string | undefined]>([
    ["dd/MM/yyyy HH:mm:ss", "10/11/2025 09:08:07", "2025-11-10T09:08:07"],
    ["d.M.yy H:mm", "1.2.25 9:08", "2025-02-01T09:08:00"],
    ["MM/dd/yyyy hh:mm:ss a", "11/10/2025 12:08:07 AM", "2025-11-10T00:08:07"],
    ["MM/dd/yyyy hh:mm:ss a", "11/10/2025 01:08:07 pm +0200", "2025-11-10T13:08:07 +0200"],
    ["yyyyMMdd HHmmss.SSS", "20251110 090807.123", "2025-11-10T09:08:07.123"],
    ["dd/MM/yyyy", "1/11/2025", undefined],
    ["dd/MM/yyyy", "10-11-2025", undefined],
  ])("%j reads %j", (format, text, expected) => {
    const read = compileDateFormat(format);
    expect(typeof read === "function" ? read(text) : read.refused).toBe(expected);
  });
  it("refuses a layout without day", () => expect(compileDateFormat("yyyy-MM")).toHaveProperty("refused"));
});

it.each([
  [
    "whole",
    '<?xml version="1.0"?><E><Machine code="7"><Name>pc-1</Name></Machine></E>',
    { "Machine.code": "7", "Machine.Name": "pc-1" },
  ],
  ["cut", "<E><Name>pc-1</Name><Oth", { Name: "pc-1" }],
  ["none", "no element", {}],
  ["too deep", "<a>".repeat(1000), {}],
])("takes XML that is %s apart", (_, text, fields) => {
  const draft = newDraft("", "text", "text");
  takeXml(draft, text);
  expect(draft.fields).toEqual(fields);
});
