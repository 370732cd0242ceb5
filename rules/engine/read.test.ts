import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { fc } from "../../test/support/property.ts";
import { refusedRules } from "../../test/support/refused-rules.ts";
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
      "a time frame without aggregation",
      "condition: sel",
      "timeframe: 5m\n  condition: sel",
      "aggregation_unsupported:8:14",
    ],
    ["`all` of one value", "f: x", "f|contains|all: x", "modifier_conflict:7:21"],
    ["`all` of one keyword", "    f: x", "    '|all': [x]", "modifier_conflict:7:13"],
    ["a place at both ends", "f: x", "f|startswith|endswith: x", "modifier_conflict:7:28"],
    ["two kinds of comparison", "f: x", "f|re|cidr: x", "modifier_conflict:7:16"],
    ["a network that is contained", "f: x", "f|cidr|contains: 10.0.0.0/8", "modifier_conflict:7:22"],
    ["a number that is contained", "f: x", "f|gt|contains: 5", "value_invalid:7:20"],
    ["two comparisons", "f: x", "f|gt|lt: 5", "modifier_conflict:7:14"],
    ["two parts of a date", "f: x", "f|hour|day: 5", "modifier_conflict:7:17"],
    ["two encodings of UTF-16", "f: x", "f|wide|utf16be: x", "modifier_conflict:7:21"],
    ["an existence that is contained", "f: x", "f|exists|contains: true", "modifier_conflict:7:24"],
    ["an expression that is compared", "f: x", "f|re|gt: 5", "modifier_conflict:7:14"],
    ["a reference that is an expression", "f: x", "f|fieldref|re: g", "modifier_conflict:7:20"],
    ["dashes of an expression", "f: x", "f|re|windash: x", "value_invalid:7:19"],
    ["Base64 of an expression", "f: x", "f|re|base64: x", "value_invalid:7:18"],
    ["Base64 of what is cut already", "f: x", "f|base64offset|base64: x", "value_invalid:7:28"],
    ["a placeholder in an existence", "f: x", "f|exists|expand: '%p%'", "modifier_conflict:7:22"],
    [
      "an expression after what changes texts",
      "f: x",
      "f|expand|contains|re: '%p%'",
      "modifier_conflict:7:27",
    ],
    ["Base64 of a placeholder and a wildcard", "f: x", "f|expand|base64: '%p%*'", "value_invalid:7:22"],
    ["a number that is not one with any placeholder", "f: x", "f|expand|gt: 'a%p%'", "value_invalid:7:18"],
    [
      "a network that is not one without placeholder",
      "f: x",
      "f|cidr|expand: '10.0/99'",
      "cidr_invalid:7:20",
    ],
    ["two existences", "f: x", "f|exists: [true, false]", "modifier_conflict:7:15"],
    ["a reference with a wildcard", "f: x", "f|fieldref: 'g*'", "value_invalid:7:17"],
    ["a reference to nothing", "f: x", "f|fieldref: ''", "value_invalid:7:17"],
    ["a reference to a number", "f: x", "f|fieldref: 5", "value_invalid:7:17"],
    ["an hour that no day has", "f: x", "f|hour: 24", "value_invalid:7:13"],
    ["a month that is none", "f: x", "f|month: May", "value_invalid:7:14"],
    ["infinity", "f: x", "f|lt: Infinity", "value_invalid:7:11"],
    ["null in a text", "f: x", "f|contains: null", "value_invalid:7:17"],
    ["a selection of nothing", "    f: x\n", "", "selection_empty:6:7"],
    ["no detection", "detection:\n  sel:\n    f: x\n  condition: sel\n", "", "detection_missing:1:1"],
    ["a list of no condition", "condition: sel", "condition: []", "condition_missing:8:14"],
    ["a condition that is a number", "condition: sel", "condition: 1", "condition_invalid:8:14"],
    [
      "more selections than there are of nothing",
      "condition: sel",
      "condition: 0 of sel",
      "condition_invalid:8:14",
    ],
    ["an unknown quantifier", "condition: sel", "condition: some of sel", "condition_invalid:8:14"],
    ["an action that is none", "title: Good", "title: Good\naction: remove", "action_unknown:2:9"],
    ["a log source that is a list", "category: test", "category: [a, b]", "logsource_invalid:4:13"],
    [
      "a meaning that is none",
      "title: Good",
      "title: Good\ntocsin: {title_fr: x, reason_fr: y, cause: magic}",
      "meaning_invalid:2:44",
    ],
    [
      "a fact that only a person may state",
      "title: Good",
      "title: Good\ntocsin:\n  title_fr: x\n  reason_fr: y\n  facts:\n    - fact: data_lost\n    - fact: defence_secret",
      "meaning_invalid:7:13",
    ],
    ["a list instead of a rule", GOOD, "- a\n- b\n", "not_a_rule:1:1"],
  ])("%s", (_, from, to, expected) => {
    expect(refusedRules(GOOD.replace(from, () => to))).toEqual([expected]);
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

  it.each([
    ["a circle of aliases", `title: &a {a: *a}`],
    [
      "a selection that holds itself",
      GOOD.replace("    f: x", "    &s f: x").replace("  sel:", "  sel: &m").replace("f: x", "f: *m"),
    ],
    ["lists without end", `title: ${"[".repeat(100_000)}`],
    ["a file that is not YAML at all", "\u0000\u0001{{{"],
    ["a tag that nobody knows", "title: !!js/function 'x'"],
  ])("refuses %s", (_, text) => {
    const { rules, refused } = readRules(text, "r.yml");
    expect(rules).toEqual([]);
    expect(refused.length).toBeGreaterThan(0);
  });

  it("never throws, whatever the text", () => {
    const pieces = fc.constantFrom(
      ...GOOD.split(/(?<=\n)|(?=[:|])/),
      ..."|re: '(' |all: |expand: '%a%' - [ ] { } &a *a << ? ! %YAML --- filter: rules: any action: repeat null ~ \" ' # \t".split(
        " ",
      ),
    );
    const text = fc.array(fc.oneof(pieces, fc.string({ maxLength: 4 })), { maxLength: 40 });
    fc.assert(
      fc.property(text, fc.boolean(), (parts, after) => {
        const { rules, filters, correlations, refused } = readRules(
          after ? `${GOOD}${parts.join("")}` : parts.join(""),
          "r.yml",
        );
        expect(compileRules(rules).rules.length).toBeLessThanOrEqual(rules.length);
        expect(rules.length + filters.length + correlations.length + refused.length).toBeGreaterThanOrEqual(
          0,
        );
      }),
      { numRuns: 2000 },
    );
  });

  it("refuses a key written twice, with its line", () => {
    const { rules, refused } = readRules(GOOD.replace("    f: x", "    f: x\n    f: y"), "r.yml");
    expect(rules).toEqual([]);
    expect(refused).toMatchObject([{ code: "yaml_invalid", where: "r.yml:8:5" }]);
  });

  it("reads anchors, aliases and merge keys, and keeps fields of others", () => {
    const text = `${GOOD}x-ours: &v [x, y]\nmine: {deep: true}\n`
      .replace("    f: x", "    <<: &base {g: 1}\n    f: x")
      .replace("  condition: sel", "  other:\n    <<: *base\n  condition: sel or other");
    const { rules, refused } = readRules(text, "r.yml");
    expect(refused).toEqual([]);
    const set = compileRules(rules);
    expect(matchEvent(set, { g: 1 })).toHaveLength(1);
    expect(matchEvent(set, { f: "x" })).toHaveLength(0);
  });
});

