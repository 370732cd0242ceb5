import type { LoadedRule } from "../rule.ts";
import type { CorrelationFault, LoadedCorrelation } from "./correlation.ts";

/** A correlation refused because of what it refers to. */
export interface Unlinked {
  correlation: LoadedCorrelation;
  fault: CorrelationFault;
}

/**
 * Finds the rules that correlations refer to, by id or name: of one name, the rule of the same file is meant.
 *
 * What is referred to and not to be generated no longer stands alone. Correlations come back after those they refer to.
 */
export function linkCorrelations(
  rules: readonly LoadedRule[],
  correlations: readonly LoadedCorrelation[],
): { rules: LoadedRule[]; correlations: LoadedCorrelation[]; unlinked: Unlinked[] } {
  const known = directoryOf([...rules, ...correlations]);
  const byId = new Map(correlations.map((one) => [one.rule.id, one]));
  const linked = new Map<string, LoadedCorrelation>();
  const unlinked: Unlinked[] = [];
  const refused = new Set<string>();
  const visiting: string[] = [];

  const refuse = (correlation: LoadedCorrelation, fault: CorrelationFault): undefined => {
    refused.add(correlation.rule.id);
    unlinked.push({ correlation, fault });
  };

  /** The correlation with its references found; undefined once it is refused. */
  function link(correlation: LoadedCorrelation): LoadedCorrelation | undefined {
    const { id } = correlation.rule;
    if (refused.has(id)) return undefined;
    const done = linked.get(id);
    if (done !== undefined) return done;
    visiting.push(id);
    const ids: string[] = [];
    for (const [index, ref] of correlation.rules.entries()) {
      const fault = find(correlation, ref, ids);
      if (fault !== undefined) {
        visiting.pop();
        return refuse(correlation, { ...fault, path: ["correlation", "rules", index] });
      }
    }
    visiting.pop();
    const aliases = linkAliases(correlation, ids);
    if ("code" in aliases) return refuse(correlation, aliases);
    const whole = { ...correlation, rules: ids, aliases: aliases.found };
    linked.set(id, whole);
    return whole;
  }

  /** The fields of each alias by the id of the rule, which may be named otherwise than in the list. */
  function linkAliases(
    { rules: refs, aliases, file }: LoadedCorrelation,
    ids: readonly string[],
  ): { found: LoadedCorrelation["aliases"] } | CorrelationFault {
    const found: LoadedCorrelation["aliases"] = {};
    for (const [alias, fields] of Object.entries(aliases)) {
      const own: Record<string, string> = Object.create(null);
      for (const [ref, field] of Object.entries(fields)) {
        const listed = ids[refs.indexOf(ref)] ?? known(ref, file).find((id) => ids.includes(id));
        if (listed === undefined)
          return {
            code: "alias_invalid",
            path: ["correlation", "aliases", alias, ref],
            message: `the alias names "${ref}", which \`rules\` does not list`,
            remedy: "name a rule of `rules`, by its `id` or `name`",
          };
        own[listed] = field;
      }
      found[alias] = { ...own };
    }
    return { found };
  }

  function find(
    from: LoadedCorrelation,
    ref: string,
    ids: string[],
  ): Omit<CorrelationFault, "path"> | undefined {
    const found = known(ref, from.file);
    const [id] = found;
    if (id === undefined)
      return {
        code: "correlation_rule_unknown",
        message: `no loaded rule has the id or name "${ref}": it is missing, or was refused itself`,
        remedy: "load it too, correct it, or spell it as its `id` or `name`",
      };
    if (found.length > 1)
      return {
        code: "correlation_rule_ambiguous",
        message: `several rules are named "${ref}"`,
        remedy: "refer to one by its id",
      };
    if (visiting.includes(id)) {
      const circle = [...visiting.slice(visiting.indexOf(id)), id].map(
        (one) => byId.get(one)?.rule.name ?? one,
      );
      return {
        code: "correlation_cycle",
        message: `it comes back to itself: ${circle.join(" → ")}`,
        remedy: "let a correlation refer only to what does not refer to it",
      };
    }
    const inner = byId.get(id);
    if (inner !== undefined && link(inner) === undefined)
      return {
        code: "correlation_rule_refused",
        message: `it refers to "${ref}", which was refused`,
        remedy: "correct that one first",
      };
    if (ids.includes(id))
      return {
        code: "correlation_rules_invalid",
        message: `"${ref}" is a rule that is listed already under another name`,
        remedy: "list it once",
      };
    ids.push(id);
    return undefined;
  }

  for (const correlation of correlations) link(correlation);
  return { ...standing(rules, [...linked.values()]), unlinked };
}

/** Ids and names of all; a name that several have means the one of the file that asks. */
function directoryOf(
  all: readonly (LoadedRule | LoadedCorrelation)[],
): (ref: string, file: string) => string[] {
  const ids = new Set(all.map(({ rule }) => rule.id));
  const names = new Map<string, { id: string; file: string }[]>();
  for (const { rule, file } of all) {
    if (rule.name === undefined) continue;
    const same = names.get(rule.name) ?? [];
    if (!same.some((one) => one.id === rule.id)) same.push({ id: rule.id, file });
    names.set(rule.name, same);
  }
  return (ref, file) => {
    if (ids.has(ref)) return [ref];
    const found = names.get(ref) ?? [];
    const near = found.filter((one) => one.file === file);
    return (near.length === 1 ? near : found).map((one) => one.id);
  };
}

/**
 * Says what still stands alone: whatever no correlation refers to, or one asks to generate, or states facts; that a
 * correlation counts it takes no fact away.
 */
function standing(
  rules: readonly LoadedRule[],
  correlations: readonly LoadedCorrelation[],
): { rules: LoadedRule[]; correlations: LoadedCorrelation[] } {
  const referred = new Set(correlations.flatMap((one) => one.rules));
  const generated = new Set(correlations.filter((one) => one.generate).flatMap((one) => one.rules));
  const part = ({ rule }: LoadedRule | LoadedCorrelation) =>
    referred.has(rule.id) && !generated.has(rule.id) && (rule.meaning?.facts.length ?? 0) === 0;
  return {
    rules: rules.map((one) => (part(one) ? { ...one, rule: { ...one.rule, role: "part" } } : one)),
    correlations: correlations.map((one) => (part(one) ? { ...one, alone: false } : one)),
  };
}
