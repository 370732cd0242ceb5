import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, describe, expect, it } from "vitest";
import { loadRules } from "./load.ts";
import { readRules } from "./read.ts";
import { compileRules, matchEvent } from "./rule-set.ts";

const GOOD = `title: Good
id: 0d7f4a0e-0000-4000-8000-000000000001
logsource:
  category: test
detection:
  sel:
    f: x
  condition: sel
`;

describe("a rule that cannot be used is refused with its code and its place", () => {
  it.each<[string, string, string, string]>([
    [
      "an old aggregation",
      "condition: sel",
      "condition: sel | count() by f > 5",
      "aggregation_unsupported:8:14",
    ],
    ["near", "condition: sel", "condition: near sel", "aggregation_unsupported:8:14"],
    [
      "an unknown selection",
      "condition: sel",
      "condition: sel and other",
      "condition_unknown_selection:8:14",
    ],
    [
      "a pattern that selects nothing",
      "condition: sel",
      "condition: 1 of filter*",
      "condition_unknown_selection:8:14",
    ],
    ["an open parenthesis", "condition: sel", "condition: (sel", "condition_invalid:8:14"],
    ["two selections side by side", "condition: sel", "condition: sel sel", "condition_invalid:8:14"],
    ["nothing after and", "condition: sel", "condition: sel and", "condition_invalid:8:14"],
    ["a comparison", "condition: sel", "condition: sel > 5", "condition_invalid:8:14"],
    ["no condition", "  condition: sel\n", "", "condition_missing:6:3"],
    ["an unknown modifier", "f: x", "f|nosuch: x", "modifier_unknown:7:15"],
    ["a back-reference", "f: x", "f|re: '(a)\\1'", "regex_unsupported:7:11"],
    ["a look-ahead", "f: x", "f|re: '(?=a)b'", "regex_unsupported:7:11"],
    ["a look-behind", "f: x", "f|re: '(?<!a)b'", "regex_unsupported:7:11"],
    ["a broken regular expression", "f: x", "f|re: '(a'", "regex_unsupported:7:11"],
    ["`re` after another modifier", "f: x", "f|contains|re: a", "modifier_conflict:7:20"],
    ["a flag without `re`", "f: x", "f|i: a", "modifier_conflict:7:10"],
    ["a network that is none", "f: x", "f|cidr: 10.0.0.0/33", "cidr_invalid:7:13"],
    ["a comparison with a text", "f: x", "f|gt: many", "value_invalid:7:11"],
    ["Base64 of a wildcard", "f: x", "f|base64: 'a*'", "value_invalid:7:15"],
    ["a map as a value", "f: x", "f: {g: x}", "value_invalid:7:8"],
    ["`exists` of a text", "f: x", "f|exists: maybe", "value_invalid:7:15"],
    ["a keyword that needs a field", "f: x", "'|gt': 5", "value_invalid:7:12"],
    ["an empty selection", "    f: x\n", "    {}\n", "selection_empty:7:5"],
    ["no title", "title: Good\n", "", "title_missing:1:1"],
    ["no log source", "logsource:\n  category: test\n", "", "logsource_missing:1:1"],
    ["an empty log source", "category: test", "definition: none", "logsource_invalid:4:3"],
    ["an unknown level", "title: Good", "title: Good\nlevel: urgent", "level_invalid:2:8"],
    [
      "a correlation",
      "detection:",
      "correlation: {type: event_count}\ndetection:",
      "correlation_unsupported:5:14",
    ],
    ["a filter", "detection:", "filter: {rules: []}\ndetection:", "filter_unsupported:5:9"],
    [
      "a meaning that is none",
      "title: Good",
      "title: Good\ntocsin: {title_fr: x, reason_fr: y, cause: magic}",
      "meaning_invalid:2:44",
    ],
    ["a list instead of a rule", GOOD, "- a\n- b\n", "not_a_rule:1:1"],
  ])("%s", (_, from, to, expected) => {
    const { rules, refused } = readRules(
      GOOD.replace(from, () => to),
      "r.yml",
    );
    expect(rules).toEqual([]);
    expect(refused).toHaveLength(1);
    expect(`${refused[0]?.code}:${refused[0]?.where?.slice("r.yml:".length)}`).toBe(expected);
    expect(refused[0]?.remedy).toBeTruthy();
  });

  it("tells the line and column of broken YAML", () => {
    const { refused } = readRules(GOOD.replace("title: Good", "title: 'Good"), "r.yml");
    expect(refused[0]?.code).toBe("yaml_invalid");
    expect(refused[0]?.where).toMatch(/^r\.yml:\d+:\d+$/);
  });

  it("refuses a YAML bomb instead of unfolding it", () => {
    const names = "abcdefghij".split("");
    const bomb = names.map(
      (name, at) =>
        `${name}: &${name} [${
          at === 0
            ? "x"
            : Array(9)
                .fill(`*${names[at - 1]}`)
                .join(",")
        }]`,
    );
    const { rules, refused } = readRules(`${bomb.join("\n")}\n${GOOD.replace("f: x", "f: *j")}`, "r.yml");
    expect(rules).toEqual([]);
    expect(refused).toHaveLength(1);
  });
});

describe("a file of several documents", () => {
  it("refuses the bad one alone, with its line", () => {
    const bad = GOOD.replace("condition: sel", "condition: nothing").replace("0001", "0002");
    const { rules, refused } = readRules(`${GOOD}---\n${bad}---\n${GOOD.replace("0001", "0003")}`, "r.yml");
    expect(rules.map((rule) => rule.rule.id.slice(-4))).toEqual(["0001", "0003"]);
    expect(refused.map((problem) => problem.where)).toEqual(["r.yml:17:14"]);
  });

  it("joins `action: global` to each of the following", () => {
    const text = `action: global\ntitle: All\nid: g\nlogsource: {category: test}\ndetection: {condition: sel}\n---\ndetection: {sel: {a: 1}}\n---\ndetection: {sel: {b: 1}}\n`;
    const { rules, refused } = readRules(text, "r.yml");
    expect(refused).toEqual([]);
    const set = compileRules(rules);
    expect(matchEvent(set, { b: 1 }).map((match) => match.rule.title)).toEqual(["All"]);
    expect(rules.map((rule) => rule.sharesId)).toEqual([true, true]);
    expect(rules[0]?.rule.version).not.toBe(rules[1]?.rule.version);
  });
});

describe("loading folders", () => {
  const folder = mkdtempSync(join(tmpdir(), "rules-"));
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  it("reads every YAML file below, leaves cases out, and refuses the second rule of an id", () => {
    mkdirSync(join(folder, "deep"), { recursive: true });
    writeFileSync(join(folder, "a.yml"), GOOD);
    writeFileSync(join(folder, "a.cases.yml"), "must_match: []\nmust_not_match: []\n");
    writeFileSync(join(folder, "deep", "b.yaml"), GOOD);
    writeFileSync(join(folder, "notes.txt"), "not a rule");
    const { rules, refused } = loadRules([folder]);
    expect(rules).toHaveLength(1);
    expect(refused).toMatchObject([{ code: "id_duplicate", where: join(folder, "deep", "b.yaml") }]);
    expect(loadRules([join(folder, "nowhere")]).refused).toMatchObject([{ code: "file_unreadable" }]);
  });
});
