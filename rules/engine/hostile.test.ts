import { describe, expect, it } from "vitest";
import { compiled, rule } from "../../test/support/compiled-rules.ts";
import { readRules } from "./read.ts";
import { matchEvent } from "./rule-set.ts";

/** Seconds of the processor that a piece of work takes. */
function seconds(work: () => void): number {
  const before = process.threadCpuUsage();
  work();
  const { user, system } = process.threadCpuUsage(before);
  return (user + system) / 1_000_000;
}

const many = (count: number, of: (at: number) => string) => Array.from({ length: count }, (_, at) => of(at));

describe("a rule whose condition is made to take long", () => {
  const names = many(3_000, (at) => `  ${"a".repeat(200)}${at}: {f: v${at}}`).join("\n");
  const text = (selections: string, condition: string) =>
    `title: T\nid: t\nlogsource: {category: test}\ndetection:\n${selections}\n  condition: ${condition}\n`;

  it.each([
    ["a pattern of many stars", text(`  ${"a".repeat(5_000)}: {f: a}`, `1 of ${"a*".repeat(3_000)}b`)],
    ["a pattern over many long names", text(names, `1 of ${"*a".repeat(30)}*z`)],
    ["patterns that stand for much", text(names, many(20_000, () => "1 of a*").join(" or "))],
  ])("is refused soon: %s", (_, yaml) => {
    let refused = 0;
    expect(seconds(() => (refused = readRules(yaml, "t.yml").refused.length))).toBeLessThan(2);
    expect(refused).toBe(1);
  });
});

describe("an event made to take long", () => {
  const f = many(40_000, (at) => `a${at}`);
  const g = many(40_000, (at) => `b${at}`);

  it.each<[string, string, Record<string, unknown>, boolean]>([
    ["long lists compared", "f|fieldref: g", { f, g }, false],
    ["long lists compared that have one text in common", "f|fieldref: g", { f, g: [...g, "A39999"] }, true],
    ["long lists looked for in each other", "f|fieldref|contains: g", { f, g }, false],
    ["a long text of a repeated part", "f|re: '(a+)+$'", { f: `${"a".repeat(500_000)}b` }, false],
    ["a long text of what wildcards part", "f: '*a?*a?*b'", { f: "a".repeat(500_000) }, false],
    ["a list of many texts", "f|re: 'q.*z'", { f: many(90_000, (at) => `qa${at}`) }, false],
  ])("is decided soon: %s", (_, line, event, expected) => {
    const set = compiled(rule(`sel:\n  ${line}\ncondition: sel`));
    let met = !expected;
    expect(seconds(() => (met = matchEvent(set, event).length > 0))).toBeLessThan(1);
    expect(met).toBe(expected);
  });
});
