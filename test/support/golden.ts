import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CORE_SCHEMA, load } from "js-yaml";
import { z } from "zod";
import { System } from "../../agent/core/asset.ts";
import { type Instant, MICROSECONDS } from "../../agent/core/clock.ts";
import { DESIGNATIONS } from "../../agent/core/facility.ts";
import { type Fact, FactKind } from "../../agent/core/fact.ts";
import { type Qualification, Verdict } from "../../agent/core/qualification.ts";
import { qualify } from "../../agent/stages/qualify.ts";
import { loadRegime, regimeNames } from "../../rules/regimes/load-regime.ts";
import type { Regime } from "../../rules/regimes/regime.ts";
import { aFact, anIncident, NIGHT, said } from "./incident.ts";

const FOLDER = join(import.meta.dirname, "../golden");

/** R met, Rp met (potential), Ra met (proven), N not met, ? unknown, – not evaluated. */
const Letter = z.enum(["R", "Rp", "Ra", "N", "?", "–"]);
const Values = z.record(z.string(), Letter);

const Case = z.strictObject({
  name: z.string(),
  why: z.string().min(20),
  /** The law pack that leads. */
  pack: z.string().default("sante-2022"),
  state: z.enum(["candidate", "open"]).default("open"),
  /** Minutes since the beginning at which it is judged. */
  at: z.number().default(5),
  facility: z
    .strictObject({ designations: z.array(z.enum(DESIGNATIONS)), cyber_insurance: z.boolean() })
    .partial()
    .default({}),
  /** `kind [system] [from..[until]]`, in minutes; `said` before what a person tells, `withdrawn` before what was not true. */
  facts: z.array(z.string()).default([]),
  /** Answers to the packs' own questions. */
  answers: z.record(z.string(), z.string()).default({}),
  expect: Values,
  verdict: Verdict,
  /** The same under other packs. */
  others: z.record(z.string(), z.strictObject({ verdict: Verdict, expect: Values.default({}) })).default({}),
});
export type GoldenCase = z.infer<typeof Case>;

const Scenario = z.strictObject({
  title: z.string(),
  begins: z.iso.datetime({ offset: true }),
  rows: z.array(
    z.strictObject({
      time: z.iso.datetime({ offset: true }),
      event: z.string(),
      state: z.enum(["candidate", "open"]).default("open"),
      /** Facts added at this row; their minutes count from the beginning, and it is the row's own without them. */
      facts: z.array(z.string()).default([]),
      answers: z.record(z.string(), z.string()).default({}),
      /** States that end here. */
      ends: z.array(z.string()).default([]),
      /** C1 C2 C3 C4 C5 D6. */
      values: z.string(),
      verdict: Verdict.optional(),
    }),
  ),
});
export type GoldenScenario = z.infer<typeof Scenario>;

const read = (name: string): unknown =>
  load(readFileSync(join(FOLDER, name), "utf8"), { schema: CORE_SCHEMA });
export const readCases = (name: string): GoldenCase[] => z.array(Case).parse(read(name));
export const readScenarios = (): GoldenScenario[] => z.array(Scenario).parse(read("scenarios.yml"));

/** The facility of every golden case. */
export const GOLDEN_SYSTEMS: ReadonlyMap<string, System> = new Map(
  z
    .array(System)
    .parse(read("systems.yml"))
    .map((system) => [system.id, system]),
);

export const PACKS: ReadonlyMap<string, Regime> = new Map(regimeNames().map((id) => [id, loadRegime(id)]));

/** Reads `kind [system] [from..[until]]`; throws on what is no fact or no system of the golden facility. */
export function factOf(written: string, begins: Instant = NIGHT, now: Instant = begins): Fact {
  const words = written.split(" ");
  const flags = new Set<string>();
  while (["said", "withdrawn"].includes(words[0] ?? "")) flags.add(words.shift() ?? "");
  const kind = FactKind.parse(words.shift());
  const [times] = words[0]?.includes("..") ? [words.shift()] : words[1]?.includes("..") ? [words[1]] : [];
  const [system] = words.filter((word) => !word.includes(".."));
  if (system !== undefined && !GOLDEN_SYSTEMS.has(system))
    throw new Error(`no system ${system} in "${written}"`);
  const [from, until] = (times ?? "").split("..");
  const minutes = (text: string) => begins + Number(text) * MICROSECONDS.minute;
  const rest: Partial<Fact> = {
    system: system ?? null,
    since: from ? minutes(from) : now,
    stated: now,
    until: until ? minutes(until) : null,
    withdrawn: flags.has("withdrawn") ? { at: now, writer: "astreinte", reason: "fausse alerte" } : null,
  };
  return flags.has("said") ? said(kind, true, rest) : aFact(kind, rest);
}

/** The facts that answers to the questions of packs state. */
export function answered(answers: Readonly<Record<string, string>>, now: Instant = NIGHT): Fact[] {
  return Object.entries(answers).flatMap(([id, answer]) => {
    const question = [...PACKS.values()].flatMap((pack) => pack.questions).find((each) => each.id === id);
    const given = question?.answers.find((each) => each.id === answer);
    if (given === undefined) throw new Error(`no answer ${answer} to a question ${id}`);
    const origin = { by: "person", source: "cadre de santé", writer: "astreinte", question: id } as const;
    return given.states.map(({ fact, holds }) => said(fact, holds, { since: now, stated: now, origin }));
  });
}

/** Each criterion's value as the tables write it. */
export function lettersOf({ criteria }: Qualification): Record<string, string> {
  return Object.fromEntries(
    criteria.map(({ id, value, degree }) => [
      id,
      value === "met"
        ? `R${degree === "potential" ? "p" : degree === "proven" ? "a" : ""}`
        : { not_met: "N", unknown: "?", not_evaluated: "–" }[value],
    ]),
  );
}

/** Judges a golden case under one pack. */
export function judgeCase(given: GoldenCase, pack: string, facts?: readonly Fact[]): Qualification {
  const regime = PACKS.get(pack);
  if (regime === undefined) throw new Error(`no pack ${pack}`);
  return qualify(anIncident({ state: given.state }), regime, {
    facts: facts ?? factsOf(given),
    systems: GOLDEN_SYSTEMS,
    now: NIGHT + given.at * MICROSECONDS.minute,
    facility: { kind: "etablissement_de_sante", ...given.facility },
  });
}

export function factsOf(given: GoldenCase): Fact[] {
  return [...given.facts.map((each) => factOf(each)), ...answered(given.answers)];
}
