import { describe, expect, it } from "vitest";
import { CAUSES, type DetectionRule } from "../../agent/core/detection.ts";
import { coverageOf } from "./coverage.ts";

const rule = (id: string, tags: string[], meaning?: { cause?: "malware"; rsit?: string }): DetectionRule => ({
  id,
  version: "v",
  title: id,
  level: "low",
  tags,
  ...(meaning === undefined ? {} : { meaning: { title_fr: "", reason_fr: "", facts: [], ...meaning } }),
});

describe("coverageOf", () => {
  const coverage = coverageOf([
    rule("a", ["attack.T1490", "attack.impact", "attack.t1490"], {
      cause: "malware",
      rsit: "availability/sabotage",
    }),
    rule("b", ["attack.t1490", "attack.t1059.001", "attack.defense_evasion"], { rsit: "own-class" }),
    rule("c", ["cve.2024-1"]),
  ]);

  it("counts each technique once a rule, with the tactics that its rules name", () => {
    expect(coverage.techniques).toEqual([
      { technique: "T1059.001", tactics: ["defense-evasion"], rules: ["b"] },
      { technique: "T1490", tactics: ["defense-evasion", "impact"], rules: ["a", "b"] },
    ]);
    expect(coverage.tactics).toEqual([
      { tactic: "defense-evasion", techniques: 2, rules: 1 },
      { tactic: "impact", techniques: 1, rules: 1 },
    ]);
  });

  it("lists every category of cause, those without a rule too", () => {
    expect(coverage.causes).toHaveLength(Object.keys(CAUSES).length);
    expect(coverage.causes.filter(({ rules }) => rules.length > 0)).toMatchObject([
      { cause: "malware", rules: ["a"] },
    ]);
  });

  it("lists every class of RSIT, and those that rules made up", () => {
    const availability = coverage.rsit.find((each) => each.class === "availability");
    expect(availability).toMatchObject({ rules: 1 });
    expect(availability?.types.filter(({ rules }) => rules.length > 0)).toEqual([
      { type: "sabotage", rules: ["a"] },
    ]);
    expect(coverage.rsit.find((each) => each.class === "own-class")).toMatchObject({ rules: 1 });
  });

  it("counts what says nothing", () => {
    expect(coverage).toMatchObject({ rules: 3, without: { technique: 1, meaning: 1 } });
  });
});
