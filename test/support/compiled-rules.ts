import { expect } from "vitest";
import { readRules } from "../../rules/engine/read.ts";
import { compileRules, type RuleSetOptions } from "../../rules/engine/rule-set.ts";

/** The text of a rule with this detection. */
export const rule = (detection: string, logsource = "category: test") =>
  `title: Test\nid: test\nlogsource:\n  ${logsource}\ndetection:\n${detection.replaceAll(/^/gm, "  ")}\n`;

/** The rules of a text, ready to run. */
export function compiled(yaml: string, options: RuleSetOptions = {}) {
  const { rules, refused } = readRules(yaml, "test.yml");
  expect(refused).toEqual([]);
  return compileRules(rules, options);
}
