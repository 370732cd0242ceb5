/**
 * How many times as long as in CI what only gets surer with time is tried: fuzzing, kills in the middle of work.
 * `TOCSIN_EFFORT=10 npx vitest run test/faults` tries ten times as much.
 */
export const EFFORT = Math.max(1, Number(process.env.TOCSIN_EFFORT ?? 1));

/** False while mutants are met: code that counts in every branch takes longer than it does. */
export const TIMED = process.env.STRYKER_MUTATOR_WORKER === undefined;
