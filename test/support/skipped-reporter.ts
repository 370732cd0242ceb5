import type { Reporter, TestModule } from "vitest/node";

/** Names every skipped test at the end of a run: what was not tried is said, with the command that lets it be. */
export const skippedReporter: Reporter = {
  onTestRunEnd(modules: readonly TestModule[]) {
    const skipped = modules.flatMap((module) =>
      [...module.children.allTests("skipped")].map((test) => `${module.relativeModuleId} > ${test.fullName}`),
    );
    if (skipped.length === 0) return;
    process.stdout.write(
      `\nSkipped, ${skipped.length} tests:\n${skipped.map((each) => `  ${each}\n`).join("")}`,
    );
  },
};
