import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { refusedRules } from "../../test/support/refused-rules.ts";
import { loadRules } from "./load.ts";
import { compileRules, matchEvent } from "./rule-set.ts";

const RULE = `title: Login
id: r1
name: login
logsource: {category: process_creation, product: windows}
detection:
  selection: {EventID: 1}
  condition: selection
`;
const OTHER = RULE.replace("r1", "r2").replace("name: login\n", "").replace("EventID: 1", "EventID: [1, 2]");
const FILTER = `title: Administrators
id: f1
logsource: {category: process_creation, product: windows}
filter:
  rules: [r1]
  selection: {User|startswith: adm_}
  condition: not selection
`;

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "filters-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

function load(...texts: string[]) {
  for (const [at, text] of texts.entries()) writeFileSync(join(folder, `${at}.yml`), text);
  return loadRules([folder]);
}

describe("a filter", () => {
  const ADMIN = { EventID: 1, User: "adm_ada" };
  const USER = { EventID: 1, User: "bob" };
  it.each<[string, (filter: string) => string, Record<string, unknown>, string[]]>([
    ["keeps the rule it names from what its condition leaves out", (f) => f, ADMIN, ["r2"]],
    ["leaves the rest to the rule", (f) => f, USER, ["r1", "r2"]],
    ["names a rule by its name", (f) => f.replace("[r1]", "[login]"), ADMIN, ["r2"]],
    ["names several rules", (f) => f.replace("[r1]", "[r1, r2]"), ADMIN, []],
    ["names one rule without a list", (f) => f.replace("[r1]", "r1"), ADMIN, ["r2"]],
    ["applies to any rule", (f) => f.replace("[r1]", "any"), ADMIN, []],
    [
      "applies to any rule of a wider log source",
      (f) => f.replace("[r1]", "any").replace("category: process_creation, ", ""),
      ADMIN,
      [],
    ],
    ["is joined with AND as it is written", (f) => f.replace("not selection", "selection"), USER, ["r2"]],
    [
      "has selections of its own, whatever those of the rule are called",
      (f) => f.replace("not selection", "not 1 of selection*"),
      USER,
      ["r1", "r2"],
    ],
    [
      "has several selections",
      (f) =>
        f
          .replace("not selection", "not (selection and host)")
          .replace("  rules:", "  host: {Computer: c}\n  rules:"),
      { ...ADMIN, Computer: "d" },
      ["r1", "r2"],
    ],
    ["has keywords", (f) => f.replace("{User|startswith: adm_}", "[adm_]"), ADMIN, ["r2"]],
  ])("%s", (_, change, event, expected) => {
    const { rules, refused } = load(change(FILTER), RULE, OTHER);
    expect(refused).toEqual([]);
    const found = matchEvent(compileRules(rules), event).map(({ rule }) => rule.id);
    expect(found.sort()).toEqual(expected);
  });

  it("changes the version of the rules it is joined to, and of no others", () => {
    const versions = (...texts: string[]) =>
      Object.fromEntries(load(...texts).rules.map(({ rule }) => [rule.id, rule.version]));
    const plain = versions(RULE, OTHER);
    const filtered = versions(RULE, OTHER, FILTER);
    const otherwise = versions(RULE, OTHER, FILTER.replace("adm_", "svc_"));
    expect(filtered.r2).toBe(plain.r2);
    expect(new Set([plain.r1, filtered.r1, otherwise.r1]).size).toBe(3);
    expect(filtered.r1).toMatch(/^[0-9a-f]{12}$/);
  });

  it("brings its placeholders to the rule", () => {
    const { rules } = load(RULE, FILTER.replace("User|startswith: adm_", "User|expand: '%Administrators%'"));
    expect(compileRules(rules).inactive).toMatchObject([{ code: "placeholder_without_value" }]);
    const set = compileRules(rules, { placeholders: { Administrators: ["adm*"] } });
    expect(matchEvent(set, ADMIN)).toHaveLength(0);
    expect(matchEvent(set, USER)).toHaveLength(1);
  });

  it("stands beside rules in one file, and applies with others", () => {
    const second = FILTER.replace("f1", "f2").replace("User|startswith: adm_", "User: bob");
    const { rules, refused } = load([RULE, FILTER, second].join("---\n"));
    expect(refused).toEqual([]);
    const set = compileRules(rules);
    expect(["adm_ada", "bob", "eve"].map((User) => matchEvent(set, { EventID: 1, User }).length)).toEqual([
      0, 0, 1,
    ]);
  });

  it.each([
    ["of a rule that is not loaded", FILTER.replace("[r1]", "[r9]")],
    ["of another log source than the rule it names", FILTER.replace("product: windows", "product: linux")],
    ["of a narrower log source", FILTER.replace("product: windows", "product: windows, service: sysmon")],
  ])("is told when it applies to nothing: %s", (_, filter) => {
    const { rules, refused } = load(RULE, filter);
    expect(rules).toHaveLength(1);
    expect(refused).toMatchObject([{ code: "filter_unused", where: join(folder, "1.yml") }]);
    expect(refused[0]?.message).toContain("Administrators");
  });

  it("is refused when another has its id", () => {
    expect(load(RULE, FILTER, FILTER).refused).toMatchObject([{ code: "id_duplicate" }]);
  });
});

describe("a filter that cannot be used is refused alone, with its code and its place", () => {
  it.each([
    ["no title", "title: Administrators\n", "", "title_missing:1:1"],
    [
      "no log source",
      "logsource: {category: process_creation, product: windows}\n",
      "",
      "logsource_missing:1:1",
    ],
    ["nothing in it", FILTER.slice(FILTER.indexOf("filter:")), "filter: {}\n", "filter_rules_missing:4:9"],
    ["no rules", "  rules: [r1]\n", "", "filter_rules_missing:5:3"],
    ["an empty list of rules", "[r1]", "[]", "filter_rules_missing:5:10"],
    ["a rule that is no text", "[r1]", "[{id: r1}]", "filter_invalid:5:11"],
    ["no condition", "  condition: not selection\n", "", "condition_missing:5:3"],
    ["several conditions", "not selection", "[not selection, selection]", "condition_invalid:7:14"],
    [
      "a condition on what it does not define",
      "not selection",
      "not filter",
      "condition_unknown_selection:7:14",
    ],
    ["no selection", "  selection: {User|startswith: adm_}\n", "", "condition_unknown_selection:6:14"],
    ["a modifier that does not exist", "startswith", "begins", "modifier_unknown:6:28"],
  ])("%s", (_, from, to, expected) => {
    expect(refusedRules(FILTER.replace(from, () => to))).toEqual([expected]);
  });
});
