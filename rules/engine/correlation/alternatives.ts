import type { Condition } from "../rule.ts";
import type { Alternative } from "./correlation.ts";

/** Alternatives that one condition may come to. */
const MOST = 64;

/**
 * Writes a condition on rules as alternatives (disjunctive normal form); undefined when they are too many.
 *
 * An alternative that asks for a rule and for its absence can never hold and is left out.
 */
export function alternativesOf(condition: Condition, rules: readonly string[]): Alternative[] | undefined {
  const found = expand(condition, false, rules);
  if (found === undefined) return undefined;
  return found
    .filter((one) => !one.with.some((rule) => one.without.includes(rule)))
    .map((one) => ({ with: unique(one.with), without: unique(one.without) }));
}

const unique = (rules: number[]) => [...new Set(rules)].sort((a, b) => a - b);

function expand(condition: Condition, negated: boolean, rules: readonly string[]): Alternative[] | undefined {
  switch (condition.kind) {
    case "selection": {
      const rule = rules.indexOf(condition.name);
      return [negated ? { with: [], without: [rule] } : { with: [rule], without: [] }];
    }
    case "not":
      return expand(condition.of, !negated, rules);
    case "and":
    case "or": {
      const parts = condition.of.map((one) => expand(one, negated, rules));
      return (condition.kind === "and") !== negated ? every(parts) : some(parts);
    }
    case "some": {
      // At least k hold: every choice of k. Not so: of every choice of k, one does not hold.
      const sets = choices(condition.names, condition.least);
      if (sets === undefined) return undefined;
      const parts = sets.map((names) => {
        const each = names.map((name) => expand({ kind: "selection", name }, negated, rules));
        return negated ? some(each) : every(each);
      });
      return negated ? every(parts) : some(parts);
    }
  }
}

function some(parts: (Alternative[] | undefined)[]): Alternative[] | undefined {
  const found: Alternative[] = [];
  for (const part of parts) {
    if (part === undefined) return undefined;
    found.push(...part);
  }
  return found.length > MOST ? undefined : found;
}

function every(parts: (Alternative[] | undefined)[]): Alternative[] | undefined {
  let found: Alternative[] = [{ with: [], without: [] }];
  for (const part of parts) {
    if (part === undefined || part.length * found.length > MOST) return undefined;
    found = found.flatMap((one) =>
      part.map((other) => ({
        with: [...one.with, ...other.with],
        without: [...one.without, ...other.without],
      })),
    );
  }
  return found;
}

/** Every way to choose so many names; undefined when they are too many. */
function choices(names: readonly string[], least: number): string[][] | undefined {
  let found: string[][] = [[]];
  for (const [at, name] of names.entries()) {
    const left = names.length - at;
    found = found.flatMap((chosen) => {
      const more = chosen.length < least ? [[...chosen, name]] : [];
      // Left out only while enough names remain.
      return chosen.length + left - 1 >= least ? [...more, chosen] : more;
    });
    if (found.length > MOST) return undefined;
  }
  return found.filter((chosen) => chosen.length === least);
}
