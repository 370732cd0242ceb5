import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { loadRules } from "../engine/load.ts";
import { lintRules } from "./lint-rules.ts";

const folder = mkdtempSync(join(tmpdir(), "lint-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

let made = 0;
/** Remarks about a file of rules, each as `line:column code`. */
function remarks(text: string): string[] {
  const file = join(folder, `${made++}.yml`);
  writeFileSync(file, text);
  const { rules, refused } = loadRules([file]);
  expect(refused).toEqual([]);
  return lintRules(rules).map(({ where = "", code }) => `${where.slice(file.length + 1)} ${code}`);
}

const rule = ({
  head = "id: 0d7f4a0e-0000-4000-8000-000000000001\nlevel: low",
  logsource = "{product: windows, category: process_creation}",
  detection = "  sel: {CommandLine|contains: whoami}\n  condition: sel",
}) => `title: One\n${head}\nlogsource: ${logsource}\ndetection:\n${detection}\n`;

describe("lintRules, of metadata", () => {
  it.each([
    ["no id", "level: low", "1:1 id_missing"],
    ["an id that is no UUID", "id: one\nlevel: low", "2:1 id_not_uuid"],
    ["no level", "id: 0d7f4a0e-0000-4000-8000-000000000001", "1:1 level_missing"],
    ["a status that is none", "status: ready", "4:1 status_unknown"],
    ["a date of the old spelling", "date: 2022/07/28", "4:1 date_invalid"],
    ["a day that no month has", "modified: 2022-07-32", "4:1 date_invalid"],
    ["tags that are no list", "tags: attack.t1059", "4:1 tags_not_a_list"],
    ["a tactic of the old spelling", "tags: [attack.lateral_movement]", "4:8 tag_unknown"],
    ["a technique of too few digits", "tags:\n  - attack.t105", "5:5 tag_unknown"],
    ["a tag without namespace", "tags: [ransomware]", "4:8 tag_without_namespace"],
    ["a CVE that is none", "tags: [cve.none]", "4:8 tag_unknown"],
  ])("tells of %s, at its line", (_what, given, remark) => {
    const head = /^(id|level):/.test(given)
      ? given
      : `id: 0d7f4a0e-0000-4000-8000-000000000001\nlevel: low\n${given}`;
    expect(remarks(rule({ head }))).toEqual([remark]);
  });

  it.each([
    "attack.t1059.001",
    "attack.stealth",
    "attack.defense-evasion",
    "attack.g0007",
    "attack.s0002",
    "attack.ds0005",
    "cve.2024-3400",
    "cve.2024.3400",
    "car.2013-07-002",
    "detection.emerging-threats",
    "tlp.amber",
    "own.namespace",
  ])("accepts the tag %s", (tag) => {
    const head = `id: 0d7f4a0e-0000-4000-8000-000000000001\nlevel: low\ntags: [${tag}]`;
    expect(remarks(rule({ head }))).toEqual([]);
  });

  it("tells of the second of two names and titles", () => {
    const other = (id: string) =>
      rule({ head: `id: 0d7f4a0e-0000-4000-8000-00000000000${id}\nlevel: low\nname: n` });
    expect(remarks(`${other("1")}---\n${other("2")}`)).toEqual([
      "13:1 name_duplicate",
      "10:1 title_duplicate",
    ]);
  });
});

describe("lintRules, of conditions", () => {
  it.each([
    [
      "a selection that no condition uses",
      "  a: {User: x}\n  b: {User: y}\n  condition: a",
      "7:3 selection_unused",
    ],
    ["x and not x", "  a: {User: x}\n  condition: a and not a", "7:3 condition_never_holds"],
    [
      "x and not its copy",
      "  a: {User: x}\n  b: {User: x}\n  condition: a and not b",
      "8:3 condition_never_holds",
    ],
    ["x or not x", "  a: {User: x}\n  condition: a or not a", "7:3 condition_always_holds"],
    [
      "a selection that the others outweigh",
      "  a: {User: x}\n  b: {Image: y}\n  condition: a or (a and b)",
      "8:3 selection_without_effect",
    ],
    [
      "a field that must be there and must not",
      "  a: {User|contains: x, User|exists: false}\n  condition: a",
      "6:3 selection_never_holds",
      "7:3 condition_never_holds",
    ],
    [
      "two numbers of one event",
      "  a: {EventID: 1}\n  b: {EventID: [2, 3]}\n  condition: a and b",
      "8:3 condition_never_holds",
    ],
    [
      "an absence filtered out of a presence",
      "  a: {User|contains: x}\n  f: {User: null}\n  condition: a and not f",
      "8:3 selection_without_effect",
    ],
    ["an empty list of values", "  a: {User: []}\n  condition: a", "6:7 list_empty"],
  ])("tells of %s", (_what, detection, ...told) => {
    expect(remarks(rule({ detection }))).toEqual(told);
  });

  it.each([
    ["a filter", "  a: {User: x}\n  f: {Image: y}\n  condition: a and not f"],
    ["selections by pattern", "  a_1: {User: x}\n  a_2: {Image: y}\n  condition: 1 of a_*"],
    ["several values of one field", "  a: {EventID: [1, 2]}\n  b: {EventID: [2, 3]}\n  condition: a and b"],
    ["a value and its absence as alternatives", "  a: {User: null}\n  b: {User: x}\n  condition: a or b"],
    [
      "more selections than can be tried",
      `${Array.from({ length: 30 }, (_, i) => `  a${i}: {User: x${i}}\n`).join("")}  condition: 1 of them`,
    ],
  ])("says nothing of %s", (_what, detection) => {
    expect(remarks(rule({ detection }))).toEqual([]);
  });
});

describe("lintRules, of fields and log sources", () => {
  it.each([
    ["a misspelt field", undefined, "  a: {ComandLine|contains: x}\n  condition: a", "6:7 field_unknown"],
    [
      "a field that no event of the category has",
      undefined,
      "  a: {Favourite: x}\n  condition: a",
      "6:7 field_unknown",
    ],
    [
      "a field of the wrong case",
      undefined,
      "  a:\n    - {commandline: x}\n    - {User: x}\n  condition: a",
      "7:8 field_unknown",
    ],
    [
      "a slip where names are the source's own",
      "{product: windows, service: taskscheduler}",
      "  a: {TaskNam: x}\n  condition: a",
      "6:7 field_unknown",
    ],
    ["a log source that nothing gives", "{product: toaster}", undefined, "4:1 logsource_unknown"],
    [
      "a category that nothing gives",
      "{product: windows, category: proces_creation}",
      undefined,
      "4:1 logsource_unknown",
    ],
  ])("tells of %s", (_what, logsource, detection, told) => {
    expect(remarks(rule({ logsource, detection }))).toEqual([told]);
  });

  it.each([
    ["fields of the taxonomy", "{category: proxy}", "{c-uri: x, cs-host: y}"],
    ["ECS names", "{category: alert}", "{process.command_line: x, host.name: y}"],
    [
      "a cloud's own names",
      "{product: aws, service: cloudtrail}",
      "{eventName: x, requestParameters.enable: y}",
    ],
    ["a product's own names", "{category: alert}", "{srcip: x, devname: y}"],
    ["a data set of Elastic's", "{product: github, service: audit}", "{action: x}"],
    ["what the product said it did", "{category: alert}", "{tocsin.verdict: prevented}"],
  ])("says nothing of %s", (_what, logsource, fields) => {
    expect(remarks(rule({ logsource, detection: `  a: ${fields}\n  condition: a` }))).toEqual([]);
  });

  it("proposes the nearest name", () => {
    const file = join(folder, "near.yml");
    writeFileSync(file, rule({ detection: "  a: {ParentCommandLien: x}\n  condition: a" }));
    expect(lintRules(loadRules([file]).rules)).toMatchObject([{ remedy: "did you mean ParentCommandLine?" }]);
  });
});
