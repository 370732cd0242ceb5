import { describe, expect, it } from "vitest";
import { fc } from "../../test/support/property.ts";
import { enterWords, findWords } from "./find-words.ts";
import { EDGE } from "./likelihood.ts";

function found(words: string[], text: string): string[] {
  const positions: number[] = [];
  findWords(enterWords(words), text, positions);
  return positions.map((at) => words[at] ?? "").sort();
}

describe("words in a text", () => {
  it.each<[string[], string, string[]]>([
    [["vssadmin"], "run VSSadmin now", ["vssadmin"]],
    [["vssadmin"], "vssadmi", []],
    [["vssadmin"], "vss\u212a", []],
    [["kelvin"], "\u212aelvin", ["kelvin"]],
    [["sick"], "\u017fick", ["sick"]],
    [["ab"], "xAb", ["ab"]],
    [["abc"], "abc", ["abc"]],
    [[`${EDGE}abc`], "abcd", [`${EDGE}abc`]],
    [[`${EDGE}abc`], "xabc", []],
    [[`.exe${EDGE}`], "a.exe", [`.exe${EDGE}`]],
    [[`.exe${EDGE}`], "a.exe ", []],
    [[`${EDGE}7${EDGE}`], "7", [`${EDGE}7${EDGE}`]],
    [[`${EDGE}7${EDGE}`], "77", []],
    [[`${EDGE}${EDGE}`], "", [`${EDGE}${EDGE}`]],
    [[], "anything", []],
    [["aaaa", "aaaaaa"], "a".repeat(100), ["aaaa", "aaaaaa"]],
  ])("of %j, in %j are %j", (words, text, expected) => {
    expect(found(words, text)).toEqual(expected);
  });

  it("are all found, whatever they are, and few that are not there", () => {
    const word = fc.string({ unit: fc.constantFrom(..."abc\\.1 "), minLength: 2, maxLength: 7 });
    const text = fc.string({ unit: fc.constantFrom(..."abcABC\\.1 é"), maxLength: 40 });
    fc.assert(
      fc.property(fc.uniqueArray(word, { minLength: 1, maxLength: 12 }), text, (words, hay) => {
        expect(found(words, hay)).toEqual(words.filter((one) => hay.toLowerCase().includes(one)).sort());
      }),
      { numRuns: 1000 },
    );
  });

  it("may begin with any printable character, however long they are", () => {
    const printable = Array.from({ length: 0x7f - 0x20 }, (_, at) => String.fromCharCode(0x20 + at));
    const words = [...new Set(printable.map((one) => one.toLowerCase()))].flatMap((one) =>
      ["a", "ab", "abc", "abcdef"].map((rest) => one + rest),
    );
    expect(words.filter((word) => found([word], `x${word}y`).length === 0)).toEqual([]);
  });

  it("say whether the text has a character beyond ASCII", () => {
    const words = enterWords(["ab"]);
    expect([findWords(words, "été", []), findWords(words, "ete", [])]).toEqual([true, false]);
  });
});
