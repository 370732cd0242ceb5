import type { Regime } from "../../../rules/regimes/regime.ts";
import type { Instant } from "../../core/clock.ts";
import type { FormField, Provenance } from "../../core/declaration.ts";
import { FACTS, type Fact, JUDGEMENTS } from "../../core/fact.ts";
import type { Account } from "../../core/person.ts";
import { formatInstant } from "../french.ts";
import type { Setup, Work } from "../work.ts";

/** A value that a machine found, with where it comes from. */
export interface Filled {
  value: string;
  provenance: Provenance;
}
/** What a field is filled for: the law pack, and what people wrote in other fields. */
export interface Filling {
  regime: Regime;
  byPerson: ByPerson;
}
/** Fills one field from what is known; undefined when nothing is. */
export type Filler = (work: Work, setup: Setup, filling: Filling) => Filled | undefined;

/** Values that people gave, by field: they stand whatever the machine finds later. */
export type ByPerson = ReadonlyMap<string, Pick<FormField, "value" | "unknown" | "provenance">>;

/** A value of the configuration. */
export const setting =
  (because: string, value: (setup: Setup) => string | undefined): Filler =>
  (_, setup) => {
    const text = value(setup);
    return text ? { value: text, provenance: { by: "setting", because } } : undefined;
  };

/** A value of the account of who declares. */
export function declarant(value: (account: Account) => string): Filler {
  return ({ declarant: account }) => {
    const text = account === undefined ? "" : value(account);
    return text === ""
      ? undefined
      : { value: text, provenance: { by: "setting", because: "compte de la personne qui déclare" } };
  };
}

/** A value that facts tell: people's own where only people said them. */
export function fromFacts(facts: readonly Fact[], value: string, because: string): Filled | undefined {
  const [first] = facts;
  if (first === undefined) return undefined;
  // What only people said comes from them, never from a machine.
  if (facts.every((fact) => fact.origin.by === "person") && first.origin.by === "person") {
    return { value, provenance: { by: "person", name: first.origin.source, at: first.stated } };
  }
  return {
    value,
    provenance: { by: "machine", because, evidence: facts.flatMap((fact) => fact.evidence).slice(0, 10) },
  };
}

/** Lines of one field: a person reads them at night. */
const LINES = 40;

/** As many lines as a field takes, and how many more there are. */
export function bounded(lines: readonly string[]): string {
  if (lines.length <= LINES) return lines.join("\n");
  return [...lines.slice(0, LINES), `et ${lines.length - LINES} autres faits`].join("\n");
}

/** What is said of what happened and stands, oldest first. */
export function standing(work: Work): Fact[] {
  return work.facts
    .filter((fact) => fact.withdrawn === null && fact.holds && !JUDGEMENTS.has(fact.kind))
    .sort((a, b) => a.since - b.since);
}

/** Those of some kinds. */
export function held(work: Work, kinds: readonly Fact["kind"][]): Fact[] {
  return standing(work).filter((fact) => kinds.includes(fact.kind));
}

/** What was said of a state: yes since when, or no. */
export function saidYesOrNo(work: Work, kind: Fact["kind"], setup: Setup): Filled | undefined {
  const facts = work.facts.filter((fact) => fact.kind === kind && fact.withdrawn === null);
  const yes = facts.find((fact) => fact.holds);
  const value = yes === undefined ? "non" : `oui, depuis ${at(yes.since, setup)}`;
  const last = yes ?? facts.at(-1);
  if (last?.origin.by === "person")
    return { value, provenance: { by: "person", name: last.origin.source, at: last.stated } };
  return fromFacts(facts, value, FACTS[kind].label);
}

/** An instant in the facility's zone. */
export function at(instant: Instant, setup: Setup): string {
  return formatInstant(instant, setup.facility.time_zone);
}
