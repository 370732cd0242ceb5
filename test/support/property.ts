/** How property tests run: bounded in time, and the same at each run; one that fails prints the path that repeats it. */
export const BOUNDED = { seed: 20_261_115, interruptAfterTimeLimit: 8_000 } as const;
