import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { loadRules } from "../load.ts";
import { readTimespan } from "./timespan.ts";

const folder = mkdtempSync(join(tmpdir(), "correlations-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const BASE = ["a", "b"]
  .map(
    (name) =>
      `title: ${name}\nname: ${name}\nlogsource: {category: test}\ndetection: {sel: {x: ${name}}, condition: sel}\n`,
  )
  .join("---\n");

let turn = 0;
function load(...texts: string[]) {
  turn += 1;
  const files = texts.map((text, index) => {
    const file = join(folder, `${turn}-${index}.yml`);
    writeFileSync(file, text);
    return file;
  });
  return loadRules(files);
}

const correlation = (body: string, head = "title: t") =>
  `${head}\ncorrelation:\n${body.replaceAll(/^/gm, "  ")}\n`;
const COUNT = "type: event_count\nrules: a\ntimespan: 1m\ncondition: {gte: 2}";

describe("a correlation that cannot be run is refused alone, with its line", () => {
  // Base rules end at line 9: the correlation begins at line 11, its body at line 13.
  it.each<[string, string, string, number]>([
    ["no type", COUNT.replace("type: event_count\n", ""), "correlation_type_invalid", 13],
    ["an unknown type", COUNT.replace("event_count", "event_counts"), "correlation_type_invalid", 13],
    ["no rules", COUNT.replace("rules: a\n", ""), "correlation_rules_missing", 13],
    [
      "a rule that is no text",
      COUNT.replace("rules: a", "rules: [a, {b: c}]"),
      "correlation_rules_invalid",
      14,
    ],
    ["an unknown rule", COUNT.replace("rules: a", "rules: [a, c]"), "correlation_rule_unknown", 14],
    ["a rule under two names", COUNT.replace("rules: a", "rules: [a, a-id]"), "correlation_rule_unknown", 14],
    ["no timespan", COUNT.replace("timespan: 1m\n", ""), "timespan_missing", 13],
    ["a timespan without unit", COUNT.replace("1m", "10"), "timespan_invalid", 15],
    ["a timespan of no time", COUNT.replace("1m", "0m"), "timespan_invalid", 15],
    ["a timespan of half a minute", COUNT.replace("1m", "0.5m"), "timespan_invalid", 15],
    ["a timespan in words", COUNT.replace("1m", "1 minute"), "timespan_invalid", 15],
    ["no condition", COUNT.replace("\ncondition: {gte: 2}", ""), "condition_missing", 13],
    ["an unknown operator", COUNT.replace("gte", "min"), "condition_invalid", 16],
    ["a bound that is no number", COUNT.replace("gte: 2", "gte: many"), "condition_invalid", 16],
    ["a condition on rules for a count", COUNT.replace("{gte: 2}", "a and b"), "condition_invalid", 16],
    ["more than can be held", COUNT.replace("gte: 2", "gte: 2000000"), "correlation_too_large", 16],
    ["a field for a count of events", COUNT.replace("gte: 2", "gte: 2, field: x"), "condition_invalid", 16],
    ["no field for a count of values", COUNT.replace("event_", "value_"), "condition_field_missing", 16],
    [
      "several fields for a sum",
      COUNT.replace("event_count", "value_sum").replace("gte: 2", "gte: 2, field: [x, y]"),
      "condition_invalid",
      16,
    ],
    [
      "a percentile over 100",
      COUNT.replace("event_count", "value_percentile").replace("gte: 2", "gte: 2, field: x, percentile: 101"),
      "condition_invalid",
      16,
    ],
    [
      "a percentile of something else",
      COUNT.replace("gte: 2", "gte: 2, percentile: 50"),
      "condition_invalid",
      16,
    ],
    ["fields that are a map", `${COUNT}\ngroup-by: {x: y}`, "correlation_fields_invalid", 17],
    ["an alias for a rule that is not listed", `${COUNT}\naliases: {ip: {b: x}}`, "alias_invalid", 17],
    ["an alias that is no map", `${COUNT}\naliases: {ip: x}`, "correlation_invalid", 17],
    ["generate that is no flag", `${COUNT}\ngenerate: often`, "correlation_generate_invalid", 17],
    ["the old timeframe", COUNT.replace("timespan", "timeframe"), "correlation_key_unknown", 15],
    ["the order of a draft", `${COUNT}\nordered: true`, "correlation_key_unknown", 17],
    ["windows that do not slide", `${COUNT}\nwindow: tumbling`, "correlation_key_unknown", 17],
    ["an unknown key", `${COUNT}\nthreshold: 2`, "correlation_key_unknown", 17],
    [
      "a condition that nothing meets",
      "type: temporal\nrules: [a, b]\ntimespan: 1m\ncondition: not a and not b",
      "condition_invalid",
      16,
    ],
    [
      "a condition that names another rule",
      "type: temporal\nrules: [a, b]\ntimespan: 1m\ncondition: a and c",
      "condition_unknown_selection",
      16,
    ],
    [
      "a condition that leaves a rule out",
      "type: temporal\nrules: [a, b]\ntimespan: 1m\ncondition: a",
      "correlation_rule_unused",
      16,
    ],
    [
      "a condition that is not closed",
      "type: temporal\ntimespan: 1m\ncondition: (a and b",
      "condition_invalid",
      15,
    ],
    [
      "an absence with a condition",
      "type: absence\nrules: a\ntimespan: 1m\ncondition: {lt: 1}",
      "correlation_key_unknown",
      16,
    ],
    [
      "an absence of three rules",
      "type: absence\nrules: [a, b, t]\ntimespan: 1m",
      "correlation_rules_invalid",
      14,
    ],
    ["itself", COUNT.replace("rules: a", "rules: [a, t]"), "correlation_cycle", 14],
  ])("%s", (_, body, code, line) => {
    const { rules, correlations, refused } = load(`${BASE}---\n${correlation(body)}`);
    expect(refused).toMatchObject([{ code, where: expect.stringMatching(new RegExp(`:${line}:\\d+$`)) }]);
    expect(refused[0]?.remedy).not.toBe("");
    expect(rules.map(({ rule }) => rule.name)).toEqual(["a", "b"]);
    expect(correlations).toEqual([]);
  });

  it("is refused with those that refer to it, and the others run", () => {
    const text = [
      BASE,
      correlation(COUNT.replace("rules: a", "rules: nowhere"), "title: lost\nname: lost"),
      correlation(COUNT.replace("rules: a", "rules: lost"), "title: after"),
      correlation(COUNT, "title: sound"),
    ].join("---\n");
    const { correlations, refused } = load(text);
    expect(refused.map(({ code }) => code)).toEqual(["correlation_rule_unknown", "correlation_rule_refused"]);
    expect(correlations.map(({ rule }) => rule.title)).toEqual(["sound"]);
  });

  it("is refused when its circle is long, each of it", () => {
    const link = (name: string, to: string) =>
      correlation(COUNT.replace("rules: a", `rules: ${to}`), `title: ${name}\nname: ${name}`);
    const { refused } = load([BASE, link("x", "y"), link("y", "z"), link("z", "x")].join("---\n"));
    expect(refused.map(({ code }) => code).sort()).toEqual([
      "correlation_cycle",
      "correlation_rule_refused",
      "correlation_rule_refused",
    ]);
    expect(refused.find(({ code }) => code === "correlation_cycle")?.message).toContain("x → y → z → x");
  });

  it("is refused when its rule is", () => {
    const { refused } = load(
      `${BASE.replace("condition: sel", "condition: nope")}---\n${correlation(COUNT)}`,
    );
    expect(refused.map(({ code }) => code)).toEqual([
      "condition_unknown_selection",
      "correlation_rule_unknown",
    ]);
  });
});

describe("the rules that a correlation refers to", () => {
  const roles = (...texts: string[]) => {
    const { rules, correlations, refused } = load(...texts);
    expect(refused).toEqual([]);
    return [
      ...rules.map(({ rule }) => `${rule.name} ${rule.role ?? "alone"}`),
      ...correlations.map(({ rule, alone }) => `${rule.title} ${alone ? "alone" : "part"}`),
    ];
  };
  it.each<[string, string, string[]]>([
    ["only count", correlation(COUNT), ["a part", "b alone", "t alone"]],
    [
      "stand alone too when asked",
      correlation(`${COUNT}\ngenerate: true`),
      ["a alone", "b alone", "t alone"],
    ],
    [
      "stand alone too when asked beside the correlation",
      correlation(COUNT, "title: t\ngenerate: true"),
      ["a alone", "b alone", "t alone"],
    ],
    [
      "may be correlations, before them or after",
      `${correlation("type: temporal\nrules: [many, b]\ntimespan: 1m")}---\n${correlation(COUNT, "title: many\nname: many")}`,
      ["a part", "b part", "many part", "t alone"],
    ],
  ])("%s", (_, text, expected) => {
    expect(roles(`${BASE}---\n${text}`)).toEqual(expected);
  });

  it("may lie in other files, by id or name, and are told by the nearest where a name is not alone", () => {
    const other = BASE.replaceAll(/name: (.)/g, "id: other-$1\nname: $1");
    expect(roles(`${BASE}---\n${correlation(COUNT)}`, other)).toEqual([
      "a part",
      "b alone",
      "a alone",
      "b alone",
      "t alone",
    ]);
    const { refused } = load(other.replaceAll("other-", "third-"), other, correlation(COUNT));
    expect(refused.map(({ code }) => code)).toEqual(["correlation_rule_ambiguous"]);
    expect(load(BASE, other, correlation(COUNT.replace("rules: a", "rules: other-a"))).refused).toEqual([]);
  });

  it.each([
    ["[a, b]", "{a: src, b: dst}"],
    ["[id-a, id-b]", "{a: src, b: dst}"],
    ["[a, b]", "{id-a: src, id-b: dst}"],
  ])("may be %s in the list, and in an alias %s", (rules, fields) => {
    const identified = BASE.replaceAll(/name: (.)/g, "id: id-$1\nname: $1");
    const body = `type: temporal\nrules: ${rules}\ntimespan: 1m\naliases: {ip: ${fields}}`;
    const { correlations, refused } = load(`${identified}---\n${correlation(body)}`);
    expect(refused).toEqual([]);
    expect(correlations[0]?.aliases).toEqual({ ip: { "id-a": "src", "id-b": "dst" } });
  });

  it("keep standing alone when they state facts", () => {
    const fact = "tocsin: {title_fr: x, reason_fr: y, facts: [{fact: malware_present}]}\n";
    expect(roles(`${BASE.replace("---\n", `${fact}---\n`)}---\n${correlation(COUNT)}`)).toEqual([
      "a alone",
      "b alone",
      "t alone",
    ]);
  });
});

describe("a timespan", () => {
  it.each([
    ["30s", 30],
    ["15m", 900],
    ["2h", 7_200],
    ["1d", 86_400],
    ["1w", 604_800],
    ["1M", 2_629_746],
    ["1y", 31_556_952],
    ["0s", undefined],
    ["-1s", undefined],
    ["1S", undefined],
    [" 1s", undefined],
    ["3y", undefined],
    ["99999999999s", undefined],
    [60, undefined],
    [null, undefined],
  ])("%s", (written, seconds) => {
    expect(readTimespan(written)).toBe(seconds === undefined ? undefined : seconds * 1_000_000);
  });
});
