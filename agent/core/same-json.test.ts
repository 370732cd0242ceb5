import { describe, expect, it } from "vitest";
import { fc } from "../../test/support/property.ts";
import { canonicalJson } from "./canonical-json.ts";
import { sameJson } from "./same-json.ts";

describe("values of JSON", () => {
  it.each([
    [{ a: 1, b: [1, { c: null }] }, { b: [1, { c: null }], a: 1 }, true],
    [{ a: 1, b: undefined }, { a: 1 }, true],
    [{ a: 1 }, { a: 1, b: undefined }, true],
    [{ a: undefined, b: 1 }, { b: 1, c: 2 }, false],
    [[], {}, false],
    [{}, [], false],
    [null, {}, false],
    [[1], [1, 2], false],
    ["1", 1, false],
    [{ a: [1, 2] }, { a: [2, 1] }, false],
  ])("%j and %j: %s", (a, b, same) => {
    expect(sameJson(a, b)).toBe(same);
    expect(sameJson(b, a)).toBe(same);
  });

  it("are the same when their canonical texts are", () => {
    fc.assert(
      fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
        expect(sameJson(a, structuredClone(a))).toBe(true);
        expect(sameJson(a, b)).toBe(canonicalJson(a) === canonicalJson(b));
      }),
    );
  });
});
