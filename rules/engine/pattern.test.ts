import { describe, expect, it } from "vitest";
import { fc } from "../../test/support/property.ts";
import { compilePattern, parsePattern, writePattern } from "./pattern.ts";
import { readRules } from "./read.ts";
import { compileRules, matchEvent, type RuleSet } from "./rule-set.ts";
import { turnTo } from "./subject.ts";

/** The same pattern for the backtracking engine, the reference here. */
function reference(pattern: string): RegExp {
  const parts = parsePattern(pattern).map((part) => {
    if (typeof part === "string") return part.replaceAll(/[.*+?^${}()|[\]\\/-]/g, "\\$&");
    return part.toString() === "Symbol(?)" ? "." : ".*";
  });
  return new RegExp(`^${parts.join("")}$`, "su");
}

const pattern = fc.string({ unit: fc.constantFrom("a", "b", "*", "?", "\\", "é"), maxLength: 8 });
const text = fc.string({ unit: fc.constantFrom("a", "b", "*", "?", "\\", "é", "😀", "\n"), maxLength: 12 });

describe("a Sigma pattern", () => {
  it("accepts what the equivalent regular expression does", () => {
    fc.assert(
      fc.property(pattern, text, (written, value) => {
        expect(compilePattern(parsePattern(written))(value)).toBe(reference(written).test(value));
      }),
      { numRuns: 5000 },
    );
  });

  it("is written as it is read", () => {
    expect(writePattern(parsePattern("a\\*b*c?"))).toBe("a\\*b*c?");
  });

  it("takes time in proportion to a hostile text", () => {
    const accepts = compilePattern(parsePattern("*a*a*a*a*a*a*a*a*b"));
    expect(accepts("a".repeat(100_000))).toBe(false);
  });
});

describe("the index of a rule set", () => {
  const field = fc.constantFrom("f", "g", "a.b");
  const value = fc.oneof(
    fc.string({ unit: fc.constantFrom(..."abK-\u212as\u017f"), maxLength: 5 }),
    fc.constantFrom("1", "12", "true"),
  );
  const change = fc.constantFrom(
    "",
    "|contains",
    "|startswith",
    "|re",
    "|re|i",
    "|contains|all",
    "|cased",
    "|neq",
    "|windash|contains",
  );
  const selection = fc.tuple(field, change, fc.array(value, { minLength: 1, maxLength: 3 }));
  const event = fc.record(
    {
      f: fc.oneof(value, fc.array(value, { maxLength: 3 }), fc.constant(12), fc.constant(null)),
      g: value,
      a: fc.record({ b: value }),
    },
    { requiredKeys: [] },
  );

  it("finds exactly the rules that a full run finds", () => {
    fc.assert(
      fc.property(
        fc.array(
          fc.tuple(
            selection,
            selection,
            fc.constantFrom("x and y", "x or y", "x and not y", "not x", "1 of them", "all of them"),
          ),
          { minLength: 1, maxLength: 5 },
        ),
        fc.array(event, { minLength: 1, maxLength: 5 }),
        (written, events) => {
          const set = rulesOf(written);
          for (const one of events) {
            const found = matchEvent(set, one).map((match) => match.rule.id);
            turnTo(set.event, one);
            expect(found).toEqual(
              set.rules.filter((rule) => rule.matches(set.event)).map(({ rule }) => rule.id),
            );
          }
        },
      ),
      { numRuns: 2000 },
    );
  });

  function rulesOf(written: [[string, string, string[]], [string, string, string[]], string][]): RuleSet {
    const line = ([name, modifier, written]: [string, string, string[]]) => {
      const values = modifier.endsWith("|all") ? [...written, ...written] : written;
      return `{${JSON.stringify(name + modifier)}: ${JSON.stringify(values)}}`;
    };
    const yaml = written.map(
      ([x, y, condition], at) =>
        `title: T\nid: r${at}\nlogsource: {category: t}\ndetection:\n  x: ${line(x)}\n  y: ${line(y)}\n  condition: ${condition}\n`,
    );
    const { rules, refused } = readRules(yaml.join("---\n"), "t.yml");
    expect(refused).toEqual([]);
    return compileRules(rules);
  }
});
