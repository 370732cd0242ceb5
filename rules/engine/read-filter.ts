import {
  asMap,
  type Detection,
  type Json,
  readDetection,
  readLogSource,
  readTitle,
} from "./read-detection.ts";
import { type Path, refuse } from "./refusal.ts";
import type { LogSource } from "./rule.ts";

/** A Sigma filter as read: a condition that is joined with AND to that of the rules it names. */
export interface LoadedFilter extends Detection {
  /** Its id; its title when it has none. */
  id: string;
  title: string;
  /** First 12 hexadecimal digits of the SHA-256 of its text. */
  version: string;
  logsource: LogSource;
  /** Ids and names of rules; null for any of its log source. */
  rules: string[] | null;
  file: string;
}

/** Reads a document that has a `filter:` (Sigma filters specification 2.1). */
export function readFilter(raw: Json, file: string, version: string): LoadedFilter {
  const title = readTitle(raw.title);
  const logsource = readLogSource(raw.logsource);
  const path: Path = ["filter"];
  const filter =
    asMap(raw.filter, path) ??
    refuse("filter_invalid", path, "the filter is empty", "add `rules:`, a selection and `condition:`");
  const rules = readRuleNames(filter.rules);
  if (Array.isArray(filter.condition)) {
    refuse("condition_invalid", [...path, "condition"], "a filter has one condition", "join them with `or`");
  }
  const detection = readDetection(filter, path, ["rules"]);
  if (detection.selections.size === 0)
    refuse("selection_empty", path, "the filter has no selection", "add `selection:`");
  const id = typeof raw.id === "string" && raw.id !== "" ? raw.id : title;
  return { id, title, version, logsource, rules, file, ...detection };
}

function readRuleNames(raw: unknown): string[] | null {
  const path: Path = ["filter", "rules"];
  if (typeof raw === "string" && raw.toLowerCase() === "any") return null;
  const names = typeof raw === "string" ? [raw] : raw;
  if (!Array.isArray(names) || names.length === 0) {
    return refuse(
      "filter_rules_missing",
      path,
      "the filter names no rule",
      "write `rules: any`, or a list of ids and names of rules",
    );
  }
  for (const [at, name] of names.entries()) {
    if (typeof name !== "string" || name === "")
      refuse("filter_invalid", [...path, at], "the id or name of a rule must be a text", "quote it");
  }
  return names as string[];
}
