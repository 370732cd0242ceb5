import { describe, expect, it } from "vitest";
import { blames, messageOf, problemSentence, TocsinError } from "./errors.ts";

const PROBLEM = {
  code: "port",
  where: "sources[2].listen",
  message: "port 514 needs root",
  remedy: "use 5514",
};

describe("an error that a person can act on", () => {
  it.each([
    ["where, what and what to do", PROBLEM, "sources[2].listen: port 514 needs root; use 5514"],
    ["what alone", { code: "port", message: "no port" }, "no port"],
    ["where and what", { ...PROBLEM, remedy: undefined }, "sources[2].listen: port 514 needs root"],
    ["what, and what to do", { ...PROBLEM, where: undefined }, "port 514 needs root; use 5514"],
  ])("says %s", (_what, problem, sentence) => {
    expect(problemSentence(problem)).toBe(sentence);
    const { code, where, remedy } = problem as typeof PROBLEM;
    const cause = new Error("EACCES");
    const error = new TocsinError(problem, { cause });
    expect(error).toMatchObject({ name: "TocsinError", code, message: sentence, cause });
    expect([error.where, error.remedy]).toEqual([where, remedy]);
  });

  it("has a message, whatever was thrown", () => {
    expect([messageOf(new Error("a")), messageOf("b"), messageOf(undefined)]).toEqual([
      "a",
      "b",
      "undefined",
    ]);
  });
});

describe("blames", () => {
  it.each([
    ["rules/a.yml", true],
    ["rules/b.yml", true],
    ["rules/c.yml", false],
    ["packs/x/a.yml", true],
    ["packs/xy/a.yml", false],
    ["packs", false],
  ])("tells of %s: %s", (file, blamed) => {
    const of = (where?: string) => ({ code: "c", message: "m", where });
    expect(
      blames([of("rules/a.yml:12:3"), of("rules/b.yml"), of("packs/x"), of("rules/c.yml:1:1x")])(file),
    ).toBe(blamed);
    expect(blames([of()])(file)).toBe(false);
  });
});
