import { Stryker } from "@stryker-mutator/core";

/** Where all that a run leaves stands. */
export const OUTPUT = "test-output/mutation";

/** The name of a run's files. */
export const slugOf = (name: string): string => name.replace(/[^a-z]+/g, "-");

/** Meets the mutants of files, or of lines of them (`file:1-9`), with tests; `incremental` keeps what it found. */
export async function runStryker({
  mutate,
  tests,
  name,
  incremental = false,
  concurrency,
}: {
  mutate: readonly string[];
  /** Patterns of test files. */
  tests: readonly string[];
  /** Of the reports. */
  name: string;
  incremental?: boolean;
  concurrency: number;
}): Promise<void> {
  process.env.TOCSIN_MUTATION_TESTS = JSON.stringify(tests);
  const report = `${OUTPUT}/${slugOf(name)}`;
  const stryker = new Stryker({
    mutate: [...mutate],
    testRunner: "vitest",
    plugins: [import.meta.resolve("@stryker-mutator/vitest-runner")],
    // No `testFiles`: with it, version 10.1.1 wakes the mutants of what is read at import too late, and all survive.
    vitest: { configFile: "test/mutation/vitest.config.ts" },
    coverageAnalysis: "perTest",
    concurrency,
    // A busy machine is no endless loop.
    timeoutMS: 20_000,
    tempDirName: `${report}.sandbox`,
    ignorePatterns: ["/test-output", "/state", "/docs", "/deploy", "/.ci"],
    disableTypeChecks: false,
    incremental,
    incrementalFile: `${report}.incremental.json`,
    reporters: ["json", "html", "clear-text", "progress-append-only"],
    jsonReporter: { fileName: `${report}.json` },
    htmlReporter: { fileName: `${report}.html` },
    clearTextReporter: { allowColor: false, allowEmojis: false, reportTests: false, skipFull: true },
    allowConsoleColors: false,
    warnings: { slow: false, unknownOptions: true, preprocessorErrors: true, unserializableOptions: true },
  });
  await stryker.runMutationTest();
}
