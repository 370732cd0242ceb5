import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { loadRegimes } from "../../../rules/regimes/load-regime.ts";
import { messageOf, type Problem } from "../../core/errors.ts";
import { type ReadScenario, readScenario } from "../../stages/exercise/scenario.ts";

/** The scenarios that come with the program. */
export const SHIPPED_SCENARIOS = join(import.meta.dirname, "../../../config/exercises");

type Found = { scenario: ReadScenario; problems?: undefined } | { problems: Problem[]; scenario?: undefined };

/** The names of the scenarios that come with the program. */
export function scenarioNames(): string[] {
  return readdirSync(SHIPPED_SCENARIOS)
    .filter((name) => name.endsWith(".yml"))
    .map((name) => name.slice(0, -4))
    .sort();
}

/** Reads a scenario by the name of one that comes with the program, or from a file. */
export function findScenario(named: string): Found {
  const shipped = scenarioNames().includes(named);
  const file = shipped ? join(SHIPPED_SCENARIOS, `${named}.yml`) : named;
  if (!shipped && !existsSync(file))
    return {
      problems: [
        {
          code: "scenario_unknown",
          where: named,
          message: "no such file, and no scenario of this name",
          remedy: `one of: ${scenarioNames().join(", ")}; or the path of a YAML file`,
        },
      ],
    };
  try {
    return readScenario(readFileSync(file, "utf8"), file);
  } catch (error) {
    return { problems: [{ code: "scenario_unreadable", where: file, message: messageOf(error) }] };
  }
}

/** What a scenario expects that no law pack in force knows: criteria and questions, in French. */
export function unknownTo(regimes: readonly string[], { expectations }: ReadScenario): string[] {
  const packs = loadRegimes(regimes);
  const criteria = new Set(packs.flatMap((pack) => pack.criteria.map(({ id }) => id)));
  const questions = new Set(packs.flatMap((pack) => pack.questions.map(({ id }) => id)));
  return expectations.flatMap((each) => {
    if ("met" in each && !criteria.has(each.met))
      return [`aucun texte de loi en vigueur n’a de critère ${each.met}`];
    if ("answered" in each && !questions.has(each.answered))
      return [`aucun texte de loi en vigueur ne pose la question ${each.answered}`];
    return [];
  });
}
