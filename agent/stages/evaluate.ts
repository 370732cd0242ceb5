import type { Expression, SystemFilter } from "../../rules/regimes/regime.ts";
import type { System } from "../core/asset.ts";
import { type Instant, MICROSECONDS } from "../core/clock.ts";
import type { Fact } from "../core/fact.ts";

export type Truth = "true" | "false" | "unknown";

/** A value with what made it: the facts that bear it, the kinds of fact nobody has stated. */
export interface Evaluated {
  truth: Truth;
  facts: Fact[];
  missing: Fact["kind"][];
  /** True when one of our settings (an attribute, a delay) took part. */
  bySetting: boolean;
}

export interface Situation {
  facts: readonly Fact[];
  systems: ReadonlyMap<string, System>;
  now: Instant;
}

/** Evaluates an expression of a law pack in Kleene's strong three-valued logic. */
export function evaluate(expression: Expression, situation: Situation): Evaluated {
  if ("any" in expression) return any(expression.any.map((each) => evaluate(each, situation)));
  if ("all" in expression) return all(expression.all.map((each) => evaluate(each, situation)));
  if ("lasting" in expression) return lasting(expression, situation);
  return stated(expression, situation);
}

function any(parts: Evaluated[]): Evaluated {
  const held = parts.filter((part) => part.truth === "true");
  if (held.length > 0) return merge("true", held);
  const open = parts.filter((part) => part.truth === "unknown");
  return open.length > 0 ? merge("unknown", open) : merge("false", parts);
}

function all(parts: Evaluated[]): Evaluated {
  const failed = parts.filter((part) => part.truth === "false");
  if (failed.length > 0) return merge("false", failed);
  const open = parts.filter((part) => part.truth === "unknown");
  return open.length > 0 ? merge("unknown", open) : merge("true", parts);
}

function merge(truth: Truth, parts: Evaluated[]): Evaluated {
  return {
    truth,
    facts: [...new Set(parts.flatMap((part) => part.facts))],
    missing: [...new Set(parts.flatMap((part) => part.missing))],
    bySetting: parts.some((part) => part.bySetting),
  };
}

type Statement = Extract<Expression, { fact: unknown }>;

function stated({ fact, system, presumed }: Statement, situation: Situation): Evaluated {
  const statements = situation.facts.filter((each) => each.kind === fact && each.withdrawn === null);
  const bySetting = system !== undefined;
  // An ended state keeps its criterion: only a withdrawal removes it.
  const positive = statements.filter((each) => each.holds && concerns(each, system, situation.systems));
  if (positive.length > 0) return { truth: "true", facts: positive, missing: [], bySetting };
  const negative = statements.filter((each) => !each.holds);
  if (negative.length > 0) return { truth: "false", facts: negative, missing: [], bySetting };
  return presumed === "not"
    ? { truth: "false", facts: [], missing: [], bySetting }
    : { truth: "unknown", facts: [], missing: [fact], bySetting };
}

type Lasting = Extract<Expression, { lasting: unknown }>;

/** An outage counts once it has outlived the delay after which its system goes to paper. */
function lasting({ system, presumed }: Lasting, { facts, systems, now }: Situation): Evaluated {
  const outlived = facts.filter((fact) => {
    if (fact.kind !== "system_unavailable" || !fact.holds || fact.withdrawn !== null) return false;
    const concerned = fact.system === null ? undefined : systems.get(fact.system);
    if (concerned === undefined || concerned.degraded_after_minutes === 0) return false;
    const delay = concerned.degraded_after_minutes * MICROSECONDS.minute;
    return concerns(fact, system, systems) && (fact.until ?? now) - fact.since >= delay;
  });
  if (outlived.length > 0) return { truth: "true", facts: outlived, missing: [], bySetting: true };
  return { truth: presumed === "not" ? "false" : "unknown", facts: [], missing: [], bySetting: true };
}

function concerns(
  fact: Fact,
  filter: SystemFilter | undefined,
  systems: ReadonlyMap<string, System>,
): boolean {
  if (filter === undefined) return true;
  const system = fact.system === null ? undefined : systems.get(fact.system);
  if (system === undefined) return false;
  return Object.entries(filter).every(([attribute, wanted]) => system[attribute as keyof System] === wanted);
}
