import type {
  Expression,
  FacilityFilter,
  FactLeaf,
  LastingLeaf,
  SystemFilter,
} from "../../../rules/regimes/expression.ts";
import { SYSTEM_KINDS, type System } from "../../core/asset.ts";
import { type Instant, MICROSECONDS } from "../../core/clock.ts";
import type { FacilityTraits } from "../../core/facility.ts";
import { type Fact, PERSON_ONLY } from "../../core/fact.ts";

export type Truth = "true" | "false" | "unknown";

/** What bears a value: a fact, or the facility itself; `setting` tells, in French, the settings that took part. */
export interface Ground {
  fact: Fact | null;
  setting: string | null;
}

/** A value with what made it: its grounds, and the kinds of fact nobody has stated. */
export interface Evaluated {
  truth: Truth;
  grounds: Ground[];
  missing: Fact["kind"][];
}

export interface Situation {
  facts: readonly Fact[];
  systems: ReadonlyMap<string, System>;
  now: Instant;
  facility?: FacilityTraits | undefined;
}

/** Evaluates an expression of a law pack in Kleene's strong three-valued logic. */
export function evaluate(expression: Expression, situation: Situation): Evaluated {
  if ("any" in expression) return any(expression.any.map((each) => evaluate(each, situation)));
  if ("all" in expression) return all(expression.all.map((each) => evaluate(each, situation)));
  if ("not" in expression) return not(evaluate(expression.not, situation));
  if ("lasting" in expression) return lasting(expression, situation);
  if ("facility" in expression) return facilityIs(expression.facility, situation.facility);
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

const OPPOSITE = { true: "false", false: "true", unknown: "unknown" } as const;

function not(part: Evaluated): Evaluated {
  return { ...part, truth: OPPOSITE[part.truth] };
}

/** A fact that the law alone makes count needs no setting, though one would make it count too. */
function merge(truth: Truth, parts: Evaluated[]): Evaluated {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) return { ...only, truth };
  const grounds: Ground[] = [];
  for (const ground of parts.flatMap((part) => part.grounds)) {
    const same = grounds.findIndex(({ fact }) => fact !== null && fact === ground.fact);
    if (same < 0) grounds.push(ground);
    else if (ground.setting === null) grounds[same] = ground;
  }
  return { truth, grounds, missing: [...new Set(parts.flatMap((part) => part.missing))] };
}

function stated({ fact, system, presumed }: FactLeaf, situation: Situation): Evaluated {
  const statements = situation.facts.filter(
    (each) =>
      each.kind === fact &&
      each.withdrawn === null &&
      (each.origin.by === "person" || !PERSON_ONLY.has(each.kind)),
  );
  const setting = system === undefined ? null : describeFilter(system);
  const on = (facts: readonly Fact[], setting: string | null) =>
    facts.map((each) => ({ fact: each, setting }));
  // An ended state keeps its criterion: only a withdrawal removes it.
  const positive = statements.filter((each) => each.holds && concerns(each, system, situation.systems));
  if (positive.length > 0) return { truth: "true", grounds: on(positive, setting), missing: [] };
  const negative = statements.filter((each) => !each.holds);
  if (negative.length > 0) return { truth: "false", grounds: on(negative, null), missing: [] };
  return unsaid(presumed, [fact]);
}

function unsaid(presumed: "not" | undefined, missing: Fact["kind"][]): Evaluated {
  return presumed === "not"
    ? { truth: "false", grounds: [], missing: [] }
    : { truth: "unknown", grounds: [], missing };
}

const DELAYS = {
  degraded_after: { of: "degraded_after_minutes", words: "mode dégradé attendu après" },
  restore_within: { of: "restore_within_minutes", words: "rétablissement promis en" },
} as const;

/** An outage counts once it has outlived a delay of its system: before care goes to paper, or promised for repair. */
function lasting(
  { lasting: delay, system, presumed }: LastingLeaf,
  { facts, systems, now }: Situation,
): Evaluated {
  const { of, words } = DELAYS[delay];
  const grounds = facts.flatMap((fact): Ground[] => {
    if (fact.kind !== "system_unavailable" || !fact.holds || fact.withdrawn !== null) return [];
    const concerned = fact.system === null ? undefined : systems.get(fact.system);
    if (concerned === undefined || concerned[of] === 0 || !concerns(fact, system, systems)) return [];
    if ((fact.until ?? now) - fact.since < concerned[of] * MICROSECONDS.minute) return [];
    const setting = [
      `${words} ${concerned[of]} min`,
      ...(system === undefined ? [] : [describeFilter(system)]),
    ];
    return [{ fact, setting: setting.join(", ") }];
  });
  if (grounds.length > 0) return { truth: "true", grounds, missing: [] };
  return unsaid(presumed, []);
}

/** Attributes in the words of the page. */
const ATTRIBUTES = {
  care_critical: "système dit critique pour les soins",
  health_data: "système dit contenir des données de santé",
  shared: "système dit partagé avec d'autres",
  trusted_by_others: "système dit de confiance pour d'autres établissements",
} as const;

/** Of packs, which are few and stay: each filter is put into words once. */
const WORDS = new WeakMap<SystemFilter, string>();

function describeFilter(filter: SystemFilter): string {
  const known = WORDS.get(filter);
  if (known !== undefined) return known;
  const words = wordsOf(filter);
  WORDS.set(filter, words);
  return words;
}

function wordsOf({ kind, ...attributes }: SystemFilter): string {
  const kinds =
    kind === undefined ? [] : [kind].flat().map((each) => `système rangé sous « ${SYSTEM_KINDS[each]} »`);
  const named = Object.entries(attributes).map(([name, wanted]) => {
    const words = ATTRIBUTES[name as keyof typeof ATTRIBUTES];
    return wanted ? words : `non : ${words}`;
  });
  return [...kinds, ...named].join(", ");
}

function concerns(
  fact: Fact,
  filter: SystemFilter | undefined,
  systems: ReadonlyMap<string, System>,
): boolean {
  if (filter === undefined) return true;
  const system = fact.system === null ? undefined : systems.get(fact.system);
  if (system === undefined) return false;
  return Object.entries(filter).every(([attribute, wanted]) => {
    const value = system[attribute as keyof System];
    return Array.isArray(wanted) ? wanted.includes(value as never) : value === wanted;
  });
}

/** What the facility is is a setting, so it is always known; one that was never described is of no kind. */
function facilityIs(filter: FacilityFilter, facility: FacilityTraits | undefined): Evaluated {
  const { kind, designated, cyber_insurance: insured } = filter;
  const holds =
    kind !== undefined
      ? kind.some((each) => each === facility?.kind)
      : designated !== undefined
        ? (facility?.designations ?? []).includes(designated)
        : (facility?.cyber_insurance ?? false) === insured;
  const setting =
    kind !== undefined
      ? "type de structure"
      : designated !== undefined
        ? `désignation ${designated.toUpperCase()}`
        : "contrat d'assurance";
  return { truth: holds ? "true" : "false", grounds: [{ fact: null, setting }], missing: [] };
}
