import type { DetectionRule } from "../../agent/core/detection.ts";
import type { Pattern } from "./pattern.ts";

/** What a rule says it is about; absent means any. */
export interface LogSource {
  category?: string | undefined;
  product?: string | undefined;
  service?: string | undefined;
}

export type Comparison = "lt" | "lte" | "gt" | "gte";
export type TimePart = "minute" | "hour" | "day" | "week" | "month" | "year";

/** One value of a rule after its modifiers: what is asked of one value of the field. */
export type Test =
  | { kind: "pattern"; pattern: Pattern; cased: boolean }
  | { kind: "number"; number: number }
  | { kind: "boolean"; boolean: boolean }
  | { kind: "null" }
  | { kind: "regex"; source: string; flags: string }
  | { kind: "cidr"; network: string }
  | { kind: "compare"; operator: Comparison; number: number }
  | { kind: "time"; part: TimePart; operator: Comparison | "eq"; number: number }
  | { kind: "fieldref"; field: string; starts: boolean; ends: boolean; cased: boolean }
  | { kind: "exists"; exists: boolean }
  /** Not known before the placeholders of the value have theirs (`|expand`). */
  | { kind: "expand"; value: Pattern; modifiers: string[] }
  /** One written value that became several, any of which will do. */
  | { kind: "any"; tests: Test[] };

/** One line of a selection: a field (null for keywords) and the values asked of it. */
export interface Item {
  field: string | null;
  tests: Test[];
  /** `all` links the values with AND. */
  link: "any" | "all";
  negated: boolean;
  /** As written in the rule, for the reader of a match. */
  written: string[];
}

export type Selection = { kind: "items"; items: Item[] } | { kind: "any"; of: Selection[] };

export type Condition =
  | { kind: "selection"; name: string }
  | { kind: "not"; of: Condition }
  | { kind: "and" | "or"; of: Condition[] }
  /** At least `least` of the selections named. */
  | { kind: "some"; least: number; names: string[] };

/** One rule as read, every modifier applied, nothing compiled. */
export interface LoadedRule {
  rule: DetectionRule;
  logsource: LogSource;
  selections: Map<string, Selection>;
  condition: Condition;
  /** Names of placeholders (`|expand`) that the rule needs values for. */
  placeholders: string[];
  /** True when the id is that of a collection (`action: global`), shared by its rules. */
  sharesId: boolean;
  file: string;
}

/** Every item of a selection, in order. */
export function itemsOf(selection: Selection): Item[] {
  return selection.kind === "items" ? selection.items : selection.of.flatMap(itemsOf);
}
