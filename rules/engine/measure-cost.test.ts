import { describe, expect, it } from "vitest";
import { measureCosts } from "./measure-cost.ts";
import { readRules } from "./read.ts";
import { compileRules } from "./rule-set.ts";

const RULES = `title: Dear
id: dear
logsource: {category: test}
detection:
  s:
    f|re: ['(.*needle.*[0-9]{3,50}){5}z', '(\\w+\\s?=){20}needle']
  condition: s
---
title: Cheap
id: cheap
logsource: {category: test}
detection:
  s:
    f|contains: [alpha, beta]
  condition: s
`;

describe("the cost of rules", () => {
  const { rules } = readRules(RULES, "t.yml");
  const elapsed = () => performance.now();
  const cpu = () => process.threadCpuUsage().user / 1000;

  it("names the dear one, measured against reading the event", () => {
    const found = measureCosts(compileRules(rules), { elapsed, cpu, dear: 10 });
    expect(found.map(({ rule }) => rule.rule.id)).toEqual(["dear"]);
    expect(found[0]?.ratio).toBeGreaterThan(10);
  });

  it("ends when its time is over", () => {
    let now = 0;
    const steps = () => {
      now += 1_000;
      return now;
    };
    expect(measureCosts(compileRules(rules), { elapsed: steps, cpu, budget: 0, dear: 0 })).toEqual([]);
  });
});
