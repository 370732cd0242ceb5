import { describe, expect, it } from "vitest";
import { TIMED } from "../../test/support/effort.ts";
import { fc } from "../../test/support/property.ts";
import { compileRegexTest, nativeRegex } from "./native-regex.ts";
import { compileRegex, type SafeRegex } from "./regex.ts";

const linear = (source: string, flags: string) => {
  const compiled = compileRegex(source, flags);
  return "refused" in compiled ? undefined : (compiled satisfies SafeRegex);
};

describe("a regular expression for the engine of the platform", () => {
  it.each([
    ["a+b", 512],
    ["\\\\[a-z]{8}\\.tmp$", 8192],
    ["(?i)foo\\.exe", 8192],
    ["\\s*\\d{1,3}\\s*\\]", 256],
  ])("is made of %s for texts of %i characters at least", (source, least) => {
    expect(nativeRegex(source, "")?.longest).toBeGreaterThanOrEqual(least);
  });

  it.each([
    ["(a+)+b", ""],
    ["(a|aa)+$", ""],
    ["a.*b.*c.*d.*e.*f", ""],
    ["(.*a){20}", ""],
    ["[[:alpha:]]", ""],
    ["[]a]", ""],
    ["(?m)^a", ""],
    ["^a", "m"],
    ["\\b*a", ""],
    ["\\pL", ""],
    ["\\Qa\\E", ""],
    ["\\Aa", ""],
    ["(?P<n>a)", ""],
    ["é", "i"],
    ["\u{1f600}", ""],
  ])("is not made of %s, flags %j", (source, flags) => {
    expect(nativeRegex(source, flags)).toBeUndefined();
  });

  it.runIf(TIMED)("does not take long on a text chosen against it", () => {
    const source = "\\w+@\\w+\\.\\w+x";
    const longest = nativeRegex(source, "")?.longest ?? 0;
    const text = "a".repeat(Math.max(longest, 64));
    const start = process.cpuUsage().user;
    nativeRegex(source, "")?.regex.test(text);
    expect(process.cpuUsage().user - start).toBeLessThan(200_000);
  });

  const unit = fc.constantFrom(
    ..."ab.",
    "\\s",
    "\\S",
    "\\w",
    "\\b",
    "\\.",
    "[ab]",
    "[^a]",
    "[a-c\\s]",
    "[K-k]",
    "^",
    "$",
    " ",
    "(?:ab|a)",
    "(a|)",
    "k",
    "S",
    "\\\\",
    "{",
  );
  const repeat = fc.constantFrom("", "", "", "*", "+", "?", "{2}", "{1,3}", "+?", "{2,}");
  const expression = fc
    .array(
      fc.tuple(unit, repeat).map((parts) => parts.join("")),
      { minLength: 1, maxLength: 6 },
    )
    .map((parts) => parts.join(""));
  const text = fc.string({
    unit: fc.constantFrom(..."abcAkKsS. \\{\n\r\u000bé\u212a\u017f\u2028"),
    maxLength: 24,
  });

  it("says what the linear engine says, whatever the expression and the text", () => {
    let met = 0;
    let native = 0;
    fc.assert(
      fc.property(
        fc.oneof(
          expression,
          fc.tuple(expression, expression).map((both) => both.join("|")),
        ),
        fc.constantFrom("", "i", "s", "is"),
        fc.array(text, { minLength: 1, maxLength: 8 }),
        (source, flags, texts) => {
          const reference = linear(source, flags);
          if (reference === undefined) return;
          if (nativeRegex(source, flags) !== undefined) native += 1;
          const test = compileRegexTest(source, flags);
          for (const one of texts) {
            const expected = reference.test(one);
            expect([source, one, test(one, one.toLowerCase())]).toEqual([source, one, expected]);
            if (expected) met += 1;
          }
        },
      ),
      { numRuns: 3000 },
    );
    expect(met).toBeGreaterThan(1000);
    expect(native).toBeGreaterThan(1000);
  });
});
