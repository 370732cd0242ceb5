import { createRequire } from "node:module";
import { resolve } from "node:path";
import { cruise, type ICruiseResult } from "dependency-cruiser";
import { expect, it } from "vitest";

const ROOT = resolve(import.meta.dirname, "../..");
const rules = createRequire(import.meta.url)(resolve(ROOT, ".dependency-cruiser.cjs"));

it("imports flow one way", { timeout: 120_000 }, async () => {
  const { output } = await cruise(["agent", "connectors", "config", "rules", "test"], {
    baseDir: ROOT,
    validate: true,
    ruleSet: { forbidden: rules.forbidden },
    ...rules.options,
  });
  const { summary } = output as ICruiseResult;
  // A tool that read nothing finds nothing wrong.
  expect(summary.totalCruised).toBeGreaterThan(100);
  expect(summary.totalDependenciesCruised).toBeGreaterThan(300);
  expect(summary.violations.map(({ rule, from, to }) => `${rule.name}: ${from} -> ${to}`)).toEqual([]);
});
