import type { Problem } from "../../core/errors.ts";

/** What a live check found: a problem keeps something from working, an advice will or may. */
export interface Finding extends Problem {
  level: "problem" | "advice";
}

/** What one live check came to: nothing found is not the same as nothing that could be looked at. */
export interface Looked {
  findings: readonly Finding[];
  /** Why it could not be looked at; absent when it was. */
  unknown?: string | undefined;
  /** By how much our clock is ahead of who answered, ms; absent when nobody told the time. */
  ahead?: number | undefined;
}
