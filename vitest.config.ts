import { defineConfig } from "vitest/config";

export default defineConfig({
  test: {
    include: ["{agent,rules,connectors,config,test}/**/*.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // CI reads its counts from the file.
    reporters: process.env.CI === undefined ? ["default"] : ["default", "json"],
    outputFile: { json: "test-output/results.json" },
  },
});
