import type { Problem } from "../../agent/core/errors.ts";
import { sha256Hex } from "../../agent/core/sha256.ts";
import type { LoadedFilter } from "./read-filter.ts";
import type { Condition, LoadedRule, LogSource } from "./rule.ts";

/**
 * Joins filters to the rules that they name and whose log source is theirs, and tells those that join none.
 *
 * The condition of a filter is joined as it is written, with AND: `not selection` excludes, `selection` keeps only
 * what it describes. The version of a filtered rule is another, since what it says is. One that joins none is
 * applied as it was in `lastGood`.
 */
export function applyFilters(
  rules: readonly LoadedRule[],
  filters: readonly LoadedFilter[],
  lastGood: readonly LoadedFilter[] = [],
): { rules: LoadedRule[]; filters: LoadedFilter[]; unused: Problem[] } {
  const unused = filters.filter((filter) => !rules.some((rule) => applies(filter, rule)));
  const inForce = filters.flatMap((filter) =>
    unused.includes(filter) ? lastGood.filter(({ id }) => id === filter.id) : [filter],
  );
  const filtered = rules.map((rule) =>
    inForce.filter((filter) => applies(filter, rule)).reduce(joined, rule),
  );
  return { rules: filtered, filters: inForce, unused: unused.map(unusedProblem) };
}

function applies(filter: LoadedFilter, { rule, logsource }: LoadedRule): boolean {
  if (!covers(filter.logsource, logsource)) return false;
  const { rules } = filter;
  return rules === null || rules.includes(rule.id) || (rule.name !== undefined && rules.includes(rule.name));
}

/** Whether all that the log source of a filter says, that of a rule says too. */
const covers = (filter: LogSource, rule: LogSource) =>
  (["category", "product", "service"] as const).every(
    (part) => filter[part] === undefined || filter[part] === rule[part],
  );

function joined(rule: LoadedRule, filter: LoadedFilter): LoadedRule {
  const inFilter = (name: string) => `${filter.title}: ${name} (${filter.id})`;
  const selections = new Map(rule.selections);
  for (const [name, selection] of filter.selections) selections.set(inFilter(name), selection);
  return {
    ...rule,
    rule: { ...rule.rule, version: hashOf(`${rule.rule.version} ${filter.id} ${filter.version}`) },
    selections,
    condition: { kind: "and", of: [rule.condition, renamed(filter.condition, inFilter)] },
    placeholders: [...new Set([...rule.placeholders, ...filter.placeholders])],
  };
}

function renamed(condition: Condition, rename: (name: string) => string): Condition {
  switch (condition.kind) {
    case "selection":
      return { ...condition, name: rename(condition.name) };
    case "not":
      return { ...condition, of: renamed(condition.of, rename) };
    case "some":
      return { ...condition, names: condition.names.map(rename) };
    default:
      return { ...condition, of: condition.of.map((one) => renamed(one, rename)) };
  }
}

const hashOf = (text: string) => sha256Hex(text).slice(0, 12);

function unusedProblem(filter: LoadedFilter): Problem {
  const { category, product, service } = filter.logsource;
  const source = [category, product, service].filter((part) => part !== undefined).join(", ");
  const named = filter.rules === null ? "no rule at all" : `none of ${filter.rules.join(", ")}`;
  return {
    code: "filter_unused",
    where: filter.file,
    message: `the filter "${filter.title}" applies to no rule: ${named} is loaded for ${source}`,
    remedy: "correct the ids or the logsource, or remove the filter",
  };
}
