import type { DetectionRule } from "../../../agent/core/detection.ts";

/** Those of Sigma, `value_median` of the coming version, and `absence`, which is ours. */
export const CORRELATION_TYPES = [
  "event_count",
  "value_count",
  "temporal",
  "temporal_ordered",
  "value_sum",
  "value_avg",
  "value_percentile",
  "value_median",
  "absence",
] as const;
export type CorrelationType = (typeof CORRELATION_TYPES)[number];

export const BOUND_OPERATORS = ["gte", "gt", "lte", "lt", "eq", "neq"] as const;

/** One side of what a number must be; several are all asked. */
export interface Bound {
  operator: (typeof BOUND_OPERATORS)[number];
  number: number;
}

/** Rules that must all occur together, and rules that must not meanwhile; by their place in the list of rules. */
export interface Alternative {
  with: number[];
  without: number[];
}

export type CorrelationCondition =
  | { kind: "bounds"; bounds: Bound[]; fields: string[]; percentile: number }
  /** An extended condition, any of whose alternatives will do. */
  | { kind: "alternatives"; alternatives: Alternative[]; text: string };

/** One correlation as read; plain data, so that it crosses between threads. */
export interface LoadedCorrelation {
  rule: DetectionRule;
  type: CorrelationType;
  /** Ids or names as written; ids once linked. */
  rules: string[];
  groupBy: string[];
  /** µs. */
  timespan: number;
  condition: CorrelationCondition;
  /** Fields of an alias, by the rule (as in `rules`) whose events have it under that name. */
  aliases: Record<string, Record<string, string>>;
  generate: boolean;
  /** False when only other correlations look at it: it makes no detection of its own. */
  alone: boolean;
  file: string;
  /** The place of its document in the file. */
  document: number;
}

/** A reason to refuse one correlation, with the path in its document. */
export interface CorrelationFault {
  code: string;
  message: string;
  remedy: string;
  path: (string | number)[];
}

/** Whether a number is within all bounds. */
export function within(number: number, bounds: readonly Bound[]): boolean {
  for (const bound of bounds) if (!holds(number, bound)) return false;
  return true;
}

function holds(value: number, { operator, number }: Bound): boolean {
  switch (operator) {
    case "gte":
      return value >= number;
    case "gt":
      return value > number;
    case "lte":
      return value <= number;
    case "lt":
      return value < number;
    case "eq":
      return value === number;
    case "neq":
      return value !== number;
  }
}

/** The least whole number that satisfies bounds which only ask for more; undefined when they ask for less too. */
export function leastOf(bounds: readonly Bound[]): number | undefined {
  let least = 0;
  for (const { operator, number } of bounds) {
    if (operator === "gte") least = Math.max(least, Math.ceil(number));
    else if (operator === "gt") least = Math.max(least, Math.floor(number) + 1);
    else return undefined;
  }
  return least;
}

/** Types of which each event counts once, whichever of the rules it matched. */
export function counts(type: CorrelationType): boolean {
  return type === "event_count" || type.startsWith("value_");
}
