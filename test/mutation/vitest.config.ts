import { defineConfig } from "vitest/config";

/** The tests that mutants are met with, as `run-stryker.ts` names them. */
export default defineConfig({
  test: {
    include: JSON.parse(process.env.TOCSIN_MUTATION_TESTS ?? "[]"),
    isolate: false,
    testTimeout: 120_000,
    hookTimeout: 120_000,
  },
});
