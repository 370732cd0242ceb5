import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import type { DetectionRule } from "../core/detection.ts";
import { compareCounts, differences, readExpectations } from "./expectations.ts";

const folder = mkdtempSync(join(tmpdir(), "expect-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function read(text: string) {
  const file = join(folder, "expect.yml");
  writeFileSync(file, text);
  return readExpectations(file);
}
const rule = (id: string, name?: string): DetectionRule => ({
  id,
  ...(name === undefined ? {} : { name }),
  version: "v",
  title: `Title of ${id}`,
  level: "low",
  tags: [],
});
const rules = [rule("a", "first"), rule("b"), rule("c")];
const unmet = (text: string, counts: Record<string, number>) =>
  differences(compareCounts(read(text), rules, new Map(Object.entries(counts))));

describe("expectations", () => {
  it.each([
    ["exactly", "rules: { a: 2 }", { a: 2 }, []],
    ["exactly, and one too many", "rules: { a: 2 }", { a: 3 }, ["a: expected exactly 2, found 3"]],
    ["exactly, spelt out", "rules: { a: { exactly: 0 } }", { a: 1 }, ["a: expected exactly 0, found 1"]],
    ["at least", "rules: { a: { at_least: 2 } }", { a: 1 }, ["a: expected at least 2, found 1"]],
    ["at least, and more", "rules: { a: { at_least: 2 } }", { a: 9 }, []],
    ["at most", "rules: { a: { at_most: 2 } }", { a: 3 }, ["a: expected at most 2, found 3"]],
    [
      "between two",
      "rules: { a: { at_least: 1, at_most: 2 } }",
      { a: 3 },
      ["a: expected at least 1, at most 2, found 3"],
    ],
    ["a rule by its name", "rules: { first: 1 }", {}, ["first: expected exactly 1, found 0"]],
    ["a rule by its title", "rules: { Title of b: 1 }", { b: 1 }, []],
    ["others", "{ rules: { a: 1 }, others: 0 }", { a: 1, b: 2 }, ["b: expected exactly 0, found 2"]],
    ["no word of others", "rules: { a: 1 }", { a: 1, b: 2 }, []],
  ])("compare %s", (_what, text, counts, told) => {
    expect(unmet(text, counts)).toEqual(told);
  });

  it.each([
    ["a name that is no rule's", "rules: { nope: 1 }", "no rule is called nope"],
    ["a negative number", "rules: { a: -1 }", ":1:"],
    ["nothing asked", "rules: { a: {} }", "give exactly, at_least or at_most"],
    ["exactly beside another", "rules: { a: { exactly: 1, at_most: 2 } }", "exactly stands alone"],
    ["a range that is none", "rules: { a: { at_least: 3, at_most: 2 } }", "at_least is more"],
    ["an unknown key", "rule: { a: 1 }", "unknown key"],
    ["no YAML", "rules: [", "expect.yml:1:"],
    ["an empty file", "", "expect.yml: it expects nothing"],
    ["a list", "- a", "expect.yml:1:1: Invalid input"],
  ])("refuse %s", (_what, text, said) => {
    expect(() => unmet(text, {})).toThrow(said);
  });

  it("refuse a file that is not there", () => {
    expect(() => readExpectations(join(folder, "absent.yml"))).toThrow("--expect");
  });
});
