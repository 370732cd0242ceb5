import { describe, expect, it } from "vitest";
import { readRules } from "../engine/read.ts";
import type { LoadedRule } from "../engine/rule.ts";
import { compileRules, matchAlert } from "../engine/rule-set.ts";
import { explainGate, explainRule } from "./explain-rule.ts";

function ruleOf(detection: string, logsource = "{category: alert}"): LoadedRule {
  const { rules, refused } = readRules(
    `title: T\nid: r\nlogsource: ${logsource}\ndetection:\n${detection}\n`,
    "r.yml",
  );
  expect(refused).toEqual([]);
  return rules[0] as LoadedRule;
}
const alert = (fields: Record<string, unknown>, message = "") => ({
  event: { module: "generic" },
  message,
  fields,
});

describe("explainRule", () => {
  it.each([
    [
      "a value that is met",
      "{User|contains: [foo, adm]}",
      { User: "Admin" },
      { holds: true, met: "adm", value: "Admin", because: "met" },
    ],
    [
      "a value that differs",
      "{User: root}",
      { User: "adm" },
      { holds: false, met: null, value: "adm", because: "value differs" },
    ],
    ["a field that is missing", "{User: root}", {}, { holds: false, value: null, because: "field missing" }],
    [
      "a value that is met and must not be",
      "{User|neq: root}",
      { User: "root" },
      { holds: false, negated: true, because: "held where it must not" },
    ],
    [
      "a value that is not met, as asked",
      "{User|neq: root}",
      { User: "x" },
      { holds: true, because: "not held, as asked" },
    ],
    [
      "all of several of which one is not met",
      "{User|contains|all: [a, b, c]}",
      { User: "ac" },
      { holds: false, link: "all", unmet: ["*b*"], value: "ac" },
    ],
    ["a number compared", "{n|gte: 5}", { n: 4 }, { holds: false, asked: ["gte 5"], value: "4" }],
    [
      "a network",
      "{src|cidr: 10.0.0.0/8}",
      { src: "10.1.1.1" },
      { holds: true, asked: ["in 10.0.0.0/8"], value: "10.1.1.1" },
    ],
    ["an absence", "{User|exists: false}", { User: "x" }, { holds: false, asked: ["absent"], value: "x" }],
    [
      "a regular expression",
      "{User|re: '^a+$'}",
      { User: "aa" },
      { holds: true, asked: ["/^a+$/"], value: "aa" },
    ],
  ])("tells of %s", (_what, selection, fields, item) => {
    const explained = explainRule(ruleOf(`  sel: ${selection}\n  condition: sel`), alert(fields));
    expect(explained.selections[0]?.alternatives[0]?.[0]).toMatchObject(item);
    expect(explained.matches).toBe(item.holds);
  });

  it("tells of keywords, which any text may hold", () => {
    const rule = ruleOf("  sel: [alpha, bravo]\n  condition: sel");
    const [found, lost] = ["a bravo", "nothing"].map(
      (message) => explainRule(rule, alert({}, message)).selections[0]?.alternatives[0]?.[0],
    );
    expect(found).toMatchObject({ field: null, holds: true, met: "bravo", value: "a bravo" });
    expect(lost).toMatchObject({ holds: false, because: "in no text" });
  });

  it("tells each alternative of a list of maps", () => {
    const rule = ruleOf("  sel:\n    - {a: 1, b: 2}\n    - {c: 3}\n  condition: sel");
    const [selection] = explainRule(rule, alert({ a: 1, c: 3 })).selections;
    expect(selection?.holds).toBe(true);
    expect(selection?.alternatives.map((items) => items.map(({ holds }) => holds))).toEqual([
      [true, false],
      [true],
    ]);
  });

  it.each([
    ["a and not f", { a: 1, f: 1 }, ["f holds, and must not"]],
    ["a and not f", {}, ["a does not hold"]],
    ["a and (b or f)", { a: 1 }, ["b does not hold", "f does not hold"]],
    ["all of them", { a: 1 }, ["all of (a, b, f): 1 hold"]],
    ["2 of them", { a: 1 }, ["2 of (a, b, f): 1 hold"]],
  ])("names the parts of `%s` that fail", (condition, fields, failed) => {
    const rule = ruleOf(`  a: {a: 1}\n  b: {b: 1}\n  f: {f: 1}\n  condition: ${condition}`);
    expect(explainRule(rule, alert(fields)).condition).toMatchObject({ holds: false, failed });
  });

  it("tells when the record is of another log source, and that the rest would hold", () => {
    const rule = ruleOf("  sel: {User: x}\n  condition: sel", "{product: windows, service: security}");
    const explained = explainRule(rule, alert({ User: "x" }));
    expect(explained).toMatchObject({
      matches: false,
      logsource: { holds: false },
      condition: { holds: true },
    });
    expect(explainRule(rule, alert({ User: "x" }), { anyLogsource: true }).matches).toBe(true);
  });

  it("tells when a rule does not run for want of values", () => {
    const rule = ruleOf("  sel: {User|expand: '%admins%'}\n  condition: sel");
    expect(explainRule(rule, alert({ User: "x" }))).toMatchObject({
      matches: false,
      inactive: expect.stringContaining("%admins%"),
    });
    expect(explainRule(rule, alert({ User: "x" }), { placeholders: { admins: ["x"] } }).matches).toBe(true);
  });

  it.each(["sel", "not sel", "1 of them and not f", "sel or f"])(
    "agrees with the engine on `%s`",
    (condition) => {
      const rule = ruleOf(`  sel: {a|contains: x}\n  f: {b: null}\n  condition: ${condition}`);
      const set = compileRules([rule]);
      for (const fields of [{}, { a: "x" }, { b: "y" }, { a: "xx", b: "y" }])
        expect(explainRule(rule, alert(fields)).matches).toBe(matchAlert(set, alert(fields)).length > 0);
    },
  );
});

describe("explainGate", () => {
  const rule = ruleOf("  sel: {message|contains: [vssadmin, wbadmin]}\n  condition: sel");

  it("names the literal that opened", () => {
    expect(explainGate(rule, "run WBAdmin now")).toMatchObject({
      passed: true,
      literals: [{ of: "detection", opened: "wbadmin", needed: ["vssadmin", "wbadmin"] }],
    });
  });

  it("says that none is there", () => {
    expect(explainGate(rule, "all is well")).toMatchObject({ passed: false, literals: [{ opened: null }] });
  });

  it("says of a record that it cannot judge that it passes", () => {
    expect(explainGate(rule, "\\u0076ssadmin")).toMatchObject({ passed: true, literals: [{ opened: null }] });
  });

  it("says of a rule without literals that everything passes", () => {
    expect(explainGate(ruleOf("  sel: {n: 1}\n  condition: sel"), "x")).toMatchObject({
      passed: true,
      literals: [],
    });
  });
});
