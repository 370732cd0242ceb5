import type { LoadedRule } from "../engine/rule.ts";

/** Something about one rule that its author may not have meant; the rule runs all the same. */
export interface Finding {
  loaded: LoadedRule;
  /** Stable, snake_case. */
  code: string;
  /** Path in the rule's document. */
  path: readonly PropertyKey[];
  message: string;
  remedy: string;
}