describe("a file of several documents", () => {
  it.each([
    ["a list is not closed", "[Good"],
    ["a tag is known to nobody", "!!js/function Good"],
    ["a character is none", "Go\u0000od"],
    ["lists have no end", "[".repeat(20_000)],
  ])("refuses the one in which %s, and keeps the others", (_, title) => {
    const broken = GOOD.replace("title: Good", `title: ${title}`);
    const { rules, refused } = readRules(
      `${GOOD}---\n${broken}---\n${GOOD.replace("0001", "0003")}`,
      "r.yml",
    );
    expect(rules.map((rule) => rule.rule.id.slice(-4))).toEqual(["0001", "0003"]);
    expect(refused).toMatchObject([{ code: "yaml_invalid" }]);
    expect(refused[0]?.where).toMatch(/^r\.yml:1[0-9]:\d+$/);
  });

  it("refuses the one whose bytes are no text, with its line, and keeps the others", () => {
    const damaged = GOOD.replace("f: x", "f: \ufffd").replace("0001", "0002");
    const text = `# \ufffd\n${GOOD}---\n${damaged}`;
    const { rules, refused } = readRules(text, "r.yml", true);
    expect(rules.map((rule) => rule.rule.id.slice(-4))).toEqual(["0001"]);
    expect(refused).toMatchObject([{ code: "not_utf8", where: "r.yml:17:8" }]);
    expect(readRules(text, "r.yml").refused).toEqual([]);
  });

  it("joins `action: repeat` to the one before, and forgets the common part at `action: reset`", () => {
    const text = [
      "action: global\nlogsource: {category: test}\nlevel: low",
      "title: One\ndetection: {sel: {a: 1}, condition: sel}",
      "action: repeat\ntitle: Two\ndetection: {sel: {a: 2}}",
      "action: reset",
      "title: Three\ndetection: {sel: {a: 3}, condition: sel}",
    ].join("\n---\n");
    const { rules, refused } = readRules(text, "r.yml");
    expect(rules.map(({ rule }) => [rule.title, rule.level])).toEqual([
      ["One", "low"],
      ["Two", "low"],
    ]);
    expect(refused).toMatchObject([{ code: "logsource_missing" }]);
    const set = compileRules(rules);
    expect(matchEvent(set, { a: 2 }).map(({ rule }) => rule.title)).toEqual(["Two"]);
  });

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
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

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

  it.each([
    ["UTF-8 with its mark", Buffer.from(`\ufeff${GOOD.replace("f: x", "f: été")}`)],
    ["UTF-16, as Windows editors save it", Buffer.from(`\ufeff${GOOD.replace("f: x", "f: été")}`, "utf16le")],
    ["UTF-16 of the other order", Buffer.from(`\ufeff${GOOD.replace("f: x", "f: été")}`, "utf16le").swap16()],
  ])("reads %s", (_, bytes) => {
    const file = join(folder, "encoded.yml");
    writeFileSync(file, bytes);
    const { rules, refused } = loadRules([file]);
    expect(refused).toEqual([]);
    expect(matchEvent(compileRules(rules), { f: "été" })).toHaveLength(1);
  });

  it("refuses a rule saved in a Windows code page, which would match nothing", () => {
    const file = join(folder, "encoded.yml");
    writeFileSync(file, Buffer.from(GOOD.replace("f: x", "f: été"), "latin1"));
    expect(loadRules([file])).toMatchObject({ rules: [], refused: [{ code: "not_utf8" }] });
  });
});
