import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { readPlaceholders } from "./placeholders-option.ts";

const folder = mkdtempSync(join(tmpdir(), "placeholders-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function read(text: string) {
  const file = join(folder, "values.yml");
  writeFileSync(file, text);
  return readPlaceholders(file);
}

describe("the file of --placeholders", () => {
  it.each([
    ["lists of texts", "Servers: [srv*, dc1]\n", { Servers: ["srv*", "dc1"] }],
    ["one text instead of a list", "Servers: srv*\n", { Servers: ["srv*"] }],
    ["numbers, as texts", "Ports: [22, 3389]\n", { Ports: ["22", "3389"] }],
  ])("may hold %s", (_, text, expected) => {
    expect(read(text)).toEqual(expected);
  });

  it.each([
    ["a list", "- srv*\n"],
    ["empty", ""],
    ["a map within", "Servers: {a: b}\n"],
    ["what is no YAML", "Servers: [srv*\n"],
  ])("is refused with its name when it is %s", (_, text) => {
    expect(() => read(text)).toThrow(/--placeholders .*values\.yml: /);
  });

  it("is refused when it is not there, and needs not be given", () => {
    expect(() => readPlaceholders(join(folder, "none.yml"))).toThrow(/none\.yml: /);
    expect(readPlaceholders(undefined)).toEqual({});
  });
});
