import fc from "fast-check";
import { EFFORT } from "./effort.ts";

// The same in each run: a commit is judged by what it changed. What only luck finds is looked for with more effort.
if (EFFORT === 1) fc.configureGlobal({ seed: 20_261_115 });

/** How long a property test runs at most. */
export const BOUNDED = { interruptAfterTimeLimit: 8_000 } as const;
export { fc };
