import { describe, expect, it } from "vitest";
import { fc } from "../../test/support/property.ts";
import { NIGHT } from "../../test/support/store-samples.ts";
import { canonicalJson } from "../core/canonical-json.ts";
import { sealUnit } from "./seal.ts";

const contentOf = (value: unknown) => {
  const [write] = sealUnit({
    facility: "a",
    at: NIGHT,
    writes: [{ write: "note", what: "told", incident: null, content: value }],
  }).writes;
  return (write as { content: string }).content;
};

describe("sealUnit", () => {
  it("writes the RFC 8785 JSON of anything JSON can carry", () => {
    const keys = fc.oneof(
      fc.string({ unit: "grapheme" }),
      fc.constantFrom("__proto__", "10", "9", "", "toJSON", "é"),
    );
    const values = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 5 },
        fc.string({ unit: "grapheme" }),
        fc.double({ noNaN: true, noDefaultInfinity: true }),
        fc.boolean(),
        fc.constant(null),
        fc.array(tie("value")),
        fc.dictionary(keys, tie("value")),
      ),
    })).value;
    fc.assert(
      fc.property(values, (value) => contentOf(value) === canonicalJson(value)),
      { numRuns: 2000 },
    );
  });

  it("puts U+FFFD for a lone surrogate, in names and values, and loses nothing else", () => {
    expect(contentOf({ "\ud800": ["a\udfff", 1.5, { b: "\ud83d\ude00" }] })).toBe(
      '{"\ufffd":["a\ufffd",1.5,{"b":"\u{1f600}"}]}',
    );
  });

  it("leaves out what is undefined, as JSON does", () => {
    expect(contentOf({ b: undefined, a: [undefined, 1] })).toBe('{"a":[null,1]}');
  });

  it.each([Number.NaN, Number.POSITIVE_INFINITY, 10n])("refuses %s", (value) => {
    expect(() => contentOf({ value })).toThrow(expect.objectContaining({ code: "not_canonical" }));
  });
});
