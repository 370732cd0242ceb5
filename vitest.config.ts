import { defineConfig } from "vitest/config";
import { skippedReporter } from "./test/support/skipped-reporter.ts";

/** Rooms whose tests open no socket that another's nock or timers could touch. */
const SHARING = ["{rules,config,connectors/inbound,agent/core,agent/stages,agent/web}/**/*.test.ts"];

export default defineConfig({
  test: {
    testTimeout: 30_000,
    hookTimeout: 60_000,
    // Much of it waits for real programs: two cores are busy with two workers, and half idle with one.
    maxWorkers: 2,
    // CI reads its counts from the file.
    reporters: ["default", skippedReporter, ...(process.env.CI === undefined ? [] : ["json"])],
    outputFile: { json: "test-output/results.json" },
    projects: [
      {
        extends: true,
        test: {
          name: "rooms",
          include: SHARING,
          // Hundreds of files that import the same modules: a third of their time was reading them anew.
          isolate: false,
        },
      },
      {
        extends: true,
        test: {
          name: "house",
          include: ["{agent,rules,connectors,config,test}/**/*.test.ts"],
          exclude: [...SHARING, "**/node_modules/**"],
        },
      },
    ],
  },
});
