import { defineConfig } from "vitest/config";
import { skippedReporter } from "./test/support/skipped-reporter.ts";

export default defineConfig({
  test: {
    include: ["{agent,rules,connectors,config,test}/**/*.test.ts"],
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // CI reads its counts from the file.
    reporters: ["default", skippedReporter, ...(process.env.CI === undefined ? [] : ["json"])],
    outputFile: { json: "test-output/results.json" },
  },
});
