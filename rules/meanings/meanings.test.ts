import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { loadRuleFolders } from "./load-rule-folders.ts";

const folder = mkdtempSync(join(tmpdir(), "meanings-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let made = 0;
/** A folder of its own with a rule (and `more`) under `windows/shadows.yml` and one under `linux/own.yml` that has its own meaning. */
function loadWith(meanings: string, more = "") {
  const root = join(folder, String(made++));
  mkdirSync(join(root, "rules/windows"), { recursive: true });
  mkdirSync(join(root, "rules/linux"));
  const rule = (title: string, id: string, rest: string) =>
    `title: ${title}\nid: ${id}\n${rest}\ndetection: {sel: {CommandLine|contains: x}, condition: sel}\n`;
  const windows =
    "name: shadows\nlevel: high\ntags: [attack.impact, attack.t1490, attack.t1059.001]\nlogsource: {product: windows, category: process_creation}";
  writeFileSync(join(root, "rules/windows/shadows.yml"), rule("Shadows", "a", windows) + more);
  const own =
    "level: low\nlogsource: {product: linux}\ntocsin: {title_fr: La sienne, reason_fr: Elle le dit., cause: malware}";
  writeFileSync(join(root, "rules/linux/own.yml"), rule("Own", "b", own));
  const file = join(root, "meanings.yml");
  writeFileSync(file, meanings);
  const loaded = loadRuleFolders([{ path: join(root, "rules"), meanings: [file] }]);
  return { ...loaded, file, shadows: loaded.rules.find(({ rule }) => rule.id === "a")?.rule };
}

const entry = (selector: string, rest = "cause: ransomware") =>
  `meanings:\n  - rules: ${selector}\n    ${rest}\n`;

describe("meanings from outside", () => {
  it.each([
    ["a folder", "{ path: windows }"],
    ["a file", "{ path: windows/shadows.yml }"],
    ["a glob", '{ path: "**/sha*.yml" }'],
    ["a list of paths of which one is its", "{ path: [linux, windows/] }"],
    ["a tag", "{ tag: attack.impact }"],
    ["a technique, whose sub-technique it has", "{ tag: attack.T1059 }"],
    ["a level", "{ level: [high, critical] }"],
    ["an id", "{ id: a }"],
    ["a name", "{ name: shadows }"],
    ["a log source", "{ logsource: { product: Windows } }"],
    ["several parts that all hold", "{ path: windows, tag: attack.t1490, level: high }"],
  ])("select a rule by %s", (_what, selector) => {
    const { shadows, refused, advice } = loadWith(entry(selector));
    expect({ refused, advice }).toEqual({ refused: [], advice: [] });
    expect(shadows?.meaning).toEqual({
      cause: "ransomware",
      facts: [],
      title_fr: "Shadows",
      reason_fr: "La règle « Shadows », de gravité haute, a reconnu cette alerte.",
    });
  });

  it.each([
    ["another folder", "{ path: win }"],
    ["another technique that begins alike", "{ tag: attack.t149 }"],
    ["a level it has not", "{ level: low, path: windows }"],
    ["a log source of which one part is not its", "{ logsource: { product: windows, category: dns } }"],
  ])("leave a rule alone by %s, and advise", (_what, selector) => {
    const { shadows, refused, advice } = loadWith(entry(selector));
    expect(refused).toEqual([]);
    expect(shadows).not.toHaveProperty("meaning");
    expect(advice).toMatchObject([
      { code: "meaning_without_rule", where: expect.stringMatching(/meanings\.yml:2:\d+$/) },
    ]);
  });

  it("give the facts as written, fill the texts in, and say where they come from", () => {
    const rest = `title_fr: "Vu : {title}"
    reason_fr: "{technique} ({level}), {id}"
    rsit: availability/sabotage
    facts: [{ fact: recovery_destroyed, confidence: confirmed }]`;
    const { shadows } = loadWith(entry("{ level: high }", rest));
    expect(shadows).toMatchObject({
      meaning_from: "meanings.yml:2",
      meaning: {
        title_fr: "Vu : Shadows",
        reason_fr: "T1490, T1059.001 (haute), a",
        rsit: "availability/sabotage",
        facts: [{ fact: "recovery_destroyed", confidence: "confirmed", ended_by: [] }],
      },
    });
  });

  describe("of a correlation written elsewhere", () => {
    const shadowsTwice = `---
title: Shadows twice
id: twice
name: shadows-twice
level: critical
tags: [attack.impact, attack.t1490]
correlation: {type: event_count, rules: shadows, group-by: [Computer], timespan: 5m, condition: {gte: 2}}
`;
    const facts = "facts: [{ fact: recovery_destroyed }]";
    const text = (meanings: string) => {
      const { correlations, refused } = loadWith(meanings, shadowsTwice);
      return { correlation: correlations[0]?.rule, refused };
    };
    it.each([
      ["a folder", "{ path: windows }"],
      ["a tag", "{ tag: attack.t1490 }"],
      ["a level", "{ level: critical }"],
      ["an id", "{ id: twice }"],
      ["a name", "{ name: shadows-twice }"],
    ])("select it by %s", (_what, selector) => {
      const { correlation, refused } = text(entry(selector, facts));
      expect(refused).toEqual([]);
      expect(correlation).toMatchObject({
        role: "correlation",
        meaning_from: "meanings.yml:2",
        meaning: { title_fr: "Shadows twice", facts: [{ fact: "recovery_destroyed" }] },
      });
    });

    it("do not select it by a log source, which it has not", () => {
      const { correlation } = text(entry("{ logsource: { product: windows } }", facts));
      expect(correlation).not.toHaveProperty("meaning");
    });
  });

  it("take the first entry that selects, and advise of one that is left nothing", () => {
    const two = `${entry("{ level: high }")}  - rules: { id: a }\n    cause: malware\n`;
    const { shadows, advice } = loadWith(two);
    expect(shadows?.meaning?.cause).toBe("ransomware");
    expect(advice).toMatchObject([
      { code: "meaning_shadowed", where: expect.stringMatching(/meanings\.yml:4:\d+$/) },
    ]);
  });

  it("never replace what a rule says itself", () => {
    const { rules } = loadWith(entry('{ path: "**" }'));
    const own = rules.find(({ rule }) => rule.id === "b")?.rule;
    expect(own?.meaning?.title_fr).toBe("La sienne");
    expect(own).not.toHaveProperty("meaning_from");
  });

  it("make another version of the rule, the same for the same meaning and another for another", () => {
    const version = (meanings: string) => loadWith(meanings).shadows?.version;
    const [none, one, spelt, other] = [
      version(entry("{ id: nobody }")),
      version(entry("{ level: high }")),
      version(entry("{ id: a }", "facts: []\n    cause: ransomware")),
      version(entry("{ level: high }", "cause: malware")),
    ];
    expect(one).toMatch(/^[0-9a-f]{12}$/);
    expect(spelt).toBe(one);
    expect(new Set([none, one, other]).size).toBe(3);
  });

  it("advise of a fact ended by a rule of another name", () => {
    const rest = "facts: [{ fact: system_unavailable, ended_by: [back, shadows] }]";
    expect(loadWith(entry("{ id: a }", rest)).advice).toMatchObject([
      { code: "ended_by_elsewhere", message: expect.stringContaining('"back"') },
    ]);
  });

  it.each([
    ["no YAML", "meanings: [", "meanings_invalid", /:1:\d+$/, "YAML"],
    ["nothing", "", "meanings_invalid", /meanings\.yml$/, "empty"],
    [
      "an unknown fact",
      entry("{ id: a }", "facts: [{ fact: nope }]"),
      "meanings_invalid",
      /:3:/,
      "facts.0.fact",
    ],
    ["an unknown cause", entry("{ id: a }", "cause: nope"), "meanings_invalid", /:3:5$/, "cause"],
    ["an unknown level", entry("{ level: highest }"), "meanings_invalid", /:2:/, "level"],
    ["an unknown key", entry("{ folder: a, id: a }"), "meanings_invalid", /:2:\d+$/, "folder"],
    ["an empty selector", entry("{}"), "meanings_invalid", /:2:/, "say which rules"],
    [
      "an unknown name in a text",
      entry("{ id: a }", 'title_fr: "{host}"'),
      "meanings_invalid",
      /:3:5$/,
      "{host}",
    ],
  ])("refuse %s with its line, and leave the rules as they are", (_what, text, code, where, said) => {
    const { refused, shadows } = loadWith(text);
    expect(refused).toMatchObject([{ code, where: expect.stringMatching(where) }]);
    expect(refused[0]?.message).toContain(said);
    expect(shadows).toMatchObject({ id: "a" });
    expect(shadows).not.toHaveProperty("meaning");
  });

  it("refuse a file that is not there", () => {
    const { refused } = loadRuleFolders([{ path: folder, meanings: [join(folder, "absent.yml")] }]);
    expect(refused.map(({ code }) => code)).toContain("meanings_unreadable");
  });
});
