import { expect } from "vitest";
import { readRules } from "../../rules/engine/read.ts";

/** The refusals of a text of which nothing is kept, each as `code:line:column`. */
export function refusedRules(text: string): string[] {
  const { rules, filters, correlations, refused } = readRules(text, "r.yml");
  expect([...rules, ...filters, ...correlations]).toEqual([]);
  return refused.map(({ code, where, remedy }) => {
    expect(remedy).toBeTruthy();
    return `${code}:${where?.slice("r.yml:".length)}`;
  });
}
